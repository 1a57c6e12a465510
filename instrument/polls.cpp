// A poll is a comparison of a thread-local word with zero and a cold branch to a thunk that keeps every register
// (runtime/poll.c): two instructions that need no register, `cmpl $0, %fs:__gw_poll@TPOFF; jne`.  The monitor sets the
// word when the goroutine has had its slice and others wait.
//
// Which loops poll.  All of this is about cost: what polls too seldom only keeps its thread, and the monitor has others
// run on another one.
// - Not those that make a few turns, nor what the vectoriser left of a loop for the end.
// - A loop around others polls at its latch, the outer two of a nest.
// - An innermost one that *progresses*, as one of its exits depends on a variable that changes from turn to turn, is
// left
//   alone if a loop around it polls, or if it walks over memory: it ends with the array or the list.  So the kernels of
//   nests stay as they are, and small functions that search or copy.  (With polls in the latter, compiling zstd took 5
//   to 10% longer.)
// - An innermost one that progresses without either, and counts towards a bound, is cut into strips: the inner loop is
// as
//   before but for the bound, and polls stand between strips of some thousand turns.
// - All others poll at their latch: those that wait for memory to change, follow pointers, or search.
//
// Thread-locals.  The optimiser may keep a thread's address, or a thread-local variable's value, in a register over a
// loop that has no call.  So where a function names a thread-local variable, its loops get a call at the pipeline's
// start, which nothing is kept over, and that is made a poll here.  A loop without such a call in a function that has
// thread's addresses all the same, as others were inlined into it, doesn't poll.  errno needs none of this: its address
// is asked for at each use (prepare.cpp), and its value goes with the goroutine.
//
// The race detector.  A poll switches and does nothing else: it releases and acquires nothing.  So the goroutine's
// clock and its open epoch are the same before and behind it, and what stands for an access on the other side still
// does:
// - A check that was skipped because the open epoch has recorded the access: the epoch is the goroutine's, not the
//   thread's, and a switch doesn't close it; open ids are never renamed.  Others that run meanwhile could have run on
//   another processor just as well.
// - A range that was claimed before a loop, and a run that is claimed behind it: between claim and access lies no
//   release, no acquire and no free by this goroutine.  That the process may end while it waits is true anywhere.
//   Polls are put in when ranges and runs are settled, and don't disturb them.
// - The read plane is the thread's.  After a switch the old plane would still give right answers, as a cell that shows
//   the own epoch was recorded by oneself, but would hit no more: so a region ends at the call (check.cpp), where both
//   are loaded again, on the cold side only.
#include "polls.h"

#include "abi.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "prepare.h"
#include "strips.h"
#include "tls.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr StringLiteral kDone = "godwit-polls";
constexpr uint64_t kShort = 64;  // turns of a loop that needs no poll; a guess
constexpr unsigned kDeep = 2;    // what lies deeper in a nest gains nothing by polls; a guess

bool is_place(const Instruction &i) {
  const auto *call = dyn_cast<CallInst>(&i);
  return call && call->getCalledFunction() && call->getCalledFunction()->getName() == kPollPlace;
}

bool names_thread_locals(const Function &f) {
  return any_of(instructions(f), [](const Instruction &i) {
    const auto *address = dyn_cast<IntrinsicInst>(&i);
    return address && address->getIntrinsicID() == Intrinsic::threadlocal_address &&
           !address->getArgOperand(0)->getName().starts_with(kEntryPrefix);
  });
}

// In the block from which the loop goes back; or in the header, if there are several.
Instruction *poll_point(const Loop &loop) {
  if (BasicBlock *latch = loop.getLoopLatch()) return latch->getTerminator();
  BasicBlock::iterator at = loop.getHeader()->getFirstInsertionPt();
  return at == loop.getHeader()->end() ? nullptr : &*at;
}

class Polls {
 public:
  Polls(Function &f, Abi &abi) : f_(f), abi_(abi), dominators_(f), loops_(dominators_) {}

  void place() {
    keep_out_ = has_thread_addresses();
    find_places();
    for (Loop *loop : loops_) decide(*loop, false);
    for (const Strip &strip : strips_) points_.push_back(cut_into_strips(strip));
    for (Instruction *at : points_) poll(at);
    for (CallInst *place : places_) place->eraseFromParent();
    remark();
  }

 private:
  bool has_thread_addresses() const {
    return any_of(instructions(f_), [](const Instruction &i) { return is_thread_address(i); });
  }

