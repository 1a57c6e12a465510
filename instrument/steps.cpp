// Counters that the optimiser has counted in several places.
//
// Where a loop's body branches on what an earlier turn found (`whole = whole && a[i] == x`), jump threading copies the
// end of the body into both arms, the `i++` with it, and the header's phi gets a phi of two equal additions.  LLVM's
// scalar evolution sees no counter there, and so neither ranges.cpp nor runs.cpp see where the addresses go.
//
// One addition in the place of that phi is the same value: all of its operands add the same constant to the header's
// phi, which dominates every block of the loop.  What an operand promises of its additions (nuw, nsw, inbounds) is kept
// where all of them do.  Nothing is removed but the phis: an exit's comparison may use the old additions.
#include "steps.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"
#include "loops.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr unsigned kDepthMax = 4;  // phis of phis: conditions in a row; a guess

bool is_step(const Instruction &i, const PHINode &of) {
  if (i.getOpcode() == Instruction::Add) return i.getOperand(0) == &of && isa<ConstantInt>(i.getOperand(1));
  const auto *gep = dyn_cast<GetElementPtrInst>(&i);
  return gep && gep->getPointerOperand() == &of && gep->hasAllConstantIndices();
}

// Finds the additions that `value` chooses from; false if something else is among them, or two that aren't the same.
bool collect_steps(Value *value, const PHINode &of, const Loop &loop, SmallVectorImpl<Instruction *> &steps,
                   unsigned depth) {
  auto *i = dyn_cast<Instruction>(value);
  if (!i || !loop.contains(i)) return false;
  if (is_step(*i, of)) {
    if (!steps.empty() && !steps.front()->isSameOperationAs(i)) return false;
    if (!steps.empty() && !std::equal(i->op_begin(), i->op_end(), steps.front()->op_begin())) return false;
    steps.push_back(i);
    return true;
  }
  auto *phi = dyn_cast<PHINode>(i);
  return phi && phi->getParent() != of.getParent() && depth < kDepthMax &&
         all_of(phi->incoming_values(), [&](Value *v) { return collect_steps(v, of, loop, steps, depth + 1); });
}

void merge_steps_of(PHINode &counter, const Loop &loop, std::vector<Access> &accesses) {
  auto *chosen = dyn_cast<PHINode>(counter.getIncomingValueForBlock(loop.getLoopLatch()));
  if (!chosen || chosen->getParent() == loop.getHeader() || !loop.contains(chosen)) return;
  SmallVector<Instruction *, 4> steps;
  auto place = chosen->getParent()->getFirstInsertionPt();
  if (place == chosen->getParent()->end() || !collect_steps(chosen, counter, loop, steps, 0)) return;
  Instruction *step = steps.front()->clone();
  for (Instruction *other : steps) step->andIRFlags(other);
  step->dropUnknownNonDebugMetadata();
  step->setDebugLoc(steps.front()->getDebugLoc());
  step->insertBefore(place);
  for (Access &access : accesses)
    if (access.pointer == chosen) access.pointer = step;
  chosen->replaceAllUsesWith(step);
  chosen->eraseFromParent();
}

}  // namespace

void merge_steps(LoopFacts &facts, std::vector<Access> &accesses) {
  for (Loop *loop : facts.loops.getLoopsInPreorder()) {
    if (!loop->getLoopLatch() || loop->getNumBlocks() == 1) continue;
    for (PHINode &phi : loop->getHeader()->phis()) merge_steps_of(phi, *loop, accesses);
  }
}

}  // namespace godwit
