// Atomic operations become calls of the detector, which performs them.
#ifndef GODWIT_INSTRUMENT_ATOMICS_H
#define GODWIT_INSTRUMENT_ATOMICS_H
#include "access.h"

namespace godwit {

class Abi;

// Replaces an atomic load, store, read-modify-write, compare-exchange or fence; brackets assembler that is one.
void replace_atomic(llvm::Instruction *instruction, Abi &abi);
// Replaces a call of the compiler's support library (__atomic_load_8 and its like; operations wider than the target has
// instructions for).  False when it isn't one that the detector has.  The expected value of a compare-exchange lies in
// memory: its accesses are added to `work`.
bool replace_atomic_libcall(llvm::CallBase *call, Abi &abi, Sharing &sharing, Work &work);

}  // namespace godwit
#endif
