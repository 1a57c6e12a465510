// Counters that the optimiser has counted in several places.
#ifndef GODWIT_INSTRUMENT_STEPS_H
#define GODWIT_INSTRUMENT_STEPS_H
#include "access.h"

namespace godwit {

class LoopFacts;

// Gives each loop one addition for a variable that moves by the same constant on every way through it.  To be called
// before anything asks for the function's scalar evolution; changes no block; the accesses'
// addresses stay valid.
void merge_steps(LoopFacts &facts, std::vector<Access> &accesses);

}  // namespace godwit
#endif