  void find_places() {
    for (Instruction &i : instructions(f_))
      if (is_place(i)) {
        places_.push_back(cast<CallInst>(&i));
        marked_.insert(loops_.getLoopFor(i.getParent()));
      }
  }

  // `covered`: a loop around this one polls.
  void decide(Loop &loop, bool covered) {
    bool polls = covered;
    if (!is_short(loop) && (!keep_out_ || marked_.contains(&loop))) polls |= choose(loop, covered);
    for (Loop *inner : loop) decide(*inner, polls);
  }

  // True if it polls now.
  bool choose(Loop &loop, bool covered) {
    if (loop.isInnermost() && progresses(loop, covered)) {
      if (covered || is_remainder(loop) || walks_memory(loop)) return false;
      if (auto strip = find_strip(loop)) {
        strips_.push_back(*strip);
        return true;
      }
    }
    if (covered && loop.getLoopDepth() > kDeep && progresses(loop, true)) return false;
    Instruction *at = poll_point(loop);
    if (!at) return false;
    if (!is_contained(points_, at)) points_.push_back(at);
    return true;
  }

  static bool is_short(const Loop &loop) {
    for (auto *block : exiting_blocks(loop)) {
      auto turns = turns_until(loop, *block);
      if (turns && *turns <= kShort) return true;
    }
    return false;
  }

  void poll(Instruction *at) {
    IRBuilder<> b(at);
    Value *wanted = b.CreateICmpNE(load_word(b), b.getInt32(0), "gw.poll");
    MDNode *weights = MDBuilder(b.getContext()).createUnlikelyBranchWeights();
    Instruction *cold = SplitBlockAndInsertIfThen(wanted, at->getIterator(), false, weights);
    cold->getParent()->setName("gw.switch");
    IRBuilder<> cb(cold);
    cb.SetCurrentDebugLocation(at->getDebugLoc());
    abi_.call(cb, "__gw_poll_switch", {});
    polls_++;
  }

  // Volatile: other threads write it, and it is compared in memory all the same.
  Value *load_word(IRBuilder<> &b) {
    GlobalVariable &word = *abi_.poll();
    if (!abi_.may_be_shared())
      return b.CreateAlignedLoad(b.getInt32Ty(), b.CreateThreadLocalAddress(&word), Align(8), true, "gw.wanted");
    Value *at = b.CreateIntToPtr(thread_offset(b, word), b.getPtrTy(kThreadSegment));
    return b.CreateAlignedLoad(b.getInt32Ty(), at, Align(8), true, "gw.wanted");
  }

  void remark() {
    if (!polls_ || !f_.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
    OptimizationRemark r("godwit", "Polls", DiagnosticLocation(f_.getSubprogram()), &f_.getEntryBlock());
    r << DiagnosticInfoOptimizationBase::Argument("Polls", polls_) << " preemption polls, "
      << DiagnosticInfoOptimizationBase::Argument("Strips", (unsigned)strips_.size()) << " between strips of a loop";
    f_.getContext().diagnose(r);
  }

  Function &f_;
  Abi &abi_;
  DominatorTree dominators_;
  LoopInfo loops_;
  bool keep_out_ = false;  // thread's addresses are about: only loops with a place may poll
  SmallVector<CallInst *, 4> places_;
  SmallPtrSet<const Loop *, 4> marked_;  // loops with a place directly in them
  SmallVector<Instruction *, 8> points_;
  SmallVector<Strip, 2> strips_;
  unsigned polls_ = 0;
};

}  // namespace

void keep_places_for_polls(Module &m) {
  for (Function &f : m) {
    if (f.isDeclaration() || !is_instrumented(f) || !names_thread_locals(f)) continue;
    DominatorTree dominators(f);
    LoopInfo loops(dominators);
    if (loops.empty()) continue;
    FunctionCallee place = m.getOrInsertFunction(kPollPlace, Type::getVoidTy(m.getContext()));
    auto *callee = cast<Function>(place.getCallee());
    callee->setDoesNotThrow();
    callee->setWillReturn();
    for (Loop *loop : loops.getLoopsInPreorder())
      if (Instruction *at = poll_point(*loop)) {
        IRBuilder<> b(at);
        b.CreateCall(place);
      }
  }
}

void place_polls(Function &f, Abi &abi) {
  if (f.hasFnAttribute(kDone)) return;
  f.addFnAttr(kDone);
  if (f.size() == 1 && none_of(instructions(f), is_place) && succ_empty(&f.getEntryBlock())) return;
  Polls(f, abi).place();
}

}  // namespace godwit
