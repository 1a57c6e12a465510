// Reads that later writes stand for on most ways from there: a hash table's place that is looked at in one turn of a
// loop and taken at the next (`found = table[next]; ... table[at] = i;` with `at = next`).
//
// Within a block overwritten.cpp leaves them out.  Here the ways from a read are followed: to a write that certainly
// covers its bytes, or to where that can't be said any more.  There the read's check is made, if that is seldom.
//
// A way goes through blocks that are in the read's innermost loop and that nobody enters who hasn't come straight from
// it, with nothing made of it yet.  From there on, also across the loop's latch, it is followed while it is a straight
// line; there the address is known by what phis become on that way, and computed from the same values by the same
// operations, and what was computed anew is not taken for what it was in the turn before.
//
// Soundness.  On every way from the read nothing ends a region (ends_region()), or doesn't return, before the write or
// the check; so the goroutine's clock is the same at both, and overwritten.cpp says why the write stands for the read.
// A check that is made later claims what was read, as only those come by who have read it in the region that is open.
// Loops inside are not entered, so a way is as long as its code.
//
// As in overwritten.cpp a read keeps its check where an address hangs on what was read: it is made before that.
#include "anticipated.h"

#include <map>
#include <optional>

#include "llvm/ADT/APInt.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/BlockFrequencyInfo.h"
#include "llvm/Analysis/BranchProbabilityInfo.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Operator.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr unsigned kFar = 200;     // instructions of the ways from a read; a guess
constexpr unsigned kLine = 3;      // blocks of a straight line; a guess
constexpr unsigned kPlaces = 4;    // where a read's check is made later; a guess
constexpr uint64_t kSeldom = 4;    // they run at most once for so many reads; a guess
constexpr unsigned kDepthMax = 6;  // of what an address is computed by

// Bytes at constant distances from a base.
struct Bytes {
  const Value *base;
  int64_t lo, hi;
};

using Edge = std::pair<BasicBlock *, BasicBlock *>;

// A read's check is made before these, and on these.
struct Plan {
  size_t index;  // of the read
  SmallVector<Instruction *, kPlaces> before;
  SmallVector<Edge, kPlaces> on;
};

// What hangs on the value that was read, on the way to here.
class Hanging {
 public:
  explicit Hanging(const Instruction &read) { values_.insert(&read); }

  // Whether something can go wrong because of the value.
  bool may_fail_by(const Instruction &i) const {
    if (!hangs(i)) return false;
    if (const Value *pointer = getLoadStorePointerOperand(&i)) return values_.contains(pointer);
    return i.isIntDivRem() || isa<CallBase>(i) ? !is_arithmetic(i) : i.mayReadOrWriteMemory();
  }

  void step(const Instruction &i) {
    const bool hanging = hangs(i);
    // A store of the value may leave it where a load finds it.
    if (hanging && i.mayWriteToMemory()) in_memory_ = true;
    if (hanging || (in_memory_ && i.mayReadFromMemory())) values_.insert(&i);
  }

  void come_from(const BasicBlock &before, const BasicBlock &block) {
    for (const PHINode &phi : block.phis())
      if (values_.contains(phi.getIncomingValueForBlock(&before))) values_.insert(&phi);
  }

 private:
  bool hangs(const Instruction &i) const {
    return any_of(i.operands(), [&](const Use &use) { return values_.contains(use.get()); });
  }
  static bool is_arithmetic(const Instruction &i) { return isa<IntrinsicInst>(i) && !i.mayReadOrWriteMemory(); }

  SmallPtrSet<const Value *, 16> values_;
  bool in_memory_ = false;
};

// A straight line of blocks behind an edge, and what their values are in terms of those at its beginning.
class Line {
 public:
  void enter(const BasicBlock &before, const BasicBlock &block) {
    // All at once, as phis may name one another.
    SmallVector<std::pair<const Value *, const Value *>, 8> known;
    for (const PHINode &phi : block.phis()) known.push_back({&phi, at_begin(phi.getIncomingValueForBlock(&before))});
    for (auto [phi, value] : known)
      if (value) was_[phi] = value;
    blocks_.insert(&block);
  }

