// Who called whom, for the detector.
#ifndef GODWIT_INSTRUMENT_CALLS_H
#define GODWIT_INSTRUMENT_CALLS_H
#include <vector>

namespace llvm {
class Function;
}

namespace godwit {

class Abi;

// Keeps __gw_tls.calls up around the calls of these functions.  To be called when they are instrumented, before names
// are changed.
void track_calls(const std::vector<llvm::Function *> &functions, Abi &abi);

}  // namespace godwit
#endif
