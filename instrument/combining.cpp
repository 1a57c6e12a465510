// Combining: where an address moves slowly through a loop (a partition's `*i = *j`, a filter's `out[n++] = x`), what
// the inline check misses isn't told at once but collected line by line.  Two registers hold the line of 64 bytes that
// was missed last and which of its bytes were; where the next one lies in another line, and at every exit of the loop,
// one call claims these bytes.  So a line that is new to the epoch is entered once instead of once per access, under
// one lock and with one context; what the epoch has recorded costs what it always did.
//
// Soundness.  The loop around is quiet (loops.h), so the goroutine's clock and epoch are the same at an access and at
// the call that claims it, and all that runs.cpp says at its head of checks that come later holds: claimed is what was
// accessed and nothing else, as the mask has a bit for each byte.  What was collected already isn't recorded yet, so it
// misses again, and is collected again.  All that a call stands for is of one place in the source, and blamed on that.
//
// An access that is aligned to its size is of one line.  Of others (a word at any byte of a text) some lie across the
// end of one: there the 64 bytes begin not with a line but with the granule of the first access, so that they hold
// those that follow; the call enters the two lines.  An access that moves back is in front of that granule soon, and
// isn't collected.
//
// Where it pays.  An address has to stay in a line for several turns: it is the loop's own variable, which every way
// through the loop moves by a few bytes, be it in loops inside: by constants, by what is 0 or 1, and by what is small
// at first and grows by one at times.  Where a loop inside begins anew at each turn, it is the one that is left with a
// call. What hangs on loaded values, or on steps that aren't known, isn't tried.
//
// Rejected: to collect all accesses without a look at their cells.  A call for each line then, in new epochs or not, is
// as much as the inline checks of it that hit (quicksort: 10% more time instead of 10% less).
#include "combining.h"

#include "abi.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/PromoteMemToReg.h"
#include "loops.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace godwit {
namespace {

constexpr uint64_t kLine = 64;     // bytes that a mask has bits for
constexpr uint64_t kSizeMax = 8;   // bytes of an access; of longer ones a line has few
constexpr int64_t kStepMax = 8;    // bytes that an address may move at once: eight steps stay in a line
constexpr uint64_t kGranule = 8;   // where the 64 bytes begin that an access of unknown alignment is collected in
constexpr unsigned kTurnsMin = 8;  // of a loop that never makes so many the lines are new at each access, or nearly so
constexpr unsigned kValuesMax = 24;  // that are looked at to find out how an address moves
constexpr unsigned kChecksMax = 16;  // behind one loop: places times exits; a guess

// Finds out whether an address is a loop's own variable that moves slowly.
class Drift {
 public:
  Drift(const Loop &loop, const DataLayout &layout) : loop_(loop), layout_(layout) {}

  bool is_slow(Value *address) {
    // Constants on the way to the variable say where beside it the access lies.
    std::optional<Position> from = variable_behind({address, 1}, false);
    if (!from) return false;
    for (todo_.push_back(*from); !todo_.empty();) {
      auto *phi = cast<PHINode>(todo_.back().value);
      const int64_t scale = todo_.pop_back_val().scale;
      auto [known, is_new] = scale_of_.try_emplace(phi, scale);
      if (!is_new && known->second != scale) return false;
      if (is_new && (scale_of_.size() > kValuesMax || !comes_slowly(*phi, scale))) return false;
    }
    return has_begun_ && moves_;
  }

  // After is_slow: whether it also moves back.
  bool goes_back() const { return goes_back_; }

 private:
  // A value of which each unit is `scale` bytes of the address.
  struct Position {
    Value *value;
    int64_t scale;
  };

  // Whether the variable gets there by small steps, from the loop's beginning.
  bool comes_slowly(PHINode &phi, int64_t scale) {
    for (const Use &use : phi.incoming_values()) {
      if (!loop_.contains(phi.getIncomingBlock(use))) {
        has_begun_ = true;
        continue;
      }
      std::optional<Position> from = variable_behind({use.get(), scale}, true);
      if (!from) return false;
      todo_.push_back(*from);
    }
    return true;
  }

  // The phi of the loop's that a value is, but for constants and small steps.
  std::optional<Position> variable_behind(Position at, bool steps) {
    for (unsigned n = 0; n < kValuesMax; n++) {
      if (loop_.isLoopInvariant(at.value)) return std::nullopt;
      if (isa<PHINode>(at.value)) return at;
      std::optional<int64_t> step = advance(at);
      if (!step || (steps && std::abs(*step) > kStepMax)) return std::nullopt;
      moves_ |= steps && *step != 0;
      goes_back_ |= steps && *step < 0;
    }
    return std::nullopt;
  }

