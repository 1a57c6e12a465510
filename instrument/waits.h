// Loops that wait for others to leave a lock of inline assembler's.
#ifndef GODWIT_INSTRUMENT_WAITS_H
#define GODWIT_INSTRUMENT_WAITS_H
#include "access.h"

namespace llvm {
class CallInst;
}

namespace godwit {

class Abi;

// A volatile load of such a loop, between two calls of the detector.
struct Wait {
  llvm::LoadInst *load;
  llvm::CallInst *begin;  // directly before it
};

std::vector<Wait> bracket_waits(llvm::Function &function, Abi &abi);
// Checks of these loads go before the brackets.
void move_checks(llvm::ArrayRef<Wait> waits, std::vector<Access> &accesses);

}  // namespace godwit
#endif
