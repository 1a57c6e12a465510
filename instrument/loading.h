// Libraries that are loaded: see loading.cpp.
#ifndef GW_INSTRUMENT_LOADING_H
#define GW_INSTRUMENT_LOADING_H

namespace llvm {
class Module;
}

namespace godwit {

class Abi;

// When all else of the module is instrumented.
void order_loading(llvm::Module &module, Abi &abi);

}  // namespace godwit
#endif
