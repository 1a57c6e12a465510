// A warning for what recomputing addresses can't mend: a program that keeps one itself.
#ifndef GODWIT_INSTRUMENT_STALE_H
#define GODWIT_INSTRUMENT_STALE_H

namespace llvm {
class Module;
}  // namespace llvm

namespace godwit {

// Warns where the address of a thread-local variable, or of errno, is used after a call that may block, by which the
// goroutine may have gone on on another thread.  Sees one function at a time.  Before thread-locals are made opaque.
void warn_of_stale_addresses(llvm::Module &module);

}  // namespace godwit
#endif
