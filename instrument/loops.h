// What range checks (ranges.h) and runs (runs.h) ask of a loop.
#ifndef GODWIT_INSTRUMENT_LOOPS_H
#define GODWIT_INSTRUMENT_LOOPS_H
#include "access.h"
#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/Dominators.h"

namespace godwit {

class Names;

// A function's loops and what LLVM knows of them; blocks may be added by functions that keep the two trees up to date.
class LoopFacts {
 public:
  explicit LoopFacts(llvm::Function &function);
  // True for a loop in which no region ends, and of which everything returns, without unwinding.
  bool is_quiet(const llvm::Loop &loop);
  // Sees to it that quiet loops with accesses have a block of their own before them, where that can be.
  void make_preheaders(llvm::ArrayRef<Access> accesses);
  // Of the addresses in loops; made when first asked for, as it takes its time.
  llvm::ScalarEvolution &evolution();

  llvm::DominatorTree dominators;
  llvm::LoopInfo loops;

 private:
  bool is_quiet(const llvm::BasicBlock *block);

  llvm::Function &function_;
  llvm::TargetLibraryInfoImpl library_impl_;
  llvm::TargetLibraryInfo library_;
  llvm::AssumptionCache assumptions_;
  std::optional<llvm::ScalarEvolution> evolution_;
  llvm::DenseMap<const llvm::BasicBlock *, bool> quiet_;
};

// Values of the loop's first turn, computed before the loop as the loop computes them.
class FirstTurn {
 public:
  explicit FirstTurn(const llvm::Loop &loop);
  bool has(const llvm::Value *value, unsigned depth = 0) const;
  llvm::Value *of(llvm::Value *value);

 private:
  static constexpr unsigned kDepthMax = 12;  // a guess: address computations are short

  bool is_of_header(const llvm::Instruction *i) const;

  const llvm::Loop &loop_;
  llvm::Instruction *preheader_;                                    // its terminator
  llvm::DenseMap<const llvm::Instruction *, llvm::Value *> known_;  // copies made so far
};

const llvm::DILocation *line_of(const Access &access);
// Whether a report may show one for the other.
bool same_line(const Access &one, const Access &other);
// Where to blame a check that stands for several accesses of one line: the first one's position, without a column if
// another one at another column is of another variable.
const llvm::DILocation *common_position(llvm::ArrayRef<const Access *> members, const Names &names);

}  // namespace godwit
#endif
