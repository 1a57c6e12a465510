// Thread-local variables of code that may continue on another thread after a call.
#ifndef GODWIT_INSTRUMENT_TLS_H
#define GODWIT_INSTRUMENT_TLS_H

namespace llvm {
class CallInst;
class GlobalVariable;
class IRBuilderBase;
class Instruction;
class Module;
class Value;
}  // namespace llvm

namespace godwit {

constexpr unsigned kThreadSegment = 257;  // LLVM's address space for %fs

// Makes every thread-local address be computed anew after each call that might switch threads.
void make_thread_locals_opaque(llvm::Module &module, bool may_be_shared_library);
// The distance of `variable` from %fs:0, which is the same in all threads (initial-exec model).
llvm::CallInst *thread_offset(llvm::IRBuilderBase &builder, llvm::GlobalVariable &variable);
// Computes an address that is another one in another thread.
bool is_thread_address(const llvm::Instruction &instruction);
// True when `pointer` leads to a thread-local variable that nothing but this thread's own code can name.
bool is_private_thread_local(const llvm::Value *pointer);

}  // namespace godwit
#endif
