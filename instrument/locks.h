// Locks of libc in code that is built without -race.
#ifndef GODWIT_INSTRUMENT_LOCKS_H
#define GODWIT_INSTRUMENT_LOCKS_H

namespace llvm {
class Module;
}

namespace godwit {

class Abi;

// Counts them where they are taken and given up: who holds one keeps its thread.
void count_locks(llvm::Module &module, Abi &abi);

}  // namespace godwit
#endif
