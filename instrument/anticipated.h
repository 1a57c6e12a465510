// Reads that later writes stand for, turns of a loop or branches further on.
#ifndef GODWIT_INSTRUMENT_ANTICIPATED_H
#define GODWIT_INSTRUMENT_ANTICIPATED_H
#include "access.h"

namespace godwit {

// Takes the reads whose bytes are written, in the same region, on most ways from there out of the list; on the others
// their checks are made later.
void leave_to_writes(llvm::Function &function, std::vector<Access> &accesses);

}  // namespace godwit
#endif
