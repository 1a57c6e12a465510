// Inline assembler that locks the bus: the atomics of programs that are older than C11.
#ifndef GODWIT_INSTRUMENT_ASSEMBLER_H
#define GODWIT_INSTRUMENT_ASSEMBLER_H
#include "llvm/IR/InstrTypes.h"

namespace godwit {

class Abi;

// Is it an atomic read-modify-write of one place in memory, or a full fence?
bool is_locked_assembler(const llvm::CallBase &call);
// The place that such code changes; NULL for a mere fence, and for all else.
llvm::Value *place_of_assembler(const llvm::CallBase &call);
// Of such: the detector holds what belongs to the place while the code runs.
void bracket_assembler(llvm::CallBase *call, Abi &abi);

}  // namespace godwit
#endif
