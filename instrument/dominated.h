// Accesses that an earlier one stands for on every way to them.
#ifndef GODWIT_INSTRUMENT_DOMINATED_H
#define GODWIT_INSTRUMENT_DOMINATED_H
#include "access.h"

namespace godwit {

// Takes the accesses out of the list whose bytes have been checked already in the same region, whichever way led there.
void drop_dominated(llvm::Function &function, std::vector<Access> &accesses);

}  // namespace godwit
#endif
