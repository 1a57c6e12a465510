// One check of a run of accesses that follow one another, after they were made, in place of one check for each.
#ifndef GODWIT_INSTRUMENT_RUNS_H
#define GODWIT_INSTRUMENT_RUNS_H
#include <vector>

#include "access.h"

namespace godwit {

class Abi;
class LoopFacts;
class Names;

// Takes accesses of loops that mostly adjoin the one before out of `accesses` and places the checks of their runs.  To
// be called when every call that ends a region is in place, and before checks are; `facts` don't hold any more then.
void check_in_runs(LoopFacts &facts, Abi &abi, const Names &names, std::vector<Access> &accesses);

}  // namespace godwit
#endif