  bool has(const BasicBlock &block) const { return blocks_.contains(&block); }

  // Is `here`, as it is in the line, what `there` was at its beginning?
  bool same(const Value *here, const Value *there, unsigned depth = 0) const {
    if (const Value *value = at_begin(here)) return value == there || same_operation(value, there, false, depth);
    return same_operation(here, there, true, depth);
  }

 private:
  // What is no phi of the line's and isn't computed in it, or NULL.
  const Value *at_begin(const Value *value) const {
    const auto *i = dyn_cast<Instruction>(value);
    if (!i || !blocks_.contains(i->getParent())) return value;
    return was_.lookup(value);
  }

  // `anew`: `here` is computed in the line; else at its beginning, like `there`.
  bool same_operation(const Value *here, const Value *there, bool anew, unsigned depth) const {
    const auto *a = dyn_cast<Instruction>(here), *b = dyn_cast<Instruction>(there);
    if (!a || !b || depth == kDepthMax || !is_pure(*a) || !a->isSameOperationAs(b)) return false;
    for (unsigned i = 0; i < a->getNumOperands(); i++) {
      const Value *x = a->getOperand(i), *y = b->getOperand(i);
      if (anew ? !same(x, y, depth + 1) : x != y && !same_operation(x, y, false, depth + 1)) return false;
    }
    return true;
  }

  static bool is_pure(const Instruction &i) {
    return isa<GetElementPtrInst>(i) || isa<CastInst>(i) || isa<BinaryOperator>(i);
  }

  SmallPtrSet<const BasicBlock *, 4> blocks_;
  DenseMap<const Value *, const Value *> was_;  // of its phis
};

class Leaver {
 public:
  Leaver(Function &f, std::vector<Access> &accesses) : f_(f), layout_(f.getDataLayout()), accesses_(accesses) {}

  void run() {
    if (f_.size() == 1) return;  // overwritten.cpp has seen all of it
    gather();
    if (roots_.empty()) return;
    std::vector<Plan> plans;
    for (size_t i = 0; i < accesses_.size(); i++)
      if (is_candidate(accesses_[i]))
        if (std::optional<Plan> plan = Ways(*this, i).plan(); plan && is_seldom(*plan)) plans.push_back(*plan);
    for (Plan &plan : plans) carry_out(plan);
    if (!plans.empty()) erase_if(accesses_, [](const Access &a) { return !a.at; });
    remark(plans.size());
  }

 private:
  // The ways from one read.
  class Ways {
   public:
    Ways(Leaver &in, size_t index)
        : in_(in), read_(*in.accesses_[index].at), bytes_(in.bytes_of(in.accesses_[index])), hanging_(read_) {
      plan_.index = index;
    }

    // Nothing if no way leads to a write, or there are too many.
    std::optional<Plan> plan() {
      follow(*read_.getParent(), std::next(read_.getIterator()));
      while (!todo_.empty() && !too_far_) {
        BasicBlock *block = todo_.begin()->second;
        todo_.erase(todo_.begin());
        if (all_of(predecessors(block), [&](const BasicBlock *before) { return open_.contains(before); }))
          enter(*block);
        else
          turn_back_from(*block);
      }
      if (too_far_ || !writes_ || plan_.before.size() + plan_.on.size() > kPlaces) return std::nullopt;
      return plan_;
    }

   private:
    void enter(BasicBlock &block) {
      for (const BasicBlock *before : predecessors(&block)) hanging_.come_from(*before, block);
      follow(block, block.begin());
    }

    // Some come there who have written already, or whose region has ended.
    void turn_back_from(BasicBlock &block) {
      for (BasicBlock *before : predecessors(&block))
        if (open_.contains(before)) go_no_further(*before, block);
    }

