// Runs: what ranges.cpp can't check before a loop, because nobody knows how often it turns or where it jumps, is
// checked behind it.  While the accesses of one place in the program adjoin one another, the bytes touched so far are
// kept as [low, high) in two registers; a check of that range is made where an access lies elsewhere, and at every exit
// of the loop.
//
// Soundness.  A run's check comes after the accesses that it claims, and claims only what was made.  The loop around it
// is quiet (loops.h): between an access and its check lies no release, no acquire, no free and nothing that doesn't
// return.  So the goroutine's clock is the same at both, and its epoch too: whatever is unordered with the access is
// unordered with the check.  What another goroutine recorded between the two is met by the check instead of meeting it.
// Memory that another goroutine freed and reused in between was freed beside the access: that is a race, reported
// with what stands there then.  Not checked are accesses since the last one that lay elsewhere, when the process
// ends, by whoever's doing, in the middle of the loop.
//
// A handler of a signal that releases in the middle of a run is no problem.  The accesses before it are claimed behind
// its release, as if they came later; and so they may, for all that the program can know: a handler isn't ordered with
// the plain accesses of the code that it interrupts (C11 5.1.2.3), and the compiler sinks and vectorises stores of such
// a loop just as freely.  Who wants them ordered needs a signal fence, an atomic or a volatile access in the loop, and
// with any of these the loop isn't quiet and has no runs.  So whoever acquires what the handler released and touches
// the memory races with the loop, and a report is no false alarm.  Nothing is lost either: the claim is made, in the
// later epoch, and whatever is unordered with the access is unordered with that.  A handler that acquires is the one
// case that costs something: of the accesses since the last jump before it, a race with what the other side did before
// its release stays unseen.
//
// Two forms:
//   steady   the address moves by a constant stride at every turn: a comparison where the loop begins, none inside.
//            The access is made at every turn, or at the first ones only, while a flag of the loop's holds (`ok = ok &&
//            a[i] == x`): what leads to it is the flag alone, and a turn that doesn't come by it clears the flag for
//            good, so there is no gap, and no turn after the last. Where an outer loop goes on with the pointer where
//            the inner one left it (a partition's `while (*++i < p);`), the run goes on as well.
//   likely   the address would move by its own size if it weren't for a mask or remainder in its way: a comparison at
//            each access.  A wrong guess costs a call for each jump, where an inline check costs less; so what hangs on
//            loaded values, or on strides that aren't known, isn't tried.
// Steady runs may leave gaps of whole words from turn to turn (one member of each of many structures): the check is a
// strided one then.
//
// Neighbours in one basic block and of one line of the source move as one (`p->re`, `p->im`).  A report shows their
// line.
#include "runs.h"

#include "abi.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GetElementPtrTypeIterator.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/PromoteMemToReg.h"
#include "loops.h"
#include "names.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace godwit {
namespace {

constexpr unsigned kTurnsMin = 4;    // a loop that never makes so many keeps its checks
constexpr int64_t kSizeMax = 64;     // bytes of one turn; a guess
constexpr unsigned kDepthMax = 10;   // of an address computation that is looked at
constexpr unsigned kChecksMax = 16;  // behind one loop: runs times exits; a guess

// How far a value moves from turn to turn while nothing unusual happens; nothing if that can't be told.
class Slopes {
 public:
  Slopes(const Loop &loop, ScalarEvolution &se) : loop_(loop), se_(se) {}

  std::optional<int64_t> of(Value *value, unsigned depth = 0) const {
    if (loop_.isLoopInvariant(value)) return 0;
    if (depth > kDepthMax || !se_.isSCEVable(value->getType())) return std::nullopt;
    if (auto steady = steady_slope(value)) return steady;
    auto *op = dyn_cast<Operator>(value);
    if (!op) return std::nullopt;
    if (auto *gep = dyn_cast<GEPOperator>(op)) return of_element(*gep, depth + 1);
    return of_operation(*op, depth + 1);
  }

