// Loads that only count on some paths.
#ifndef GODWIT_INSTRUMENT_GUARD_H
#define GODWIT_INSTRUMENT_GUARD_H
#include "access.h"

namespace llvm {
class LoadInst;
}

namespace godwit {

// True when all that is done with the loaded value is to choose it or drop it.
bool is_guarded(const llvm::LoadInst &load);
// Adds the accesses of a guarded load: where, and only where, its value is chosen.
void expand_guarded(llvm::LoadInst *load, Work &work);
// Switches off what makes accesses that can't be told from those of the source.
void forbid_inventions();

}  // namespace godwit
#endif
