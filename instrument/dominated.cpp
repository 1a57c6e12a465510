// Dominated checks: `if (p->n > 0) sum += p->n;`, a field that both arms of a branch have read before.
//
// Within a block access.cpp leaves them out; here the blocks are followed by a forward data-flow analysis ("available
// expressions"): an access is *available* at a place if on every way there, in the region that is open, it was made, or
// another that stands for it: one that covers its bytes and was a write, or both are reads.  What is available needs no
// check.
//
// Soundness.  No region has ended since the other access (ends_region()), so the goroutine's clock is the same for
// both, and whoever conflicts with the later one conflicts with the other too and is unordered with both or with none.
// The two have a base in common, which stands for one address until the instruction that computes it is met again, as
// it is in a loop's next turn.  There nothing of that base is available: that instruction dominates all of its
// accesses, so that the way on which it is met for the first time has none.  An access that goes counts as made: by
// induction over the way, one that stays has its bytes.  It doesn't matter that the check of one that stays may be
// moved later on (ranges.cpp, runs.cpp): it stays in its region.
#include "dominated.h"

#include "llvm/ADT/APInt.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace godwit {
namespace {

// Different bytes that a function may touch: a set of them is kept for each block; a guess.
constexpr size_t kMost = 4000;

// Bytes at a constant distance from a base, read or written: what accesses have in common.
struct Bytes {
  const Value *base;
  int64_t lo, hi;
  bool write;
  SmallVector<unsigned, 4> covered;  // by number: those of the same base for which such an access stands; itself too

  bool stands_for(const Bytes &later) const { return lo <= later.lo && hi >= later.hi && (write || !later.write); }
};

struct Made {
  size_t index;    // in the list of accesses
  unsigned bytes;  // number of its bytes
};

class Dropper {
 public:
  Dropper(Function &f, std::vector<Access> &accesses) : f_(f), layout_(f.getDataLayout()), accesses_(accesses) {}

  void run() {
    if (f_.size() == 1) return;  // access.cpp has seen all of it
    gather();
    if (bytes_.size() > kMost) return;
    find_covered();
    ReversePostOrderTraversal<Function *> order(&f_);
    for (bool changed = true; changed;) {
      changed = false;
      for (BasicBlock *block : order) changed |= flow_through(*block);
    }
    for (BasicBlock *block : order) drop_in(*block);
    if (dropped_) erase_if(accesses_, [](const Access &a) { return !a.at; });
    remark();
  }

 private:
  void gather() {
    for (size_t i = 0; i < accesses_.size(); i++) {
      const Access &access = accesses_[i];
      if (access.length || access.stride || access.line) continue;
      APInt distance(64, 0);
      const Value *base = access.pointer->stripAndAccumulateConstantOffsets(layout_, distance, true);
      const int64_t lo = distance.getSExtValue();
      at_[access.at].push_back({i, number_of({base, lo, lo + (int64_t)access.size, access.write, {}})});
    }
  }

  unsigned number_of(Bytes bytes) {
    auto &list = of_base_[bytes.base];
    for (unsigned number : list) {
      const Bytes &b = bytes_[number];
      if (b.lo == bytes.lo && b.hi == bytes.hi && b.write == bytes.write) return number;
    }
    list.push_back((unsigned)bytes_.size());
    bytes_.push_back(std::move(bytes));
    return list.back();
  }

  void find_covered() {
    for (auto &[base, list] : of_base_)
      for (unsigned earlier : list)
        for (unsigned later : list)
          if (bytes_[earlier].stands_for(bytes_[later])) bytes_[earlier].covered.push_back(later);
  }

  // What is available behind an instruction whose accesses were made before it.
  void step(const Instruction &i, BitVector &available) const {
    if (auto made = at_.find(&i); made != at_.end())
      for (const Made &m : made->second)
        for (unsigned number : bytes_[m.bytes].covered) available.set(number);
    if (ends_region(i)) available.reset();
  }

  // At the beginning of a block; blocks that haven't been met yet take nothing away.
  BitVector available_in(BasicBlock &block) const {
    BitVector available((unsigned)bytes_.size(), !block.isEntryBlock());
    for (const BasicBlock *before : predecessors(&block)) {
      auto known = behind_.find(before);
      if (known != behind_.end()) available &= known->second;
    }
    return available;
  }

  bool flow_through(BasicBlock &block) {
    BitVector available = available_in(block);
    for (const Instruction &i : block) step(i, available);
    auto [known, is_new] = behind_.try_emplace(&block, available);
    if (!is_new && known->second == available) return false;
    known->second = std::move(available);
    return true;
  }

  void drop_in(BasicBlock &block) {
    BitVector available = available_in(block);
    for (const Instruction &i : block) {
      if (auto made = at_.find(&i); made != at_.end())
        for (const Made &m : made->second)
          if (available.test(m.bytes)) {
            accesses_[m.index].at = nullptr;
            dropped_++;
          }
      step(i, available);
    }
  }

  void remark() {
    if (!dropped_ || !f_.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
    OptimizationRemark r("godwit", "Dominated", DiagnosticLocation(f_.getSubprogram()), &f_.getEntryBlock());
    r << DiagnosticInfoOptimizationBase::Argument("Dropped", dropped_)
      << " checks left out, as the bytes were checked before on every way there";
    f_.getContext().diagnose(r);
  }

  Function &f_;
  const DataLayout &layout_;
  std::vector<Access> &accesses_;
  std::vector<Bytes> bytes_;
  DenseMap<const Value *, SmallVector<unsigned, 4>> of_base_;
  DenseMap<const Instruction *, SmallVector<Made, 1>> at_;
  DenseMap<const BasicBlock *, BitVector> behind_;  // what is available there
  unsigned dropped_ = 0;
};

}  // namespace

void drop_dominated(Function &f, std::vector<Access> &accesses) { Dropper(f, accesses).run(); }

}  // namespace godwit