 private:
  std::optional<int64_t> steady_slope(Value *value) const {
    const auto *moving = dyn_cast<SCEVAddRecExpr>(se_.getSCEV(value));
    if (!moving || moving->getLoop() != &loop_ || !moving->isAffine()) return std::nullopt;
    const auto *step = dyn_cast<SCEVConstant>(moving->getStepRecurrence(se_));
    return step ? step->getAPInt().trySExtValue() : std::nullopt;
  }

  std::optional<int64_t> of_element(GEPOperator &gep, unsigned depth) const {
    const DataLayout &layout = se_.getDataLayout();
    MapVector<Value *, APInt> variable;
    APInt fixed(64, 0);
    std::optional<int64_t> sum = of(gep.getPointerOperand(), depth);
    if (!sum || !gep.collectOffset(layout, 64, variable, fixed)) return std::nullopt;
    for (auto &[index, scale] : variable) {
      std::optional<int64_t> slope = of(index, depth);
      if (!slope) return std::nullopt;
      *sum += *slope * scale.getSExtValue();
    }
    return sum;
  }

  // Ones from the lowest bit up, or all but those; a power of two that only the run of the program knows will do.
  static bool is_low_mask(Value *v) {
    const APInt *c;
    if (match(v, m_APInt(c))) return c->isMask();
    return match(v, m_Add(m_Value(), m_AllOnes()));
  }
  static bool is_high_mask(Value *v) {
    const APInt *c;
    if (match(v, m_APInt(c))) return c->isNegatedPowerOf2();
    return match(v, m_Neg(m_Value())) || match(v, m_Not(m_Value()));
  }

  std::optional<int64_t> of_operation(Operator &op, unsigned depth) const {
    Value *a, *b;
    const APInt *c;
    if (match(&op, m_CombineOr(m_ZExtOrSExt(m_Value(a)), m_CombineOr(m_Trunc(m_Value(a)), m_Freeze(m_Value(a))))))
      return of(a, depth);
    if (match(&op, m_And(m_Value(a), m_Value(b)))) {
      if (loop_.isLoopInvariant(a)) std::swap(a, b);
      if (!loop_.isLoopInvariant(b)) return std::nullopt;
      return is_high_mask(b) ? std::optional<int64_t>(0) : is_low_mask(b) ? of(a, depth) : std::nullopt;
    }
    if (match(&op, m_URem(m_Value(a), m_Value(b)))) return loop_.isLoopInvariant(b) ? of(a, depth) : std::nullopt;
    if (match(&op, m_Shl(m_Value(a), m_APInt(c))) && c->ult(32))
      return scaled(of(a, depth), (int64_t)1 << c->getZExtValue());
    if (match(&op, m_Mul(m_Value(a), m_APInt(c))) && c->abs().ult(1u << 16))
      return scaled(of(a, depth), c->getSExtValue());
    if (match(&op, m_Sub(m_Value(a), m_Value(b)))) return sum(of(a, depth), scaled(of(b, depth), -1));
    if (match(&op, m_AddLike(m_Value(a), m_Value(b)))) return sum(of(a, depth), of(b, depth));
    return std::nullopt;
  }

  static std::optional<int64_t> scaled(std::optional<int64_t> slope, int64_t by) {
    return slope ? std::optional<int64_t>(*slope * by) : std::nullopt;
  }
  static std::optional<int64_t> sum(std::optional<int64_t> a, std::optional<int64_t> b) {
    return a && b ? std::optional<int64_t>(*a + *b) : std::nullopt;
  }

