// The pipeline's start: what the optimiser may not assume.
#ifndef GODWIT_INSTRUMENT_PREPARE_H
#define GODWIT_INSTRUMENT_PREPARE_H

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace godwit {

// False for declarations, naked functions, those marked disable_sanitizer_instrumentation, and what runs before the
// process is relocated.
bool is_instrumented(const llvm::Function &function);

// No access may be invented: `return c ? g : 0` must not load g when c is false.
void forbid_speculation(llvm::Module &module);
// Variables of the module that are written stay whole and keep their name, and writes to them stay.
void keep_written_variables(llvm::Module &module);
// What libc says is constant, but belongs to the thread: a goroutine may be on another one after any call.
void forget_thread_constants(llvm::Module &module);

}  // namespace godwit
#endif
