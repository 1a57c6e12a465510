// Reads that a later write of the same bytes stands for.
#ifndef GODWIT_INSTRUMENT_OVERWRITTEN_H
#define GODWIT_INSTRUMENT_OVERWRITTEN_H
#include "access.h"

namespace godwit {

// Takes the reads whose bytes the same basic block certainly writes, in the same region, out of the list.
void drop_overwritten(llvm::Function &function, std::vector<Access> &accesses);

}  // namespace godwit
#endif
