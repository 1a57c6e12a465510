// Ignore lists in LLVM's format (clang's -fsanitize-ignorelist): functions and files whose plain accesses aren't
// checked.
#ifndef GODWIT_INSTRUMENT_IGNORE_H
#define GODWIT_INSTRUMENT_IGNORE_H

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace godwit {

// At the pipeline's start: marks what the lists of -godwit-ignorelist name, by `fun:`, `src:` or `mainfile:`, in
// sections [thread] or [race], or in none.
void mark_ignored(llvm::Module &module);
bool is_ignored(const llvm::Function &function);

}  // namespace godwit
#endif