  const Loop &loop_;
  ScalarEvolution &se_;
};

// Accesses of one block and line that move as one.
struct Run {
  Loop *loop;                                  // the innermost around the accesses
  Loop *scope;                                 // the one behind which the last check is made
  bool steady;                                 // of the two forms
  int64_t stride;                              // bytes per turn
  const SCEV *base;                            // address of the first member
  SmallVector<size_t, 4> members;              // in the list of accesses, in the order of the program
  SmallVector<int64_t, 4> distances;           // of each member from the first, bytes
  int64_t lo = 0, hi = 0;                      // of all of them together, from the first's address
  AllocaInst *low = nullptr, *high = nullptr;  // what the run has touched so far; registers in the end
};

// Finds the runs of a function.
class Finder {
 public:
  Finder(LoopFacts &facts, const std::vector<Access> &accesses) : facts_(facts), accesses_(accesses) {}

  std::vector<Run> find() {
    for (size_t i = 0; i < accesses_.size(); i++) sort_in(i);
    erase_if(runs_, [&](Run &run) { return !has_check(run); });
    for (Run &run : runs_)
      if (run.steady) widen(run);
    return std::move(runs_);
  }

 private:
  void sort_in(size_t index) {
    const Access &access = accesses_[index];
    BasicBlock *block = access.at->getParent();
    Loop *loop = facts_.loops.getLoopFor(block);
    if (!loop || access.length || access.line || access.size > (uint64_t)kSizeMax || !is_fit(*loop)) return;
    ScalarEvolution &se = facts_.evolution();
    std::optional<int64_t> stride = Slopes(*loop, se).of(access.pointer);
    if (!stride || *stride == 0 || std::abs(*stride) > kSizeMax) return;
    const SCEV *address = se.getSCEV(access.pointer);
    bool steady = isa<SCEVAddRecExpr>(address) && cast<SCEVAddRecExpr>(address)->getLoop() == loop;
    if (steady && (!runs_without_a_gap(block, *loop) || !FirstTurn(*loop).has(access.pointer))) return;
    for (Run &run : reverse(runs_))
      if (may_join(run, access, *stride, steady)) {
        const auto *distance = dyn_cast<SCEVConstant>(se.getMinusSCEV(address, run.base));
        if (distance && distance->getAPInt().abs().ule(kSizeMax))
          return join(run, index, distance->getAPInt().getSExtValue());
      }
    runs_.push_back({loop, loop, steady, *stride, address, {}, {}});
    join(runs_.back(), index, 0);
  }

  // At every turn, or at the first ones and then no more.
  bool runs_without_a_gap(const BasicBlock *block, const Loop &loop) const {
    if (facts_.dominators.dominates(block, loop.getLoopLatch())) return true;
    return any_of(loop.getHeader()->phis(), [&](const PHINode &flag) { return is_led_to_by(flag, block, loop); });
  }

  // Whether a flag of the loop's leads to the block, and stays lost after the first turn that doesn't come by.
  bool is_led_to_by(const PHINode &flag, const BasicBlock *block, const Loop &loop) const {
    if (!flag.getType()->isIntegerTy(1)) return false;
    for (const User *user : flag.users()) {
      const auto *branch = dyn_cast<BranchInst>(user);
      if (!branch || !loop.contains(branch)) continue;
      if (!facts_.dominators.dominates(branch->getParent(), loop.getLoopLatch())) continue;
      for (bool leads : {true, false}) {
        BasicBlockEdge edge(branch->getParent(), branch->getSuccessor(leads ? 0 : 1));
        if (!facts_.dominators.dominates(edge, block)) continue;
        return is_lost_without(block, flag.getIncomingValueForBlock(loop.getLoopLatch()), flag, leads, edge.getEnd());
      }
    }
    return false;
  }

  // Whether `value`, the flag's in the next turn, can be `leads` only if this turn came by the block.
  bool is_lost_without(const BasicBlock *block, const Value *value, const PHINode &flag, bool leads,
                       const BasicBlock *entered, unsigned depth = 0) const {
    if (const auto *constant = dyn_cast<ConstantInt>(value)) return constant->isOne() != leads;
    if (block == entered && leads && match(value, m_LogicalAnd(m_Specific(&flag), m_Value()))) return true;
    if (block == entered && !leads && match(value, m_LogicalOr(m_Specific(&flag), m_Value()))) return true;
    const auto *phi = dyn_cast<PHINode>(value);
    if (!phi || phi->getParent() == flag.getParent() || depth > kDepthMax) return false;
    for (const Use &use : phi->incoming_values())
      if (!facts_.dominators.dominates(block, phi->getIncomingBlock(use)) &&
          !is_lost_without(block, use.get(), flag, leads, entered, depth + 1))
        return false;
    return true;
  }

