// Which checks of a function are worth their code inline.
//
// An inline check is two basic blocks and some 60 bytes of code; a call that makes the same check is 12 bytes, and 3 ns
// instead of 1.  With all of zstd's 18,600 checks inline, compiling takes twice as long and the code is 3.7 times as
// large; with all of them called, 1.05 and 1.5 times (measured).  What runs often is a small part of it: a small
// function has all its checks inline, as it may be called in a loop; of a larger one those that LLVM expects to run
// most often, and more often than the function itself.
#include "budget.h"

#include "llvm/Analysis/BlockFrequencyInfo.h"
#include "llvm/Analysis/BranchProbabilityInfo.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instruction.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr size_t kSmall = 12;  // checks of a function that has all of them inline
constexpr size_t kMost = 16;   // of a larger one; both chosen for zstd's time to compile

}  // namespace

Budget::Budget(Function &f, const DominatorTree &dominators, ArrayRef<const Access *> accesses)
    : all_(accesses.size() <= kSmall) {
  if (all_) return;
  LoopInfo loops(dominators);
  BranchProbabilityInfo branches(f, loops);
  BlockFrequencyInfo frequencies(f, branches, loops);
  struct Frequent {
    uint64_t frequency;
    size_t index;
  };
  std::vector<Frequent> often;
  for (size_t i = 0; i < accesses.size(); i++) {
    BlockFrequency frequency = frequencies.getBlockFreq(accesses[i]->at->getParent());
    if (frequency > frequencies.getEntryFreq()) often.push_back({frequency.getFrequency(), i});
  }
  llvm::sort(often, [](const Frequent &a, const Frequent &b) {
    return std::make_pair(b.frequency, a.index) < std::make_pair(a.frequency, b.index);
  });
  for (size_t i = 0; i < often.size() && i < kMost; i++) inline_.insert(accesses[often[i].index]);
}

}  // namespace godwit
