// What an instrumented object carries beside its code.
#ifndef GODWIT_INSTRUMENT_MODULE_H
#define GODWIT_INSTRUMENT_MODULE_H

namespace llvm {
class Module;
}

namespace godwit {

class Abi;

// References to the runtime that fail in the linker, or at start-up with one clear line, when it isn't there or is
// another version; and the path of the symboliser.
void mark_module(Abi &abi);
// Built without -race: only where bin/godwit is.
void mark_plain_module(llvm::Module &m);

}  // namespace godwit
#endif