  // Whether a step that isn't a constant is small where the loop begins, and grows by one at a time (a search that goes
  // faster the longer it finds nothing).
  bool is_small(Value *step) const {
    SmallSetVector<Value *, 8> seen;
    seen.insert(step);
    for (size_t i = 0; i < seen.size(); i++) {
      Value *value = seen[i], *from, *other;
      const APInt *c;
      if (i == kValuesMax) return false;
      if (auto *phi = dyn_cast<PHINode>(value); phi && loop_.contains(phi))
        seen.insert(phi->op_begin(), phi->op_end());
      else if (match(value, m_AddLike(m_Value(from), m_One())) ||
               (match(value, m_c_Add(m_Value(from), m_ZExt(m_Value(other)))) && other->getType()->isIntegerTy(1)))
        seen.insert(from);
      else if (match(value, m_Select(m_Value(), m_Value(from), m_Value(other))))
        seen.insert(from), seen.insert(other);
      else if (!match(value, m_APInt(c)) || c->ugt(kStepMax))
        return false;
    }
    return true;
  }

  // To what a value is computed from; by how many bytes at most it differs.
  std::optional<int64_t> advance(Position &at) const {
    Value *from;
    const APInt *c;
    if (auto *gep = dyn_cast<GEPOperator>(at.value)) return advance(at, *gep);
    if (match(at.value,
              m_CombineOr(m_ZExtOrSExt(m_Value(from)), m_CombineOr(m_Trunc(m_Value(from)), m_Freeze(m_Value(from))))))
      return at.value = from, 0;
    if (match(at.value, m_AddLike(m_Value(from), m_APInt(c))) && c->abs().ule(kStepMax))
      return at.value = from, c->getSExtValue() * at.scale;
    Value *bit;
    if (match(at.value, m_c_Add(m_Value(from), m_ZExtOrSExt(m_Value(bit)))) && bit->getType()->isIntegerTy(1))
      return at.value = from, at.scale;
    return std::nullopt;
  }

  std::optional<int64_t> advance(Position &at, GEPOperator &gep) const {
    MapVector<Value *, APInt> variable;
    APInt fixed(64, 0);
    if (!gep.collectOffset(layout_, 64, variable, fixed)) return std::nullopt;
    Value *moving = loop_.isLoopInvariant(gep.getPointerOperand()) ? nullptr : gep.getPointerOperand();
    int64_t scale = at.scale, small = 0;
    for (auto &[index, by] : variable) {
      if (loop_.isLoopInvariant(index)) return std::nullopt;
      if (moving && by.isOne() && is_small(index) && (small = 1)) continue;
      if (moving || by.abs().ugt(kStepMax)) return std::nullopt;
      moving = index, scale = at.scale * by.getSExtValue();
    }
    if (!moving) return std::nullopt;
    at = {moving, scale};
    return fixed.getSExtValue() + small;
  }

  const Loop &loop_;
  const DataLayout &layout_;
  SmallVector<Position, 4> todo_;
  SmallDenseMap<const PHINode *, int64_t, 8> scale_of_;  // of those that were looked at
  bool has_begun_ = false, moves_ = false, goes_back_ = false;
};

bool is_of_one_line(const Access &access) { return access.align >= access.size; }

// The check of what was touched of the line.
void check_collected(IRBuilder<> &b, Abi &abi, const Access &access) {
  b.SetCurrentDebugLocation(access.line ? DebugLoc(access.line) : access.at->getDebugLoc());
  Value *line = b.CreateIntToPtr(b.CreateLoad(b.getInt64Ty(), access.collected.line), b.getPtrTy());
  abi.call(b, access.write ? "__gw_check_write_mask" : "__gw_check_read_mask",
           {line, b.CreateLoad(b.getInt64Ty(), access.collected.bytes)});
}

class Combiner {
 public:
  Combiner(Function &f, Abi &abi, std::vector<Access> &accesses) : f_(f), abi_(abi), accesses_(accesses), facts_(f) {}

  void run() {
    MapVector<Loop *, SmallVector<size_t, 4>> by_scope;
    for (size_t i = 0; i < accesses_.size(); i++)
      if (Loop *scope = scope_of(accesses_[i])) by_scope[scope].push_back(i);
    std::vector<Plan> plans;
    for (auto &[scope, sites] : by_scope) plan(*scope, sites, plans);
    for (Plan &p : plans) place(p);
  }

 private:
  struct Plan {
    size_t index;                        // of the access
    Instruction *begins;                 // the terminator of the block before the scope
    SmallVector<BasicBlock *, 4> exits;  // of the scope, and of nothing else
  };

  static bool is_combinable(const Access &access) {
    return !access.length && !access.stride && isPowerOf2_64(access.size) && access.size <= kSizeMax;
  }