  bool may_join(const Run &run, const Access &access, int64_t stride, bool steady) const {
    const Access &first = accesses_[run.members.front()];
    return first.at->getParent() == access.at->getParent() && first.write == access.write && run.stride == stride &&
           run.steady == steady && same_line(first, access);
  }

  void join(Run &run, size_t index, int64_t distance) {
    run.members.push_back(index);
    run.distances.push_back(distance);
  }

  // Innermost or not, of the usual form, and turning often enough.
  bool is_fit(Loop &loop) {
    auto [known, is_new] = fit_.try_emplace(&loop, false);
    if (!is_new) return known->second;
    if (!loop.getLoopLatch() || !loop.getLoopPreheader() || !facts_.is_quiet(loop) || loop.hasNoExitBlocks())
      return false;
    unsigned most = facts_.evolution().getSmallConstantMaxTripCount(&loop);
    return fit_[&loop] = !most || most >= kTurnsMin;
  }

  // Without a gap within a turn, nor between turns.  Only steady runs whose whole is one loop may overlap from turn to
  // turn, or leave gaps as strided checks do.
  bool has_check(Run &run) const {
    SmallVector<std::pair<int64_t, int64_t>, 4> pieces;
    for (auto [index, distance] : zip(run.members, run.distances))
      pieces.push_back({distance, distance + (int64_t)accesses_[index].size});
    llvm::sort(pieces);
    if (pieces.empty()) return false;
    run.lo = run.hi = pieces[0].first;
    for (auto [lo, hi] : pieces) {
      if (lo > run.hi) return false;
      run.hi = std::max(run.hi, hi);
    }
    int64_t size = run.hi - run.lo, stride = std::abs(run.stride);
    return size == stride || (run.steady && (size > stride || Abi::has_strided((uint64_t)stride, (uint64_t)size)));
  }

  // Lets the run go on over the turns of the loop around, if that hands the pointer from one to the next.
  void widen(Run &run) {
    Loop *outer = run.loop->getParentLoop();
    if (!outer || !is_fit(*outer) || run.hi - run.lo != std::abs(run.stride)) return;
    ScalarEvolution &se = facts_.evolution();
    const SCEV *start = cast<SCEVAddRecExpr>(run.base)->getStart();
    for (PHINode &phi : outer->getHeader()->phis()) {
      if (!phi.getType()->isPointerTy()) continue;
      if (!isa<SCEVConstant>(se.getMinusSCEV(start, se.getSCEV(&phi)))) continue;
      if (comes_from(phi.getIncomingValueForBlock(outer->getLoopLatch()), run)) run.scope = outer;
    }
  }

  // Whether a value is the run's address, but for a constant.
  bool comes_from(Value *value, const Run &run) {
    for (unsigned depth = 0; depth < kDepthMax; depth++) {
      auto *i = dyn_cast<Instruction>(value);
      if (!i) return false;
      if (run.loop->contains(i)) {
        ScalarEvolution &se = facts_.evolution();
        return isa<SCEVConstant>(se.getMinusSCEV(se.getSCEV(i), run.base));
      }
      auto *gep = dyn_cast<GEPOperator>(i);
      auto *phi = dyn_cast<PHINode>(i);
      if (gep && gep->hasAllConstantIndices())
        value = gep->getPointerOperand();
      else if (phi && phi->getNumIncomingValues() == 1)
        value = phi->getIncomingValue(0);
      else
        return false;
    }
    return false;
  }

