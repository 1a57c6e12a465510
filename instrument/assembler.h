// Inline assembler that locks the bus: the atomics of programs that are older than C11.
#ifndef GODWIT_INSTRUMENT_ASSEMBLER_H
#define GODWIT_INSTRUMENT_ASSEMBLER_H
#include "llvm/IR/Function.h"
#include "llvm/IR/InstrTypes.h"

namespace godwit {

class Abi;

// Is it an atomic read-modify-write of one place in memory, or a full fence?
bool is_locked_assembler(const llvm::CallBase &call);
// The place that such code changes; NULL for a mere fence, and for all else.
llvm::Value *place_of_assembler(const llvm::CallBase &call);
// Of such: the detector holds what belongs to the place while the code runs.
void bracket_assembler(llvm::CallBase *call, Abi &abi);

// Inline assembler that is one move from memory or to it, and a barrier for the compiler, is left to the detector.
// Before anything else is found: what is loaded may be the address of an access.
void replace_moves(llvm::Function &f, Abi &abi);

}  // namespace godwit
#endif
