// Checks that stand for several accesses side by side.
#ifndef GODWIT_INSTRUMENT_NEIGHBOURS_H
#define GODWIT_INSTRUMENT_NEIGHBOURS_H
#include <vector>

#include "access.h"

namespace llvm {
class Function;
}

namespace godwit {

class Names;

// Joins accesses of one line of the source that adjoin, where one check can see all of their cells.
void join_neighbours(llvm::Function &function, const Names &names, std::vector<Access> &accesses);

}  // namespace godwit
#endif