  LoopFacts &facts_;
  const std::vector<Access> &accesses_;
  std::vector<Run> runs_;
  DenseMap<const Loop *, bool> fit_;
};

// Places the checks of runs.
class Placer {
 public:
  Placer(LoopFacts &facts, Abi &abi, const Names &names, std::vector<Access> &accesses)
      : facts_(facts), abi_(abi), names_(names), accesses_(accesses) {}

  void place(std::vector<Run> &runs) {
    MapVector<Loop *, SmallVector<Run *, 4>> by_scope;
    for (Run &run : runs) by_scope[run.scope].push_back(&run);
    // Loops are as LoopInfo says until the first check splits a block.
    std::vector<Plan> plans;
    for (auto &[scope, list] : by_scope) plan(*scope, list, plans);
    for (Plan &p : plans) place(p);
    if (registers_.empty()) return;
    DominatorTree dominators(*registers_.front()->getFunction());
    PromoteMemToReg(registers_, dominators);
  }

 private:
  struct Plan {
    Run *run;
    Instruction *scope_begins, *loop_begins;  // terminators of the blocks before them
    Value *start;                             // steady: where the loop's first turn begins, as a number
    SmallVector<BasicBlock *, 4> exits;       // of the scope, and of nothing else
  };

  Type *word() { return Type::getInt64Ty(abi_.module().getContext()); }

  void plan(Loop &scope, ArrayRef<Run *> runs, std::vector<Plan> &plans) {
    formDedicatedExitBlocks(&scope, &facts_.dominators, &facts_.loops, nullptr, false);
    SmallVector<BasicBlock *, 4> exits;
    scope.getUniqueExitBlocks(exits);
    if (!scope.hasDedicatedExits() || exits.size() * runs.size() > kChecksMax) return;
    if (any_of(exits, [](BasicBlock *b) { return b->isEHPad(); })) return;
    unsigned replaced = 0;
    for (Run *run : runs) {
      Plan p = {run, scope.getLoopPreheader()->getTerminator(), run->loop->getLoopPreheader()->getTerminator(), nullptr,
                exits};
      if (run->steady) p.start = start_of(*run, p.loop_begins);
      plans.push_back(p);
      replaced += (unsigned)run->members.size();
    }
    remark(scope, replaced, (unsigned)runs.size());
  }

  Value *start_of(const Run &run, Instruction *before) {
    Value *pointer = FirstTurn(*run.loop).of(first(run).pointer);
    IRBuilder<> b(before);
    b.SetCurrentDebugLocation(DebugLoc());
    int64_t distance = run.stride > 0 ? run.lo : run.hi;
    return b.CreateAdd(b.CreatePtrToInt(pointer, word()), b.getInt64((uint64_t)distance));
  }

  void place(Plan &plan) {
    Run &run = *plan.run;
    begin(plan);
    go_on(run);
    for (BasicBlock *exit : plan.exits) {
      IRBuilder<> b(exit, exit->getFirstInsertionPt());
      check(b, run);
    }
    for (size_t index : run.members) accesses_[index].at = nullptr;
  }

  const Access &first(const Run &run) const { return accesses_[run.members.front()]; }

  // The run's registers, empty on entry to its scope.
  void begin(const Plan &plan) {
    Run &run = *plan.run;
    BasicBlock &entry = plan.scope_begins->getFunction()->getEntryBlock();
    IRBuilder<> b(&entry, entry.begin());
    b.SetCurrentDebugLocation(DebugLoc());
    for (AllocaInst **reg : {&run.low, &run.high}) {
      *reg = b.CreateAlloca(word(), nullptr, "gw.run");
      registers_.push_back(*reg);
    }
    b.SetInsertPoint(plan.scope_begins);
    bool whole = run.steady && run.scope == run.loop;
    set(b, run.low, whole ? plan.start : b.getInt64(0));
    set(b, run.high, whole ? plan.start : b.getInt64(0));
    if (!run.steady || whole) return;
    b.SetInsertPoint(plan.loop_begins);
    b.SetCurrentDebugLocation(DebugLoc());
    check_unless(b, b.CreateICmpEQ(plan.start, get(b, end_of(run))), run, plan.loop_begins, plan.start);
  }

