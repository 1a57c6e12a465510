// Receives into variables of the goroutine's own: see receives.cpp.
#ifndef GW_INSTRUMENT_RECEIVES_H
#define GW_INSTRUMENT_RECEIVES_H

namespace llvm {
class Function;
}

namespace godwit {

class Sharing;

// Before anything is instrumented: sharing's answers hold for the function as it was.
void quiet_receives(llvm::Function &function, Sharing &sharing);

}  // namespace godwit
#endif
