// Accesses that loops around other loops make again and again at one address.
#ifndef GODWIT_INSTRUMENT_INVARIANTS_H
#define GODWIT_INSTRUMENT_INVARIANTS_H
#include "access.h"

namespace godwit {

class LoopFacts;

// Moves the checks of such accesses before the loops.
void hoist_invariants(LoopFacts &facts, std::vector<Access> &accesses);

}  // namespace godwit
#endif
