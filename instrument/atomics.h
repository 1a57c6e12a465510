// Atomic operations become calls of the detector, which performs them.
#ifndef GODWIT_INSTRUMENT_ATOMICS_H
#define GODWIT_INSTRUMENT_ATOMICS_H
#include <vector>

namespace llvm {
class CallBase;
class Instruction;
}  // namespace llvm

namespace godwit {

class Abi;

// Replaces an atomic load, store, read-modify-write, compare-exchange or fence.
void replace_atomic(llvm::Instruction *instruction, Abi &abi);
// Replaces a call of the compiler's support library (__atomic_load_8 and its like; operations wider than the target has
// instructions for).  False when it isn't one that the detector has.
bool replace_atomic_libcall(llvm::CallBase *call, Abi &abi);

}  // namespace godwit
#endif
