// Calls and addresses of intercepted functions.
#ifndef GODWIT_INSTRUMENT_RENAME_H
#define GODWIT_INSTRUMENT_RENAME_H

namespace llvm {
class Module;
}

namespace godwit {

// NAME becomes __gw_i_NAME for every NAME of intercept.inc that the module uses but doesn't define.
void rename_intercepted(llvm::Module &module);

}  // namespace godwit
#endif