  // The end at which the run grows.
  static AllocaInst *end_of(const Run &run) { return run.stride > 0 ? run.high : run.low; }

  void go_on(Run &run) {
    const Access &last = accesses_[run.members.back()];
    IRBuilder<> b(last.at);
    b.SetCurrentDebugLocation(DebugLoc());
    Value *at = b.CreatePtrToInt(last.pointer, word());
    int64_t distance = run.distances.back();
    Value *lo = b.CreateAdd(at, b.getInt64((uint64_t)(run.lo - distance)));
    Value *hi = b.CreateAdd(at, b.getInt64((uint64_t)(run.hi - distance)));
    if (!run.steady) {
      bool up = run.stride > 0;
      Value *joins = b.CreateICmpEQ(up ? lo : hi, get(b, end_of(run)), "gw.joins");
      check_unless(b, joins, run, last.at, up ? lo : hi);
    }
    b.SetInsertPoint(last.at);
    set(b, end_of(run), run.stride > 0 ? hi : lo);
  }

  // The check of what was touched so far, and a new beginning, if `joins` is false.
  void check_unless(IRBuilder<> &b, Value *joins, const Run &run, Instruction *before, Value *start) {
    MDNode *weights = MDBuilder(b.getContext()).createUnlikelyBranchWeights();
    Instruction *jumped = SplitBlockAndInsertIfThen(b.CreateNot(joins), before, false, weights);
    IRBuilder<> cold(jumped);
    check(cold, run);
    set(cold, run.low, start);
    set(cold, run.high, start);
  }

  Value *get(IRBuilder<> &b, AllocaInst *reg) { return b.CreateLoad(word(), reg); }
  void set(IRBuilder<> &b, AllocaInst *reg, Value *value) { b.CreateStore(value, reg); }

  void check(IRBuilder<> &b, const Run &run) {
    b.SetCurrentDebugLocation(position_of(run));
    Value *low = get(b, run.low), *length = b.CreateSub(get(b, run.high), low);
    SmallVector<Value *, 3> args = {b.CreateIntToPtr(low, PointerType::getUnqual(b.getContext())), length};
    const uint64_t size = (uint64_t)(run.hi - run.lo), stride = (uint64_t)std::abs(run.stride);
    const bool gaps = size < stride;
    if (gaps) args.push_back(Abi::strided_shape(b, stride, size));
    abi_.call(b, (Twine("__gw_check_") + (first(run).write ? "write" : "read") + (gaps ? "_strided" : "_range")).str(),
              args);
  }

  DebugLoc position_of(const Run &run) {
    SmallVector<const Access *, 4> members;
    for (size_t index : run.members) members.push_back(&accesses_[index]);
    return common_position(members, names_);
  }

  void remark(Loop &scope, unsigned replaced, unsigned placed) {
    const Function &f = *scope.getHeader()->getParent();
    if (!f.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
    OptimizationRemark r("godwit", "LoopRun", scope.getStartLoc(), scope.getHeader());
    r << DiagnosticInfoOptimizationBase::Argument("Replaced", replaced) << " checks made later, in "
      << DiagnosticInfoOptimizationBase::Argument("Runs", placed) << " runs, the last when the loop ends";
    f.getContext().diagnose(r);
  }

  LoopFacts &facts_;
  Abi &abi_;
  const Names &names_;
  std::vector<Access> &accesses_;
  std::vector<AllocaInst *> registers_;
};

}  // namespace

void check_in_runs(LoopFacts &facts, Abi &abi, const Names &names, std::vector<Access> &accesses) {
  std::vector<Run> runs = Finder(facts, accesses).find();
  if (runs.empty()) return;
  Placer(facts, abi, names, accesses).place(runs);
  erase_if(accesses, [](const Access &a) { return !a.at; });
}

}  // namespace godwit
