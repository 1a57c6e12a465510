// Whether the compiler that loaded the plugin is the one that it was built for.
#ifndef GODWIT_INSTRUMENT_HOST_H
#define GODWIT_INSTRUMENT_HOST_H

namespace godwit {

// Ends the compilation with one line when another LLVM than ours is in the process.
void check_host();

}  // namespace godwit
#endif
