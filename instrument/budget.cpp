// Which checks of a function are worth their code inline.
//
// An inline check is two basic blocks and some 60 bytes of code; a call that makes the same check is 12 bytes, and 3 ns
// instead of 1.  With all of zstd's 18,600 checks inline, compiling takes twice as long and the code is 3.7 times as
// large; with all of them called, 1.05 and 1.5 times (measured).  What runs often is a small part of it: a small
// function has its checks inline, as it may be called in a loop, but for those that hardly any call comes by; of a
// larger one those that LLVM expects to run most often, and more often than the function itself.  Of these the first
// few always, and more of them only where they run about as often: in the same loop, that is.
//
// Measured with zstd: 2,400 instead of 3,100 checks inline, a tenth of what the pass adds to its time to compile.
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

constexpr size_t kSmall = 12;     // checks of a function that has all of them inline, but for the rare ones
constexpr size_t kMost = 12;      // of a larger one; both chosen for zstd's time to compile
constexpr size_t kSure = 6;       // of these, however much less they run than the most frequent
constexpr uint64_t kRare = 8;     // a rare one runs less than once in so many calls
constexpr uint64_t kSimilar = 4;  // one that runs about as often as another runs at least once for so many of its times

}  // namespace

Budget::Budget(Function &f, const DominatorTree &dominators, ArrayRef<const Access *> accesses) {
  if (accesses.empty()) return;
  LoopInfo loops(dominators);
  BranchProbabilityInfo branches(f, loops);
  BlockFrequencyInfo frequencies(f, branches, loops);
  uint64_t calls = frequencies.getEntryFreq().getFrequency();
  auto times = [&](const Access *access) { return frequencies.getBlockFreq(access->at->getParent()).getFrequency(); };
  if (accesses.size() <= kSmall) {
    for (const Access *access : accesses)
      if (times(access) >= calls / kRare) inline_.insert(access);
    return;
  }
  struct Frequent {
    uint64_t times;
    size_t index;
  };
  std::vector<Frequent> often;
  for (size_t i = 0; i < accesses.size(); i++)
    if (uint64_t n = times(accesses[i]); n > calls) often.push_back({n, i});
  llvm::sort(often, [](const Frequent &a, const Frequent &b) {
    return std::make_pair(b.times, a.index) < std::make_pair(a.times, b.index);
  });
  for (size_t i = 0; i < often.size() && i < kMost; i++)
    if (i < kSure || often[i].times >= often[0].times / kSimilar) inline_.insert(accesses[often[i].index]);
}

}  // namespace godwit
