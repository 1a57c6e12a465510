// Places the inline checks of plain accesses.
#ifndef GODWIT_INSTRUMENT_CHECK_H
#define GODWIT_INSTRUMENT_CHECK_H
#include "access.h"

namespace godwit {

class Abi;

// Puts a check before each access.  Calls that end a region must be in place already: nothing may be put between.
void place_checks(llvm::Function &function, Abi &abi, const std::vector<Access> &accesses);

}  // namespace godwit
#endif