  // The outermost loop through which the address moves slowly; nothing if there is none.
  Loop *scope_of(const Access &access) {
    Loop *best = nullptr;
    if (!is_combinable(access)) return best;
    for (Loop *loop = facts_.loops.getLoopFor(access.at->getParent()); loop; loop = loop->getParentLoop()) {
      if (loop->isLoopInvariant(access.pointer) || !is_fit(*loop)) break;
      Drift drift(*loop, f_.getDataLayout());
      if (drift.is_slow(access.pointer) && (is_of_one_line(access) || !drift.goes_back())) best = loop;
    }
    return best && !is_short(*best) ? best : nullptr;
  }

  bool is_fit(Loop &loop) {
    auto [known, is_new] = fit_.try_emplace(&loop, false);
    if (is_new)
      known->second =
          loop.getLoopLatch() && loop.getLoopPreheader() && facts_.is_quiet(loop) && !loop.hasNoExitBlocks();
    return known->second;
  }

  bool is_short(Loop &loop) {
    unsigned most = facts_.evolution().getSmallConstantMaxTripCount(&loop);
    return most && most < kTurnsMin;
  }

  void plan(Loop &scope, ArrayRef<size_t> sites, std::vector<Plan> &plans) {
    formDedicatedExitBlocks(&scope, &facts_.dominators, &facts_.loops, nullptr, false);
    SmallVector<BasicBlock *, 4> exits;
    scope.getUniqueExitBlocks(exits);
    if (!scope.hasDedicatedExits() || exits.size() * sites.size() > kChecksMax) return;
    if (any_of(exits, [](BasicBlock *b) { return b->isEHPad(); })) return;
    for (size_t index : sites) plans.push_back({index, scope.getLoopPreheader()->getTerminator(), exits});
    remark(scope, (unsigned)sites.size());
  }

  void place(Plan &plan) {
    Access &access = accesses_[plan.index];
    access.collected = collected(plan);
    for (BasicBlock *exit : plan.exits) {
      IRBuilder<> b(exit, exit->getFirstInsertionPt());
      check_collected(b, abi_, access);
    }
  }

  // The registers, empty on entry to the scope.
  Collected collected(const Plan &plan) {
    BasicBlock &entry = f_.getEntryBlock();
    IRBuilder<> b(&entry, entry.begin());
    Collected c = {b.CreateAlloca(b.getInt64Ty(), nullptr, "gw.line"),
                   b.CreateAlloca(b.getInt64Ty(), nullptr, "gw.bytes")};
    b.SetInsertPoint(plan.begins);
    b.SetCurrentDebugLocation(DebugLoc());
    for (AllocaInst *reg : {c.line, c.bytes}) b.CreateStore(b.getInt64(0), reg);
    return c;
  }

  void remark(Loop &scope, unsigned sites) {
    if (!f_.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
    OptimizationRemark r("godwit", "LoopLines", scope.getStartLoc(), scope.getHeader());
    r << DiagnosticInfoOptimizationBase::Argument("Combined", sites)
      << " checks made later, for all that was accessed of a line";
    f_.getContext().diagnose(r);
  }

  Function &f_;
  Abi &abi_;
  std::vector<Access> &accesses_;
  LoopFacts facts_;
  DenseMap<const Loop *, bool> fit_;
};

}  // namespace

void collect(Abi &abi, const Access &access, Instruction *before) {
  IRBuilder<> b(before);
  b.SetCurrentDebugLocation(DebugLoc());
  const auto [line, bytes] = access.collected;
  const bool in_lines = is_of_one_line(access);
  Value *address = b.CreatePtrToInt(access.pointer, b.getInt64Ty());
  Value *here = b.CreateAnd(address, b.getInt64(-(in_lines ? kLine : kGranule)));
  Value *last = b.CreateLoad(b.getInt64Ty(), line);
  Value *moved = in_lines ? b.CreateICmpNE(here, last, "gw.moved")
                          : b.CreateICmpUGT(b.CreateSub(address, last), b.getInt64(kLine - access.size), "gw.moved");
  IRBuilder<> cold(SplitBlockAndInsertIfThen(moved, before, false));
  check_collected(cold, abi, access);
  cold.CreateStore(here, line);
  cold.CreateStore(cold.getInt64(0), bytes);
  b.SetInsertPoint(before);
  Value *at =
      in_lines ? b.CreateAnd(address, b.getInt64(kLine - 1)) : b.CreateSub(address, b.CreateLoad(b.getInt64Ty(), line));
  Value *more = b.CreateShl(b.getInt64((1u << access.size) - 1), at);
  b.CreateStore(b.CreateOr(b.CreateLoad(b.getInt64Ty(), bytes), more), bytes);
}

void collect_in_lines(Function &f, Abi &abi, std::vector<Access> &accesses) { Combiner(f, abi, accesses).run(); }

}  // namespace godwit
