// Source lines for accesses that lost theirs.
#ifndef GODWIT_INSTRUMENT_LINES_H
#define GODWIT_INSTRUMENT_LINES_H
#include <map>
#include <tuple>

#include "access.h"

namespace llvm {
class DISubprogram;
class Module;
}  // namespace llvm

namespace godwit {

// Learns at the pipeline's start where each variable of the module is accessed.
class Lines {
 public:
  void learn(llvm::Module &module);
  // Gives each access without a line that of an access which it may be made of.
  void settle(llvm::Function &function, Work &work) const;

 private:
  // By function as written, variable, offset in it, and whether it is a write.
  using Key = std::tuple<const llvm::DISubprogram *, const llvm::GlobalVariable *, int64_t, bool>;

  const llvm::DILocation *remembered(const Access &access, const llvm::Function &function) const;

  std::map<Key, const llvm::DILocation *> lines_;
};

}  // namespace godwit
#endif
