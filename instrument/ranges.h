// One check of a range before a loop in place of checks in the loop.
#ifndef GODWIT_INSTRUMENT_RANGES_H
#define GODWIT_INSTRUMENT_RANGES_H
#include <vector>

#include "access.h"

namespace godwit {

class LoopFacts;
class Names;

// Takes the accesses of loops that a range check can stand for out of `accesses` and adds the range checks.  To be
// called when every call that ends a region is in place and before checks are.
void hoist_ranges(LoopFacts &facts, const Names &names, std::vector<Access> &accesses);

}  // namespace godwit
#endif
