// One call for what the inline check of one place in a loop misses in a line of 64 bytes.
#ifndef GODWIT_INSTRUMENT_COMBINING_H
#define GODWIT_INSTRUMENT_COMBINING_H
#include <vector>

#include "access.h"

namespace llvm {
class Function;
class Instruction;
}  // namespace llvm

namespace godwit {

class Abi;

// Gives registers to accesses whose address moves slowly.  To be called when every call that ends a region is in place,
// and before checks are.
void collect_in_lines(llvm::Function &function, Abi &abi, std::vector<Access> &accesses);
// What stands on the cold side of such an access's inline check.
void collect(Abi &abi, const Access &access, llvm::Instruction *before);

}  // namespace godwit
#endif
