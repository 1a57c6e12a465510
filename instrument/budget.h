// Which checks of a function are worth their code inline.
#ifndef GODWIT_INSTRUMENT_BUDGET_H
#define GODWIT_INSTRUMENT_BUDGET_H
#include "access.h"
#include "llvm/ADT/DenseSet.h"

namespace llvm {
class DominatorTree;
}  // namespace llvm

namespace godwit {

class Budget {
 public:
  // For all accesses of the function that an inline check could be made for, before the first one splits a block.
  Budget(llvm::Function &function, const llvm::DominatorTree &dominators, llvm::ArrayRef<const Access *> accesses);
  // For one of those.
  bool affords_inline(const Access &access) const { return inline_.contains(&access); }

 private:
  llvm::DenseSet<const Access *> inline_;
};

}  // namespace godwit
#endif
