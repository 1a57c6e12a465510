// Memory intrinsics and masked accesses.
#ifndef GODWIT_INSTRUMENT_MEMORY_H
#define GODWIT_INSTRUMENT_MEMORY_H
#include "access.h"

namespace godwit {

class Abi;

// Turns memcpy, memmove and memset into plain accesses (short and of constant length) or calls of the detector.
void lower_memory(llvm::AnyMemIntrinsic *intrinsic, Abi &abi, Sharing &sharing, Work &work);
// Adds the accesses of exactly the active lanes.
void expand_masked(llvm::IntrinsicInst *intrinsic, Sharing &sharing, Work &work);

// Adds the accesses of the lanes of a whole vector load that `mask` chooses, before `at`.
void expand_lanes(llvm::LoadInst *load, llvm::Value *mask, llvm::Instruction *at, Work &work);

}  // namespace godwit
#endif