    void follow(BasicBlock &block, BasicBlock::iterator from) {
      for (Instruction &i : make_range(from, block.end())) {
        if (isa<PHINode>(i) || i.isDebugOrPseudoInst()) continue;
        if (++steps_ > kFar) too_far_ = true;
        if (too_far_) return;
        if (in_.writes(i, bytes_, Line())) {
          writes_++;
          return;
        }
        if (i.isTerminator() ? !is_branch(i) : ends(i, hanging_)) {
          plan_.before.push_back(&i);
          return;
        }
        hanging_.step(i);
      }
      open_.insert(&block);
      for (BasicBlock *next : successors(&block))
        if (is_mine(*next))
          todo_[in_.order_of(next)] = next;
        else
          go_no_further(block, *next);
    }

    void go_no_further(BasicBlock &from, BasicBlock &to) {
      if (leads_to_write(from, to))
        writes_++;
      else
        plan_.on.push_back({&from, &to});
    }

    // One to different places, of which each can have a block before it.
    static bool is_branch(const Instruction &i) {
      SmallPtrSet<const BasicBlock *, 4> seen;
      return (isa<BranchInst>(i) || isa<SwitchInst>(i)) &&
             all_of(successors(&i), [&](const BasicBlock *next) { return seen.insert(next).second; });
    }

    // Only the read leads there, and the block runs no more often.
    bool is_mine(const BasicBlock &block) const {
      const BasicBlock *home = read_.getParent();
      return &block != home && in_.dominators().dominates(home, &block) &&
             in_.loops().getLoopFor(&block) == in_.loops().getLoopFor(home);
    }

    bool leads_to_write(const BasicBlock &from, const BasicBlock &to) {
      Line line;
      Hanging hanging = hanging_;
      const BasicBlock *before = &from, *block = &to;
      for (unsigned n = 0; n < kLine && block && !line.has(*block); n++) {
        line.enter(*before, *block);
        hanging.come_from(*before, *block);
        for (const Instruction &i : *block) {
          if (isa<PHINode>(i) || i.isDebugOrPseudoInst()) continue;
          if (++steps_ > kFar || &i == &read_) return false;
          if (in_.writes(i, bytes_, line)) return true;
          if (!i.isTerminator() && ends(i, hanging)) return false;
          hanging.step(i);
        }
        before = block;
        block = isa<BranchInst>(block->getTerminator()) ? block->getSingleSuccessor() : nullptr;
      }
      return false;
    }

    static bool ends(const Instruction &i, const Hanging &hanging) {
      return ends_region(i) || hanging.may_fail_by(i) || !isGuaranteedToTransferExecutionToSuccessor(&i);
    }

    Leaver &in_;
    Instruction &read_;
    const Bytes bytes_;
    Hanging hanging_;
    std::map<unsigned, BasicBlock *> todo_;     // in an order in which each comes behind those that lead to it
    SmallPtrSet<const BasicBlock *, 16> open_;  // at whose end the read is still unclaimed, on all ways there
    unsigned writes_ = 0, steps_ = 0;
    bool too_far_ = false;
    Plan plan_;
  };

  Bytes bytes_of(const Access &access) const {
    APInt distance(64, 0);
    const Value *base = access.pointer->stripAndAccumulateConstantOffsets(layout_, distance, true);
    int64_t lo = distance.getSExtValue();
    return {base, lo, lo + (int64_t)access.size};
  }

  static bool is_single(const Access &access) { return !access.length && !access.stride && !access.line; }

  // What the addresses of a table's places have in common.
  static const Value *root_of(const Value *base) {
    const auto *gep = dyn_cast<GEPOperator>(base);
    return gep ? gep->getPointerOperand() : base;
  }

  void gather() {
    for (const Access &access : accesses_)
      if (access.write && is_single(access) && isa<StoreInst>(access.at)) {
        const Bytes bytes = bytes_of(access);
        writes_[access.at].push_back(bytes);
        roots_.insert(root_of(bytes.base));
      }
  }

  bool is_candidate(const Access &access) const {
    return !access.write && is_single(access) && isa<LoadInst>(access.at) &&
           roots_.contains(root_of(bytes_of(access).base)) && (access.at->getDebugLoc() || !f_.getSubprogram());
  }

  // Does the instruction write these bytes, which are at the line's beginning?
  bool writes(const Instruction &i, const Bytes &bytes, const Line &line) const {
    auto known = writes_.find(&i);
    if (known == writes_.end()) return false;
    return any_of(known->second, [&](const Bytes &b) {
      return b.lo <= bytes.lo && b.hi >= bytes.hi && line.same(b.base, bytes.base);
    });
  }

  DominatorTree &dominators() {
    if (!dominators_) dominators_.emplace(f_);
    return *dominators_;
  }
  LoopInfo &loops() {
    if (!loops_) loops_.emplace(dominators());
    return *loops_;
  }
  BranchProbabilityInfo &branches() {
    if (!branches_) branches_.emplace(f_, loops());
    return *branches_;
  }
  BlockFrequencyInfo &frequencies() {
    if (!frequencies_) frequencies_.emplace(f_, branches(), loops());
    return *frequencies_;
  }
  unsigned order_of(BasicBlock *block) {
    if (order_.empty())
      for (BasicBlock *b : ReversePostOrderTraversal<Function *>(&f_)) order_.try_emplace(b, (unsigned)order_.size());
    return order_.lookup(block);
  }

  // Are the checks that are made later so few that the read had better be left to them?
  bool is_seldom(const Plan &plan) {
    auto times = [&](const BasicBlock *block) { return frequencies().getBlockFreq(block); };
    BlockFrequency later(0);
    for (const Instruction *i : plan.before) later += times(i->getParent());
    for (auto [from, to] : plan.on) later += times(from) * branches().getEdgeProbability(from, to);
    return later.getFrequency() <= times(accesses_[plan.index].at->getParent()).getFrequency() / kSeldom;
  }

  void carry_out(const Plan &plan) {
    const Access read = accesses_[plan.index];
    accesses_[plan.index].at = nullptr;
    for (Instruction *i : plan.before) check_at(read, *i);
    for (const Edge &edge : plan.on) check_at(read, place_on(edge));
  }

  void check_at(Access read, Instruction &place) {
    read.line = read.at->getDebugLoc().get();
    read.at = &place;
    accesses_.push_back(read);
  }

  // All ways are known by now.  To keep loops in shape would put blocks on other edges as well.
  Instruction &place_on(const Edge &edge) {
    BasicBlock *&block = split_[edge];
    if (!block) block = SplitEdge(edge.first, edge.second);
    return *block->getTerminator();
  }

  void remark(size_t left) {
    if (!left || !f_.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
    OptimizationRemark r("godwit", "Anticipated", DiagnosticLocation(f_.getSubprogram()), &f_.getEntryBlock());
    r << DiagnosticInfoOptimizationBase::Argument("Reads", (unsigned)left)
      << " reads left to writes that follow on most ways";
    f_.getContext().diagnose(r);
  }

  Function &f_;
  const DataLayout &layout_;
  std::vector<Access> &accesses_;
  DenseMap<const Instruction *, SmallVector<Bytes, 1>> writes_;
  DenseSet<const Value *> roots_;  // of what is written
  std::optional<DominatorTree> dominators_;
  std::optional<LoopInfo> loops_;
  std::optional<BranchProbabilityInfo> branches_;
  std::optional<BlockFrequencyInfo> frequencies_;
  DenseMap<const BasicBlock *, unsigned> order_;
  DenseMap<Edge, BasicBlock *> split_;
};

}  // namespace

void leave_to_writes(Function &f, std::vector<Access> &accesses) { Leaver(f, accesses).run(); }

}  // namespace godwit
