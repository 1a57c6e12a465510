// Strip-mining: `do body; while (++i != n);` becomes
//
//   do {
//     limit = n - i > S ? i + S : n;
//     do body; while (++i != limit);
//   } while (limit != n);
//
// with i and n as the machine has them, wrapped around where they wrap around.  It turns exactly as often as before:
// with steps of s, i takes the values i + s, i + 2s, ..., i + Ss, and none of those can be n when the distance from i
// to n, in the direction of s and modulo the size of the word, is more than Ss + s.  Where the distance is less the
// loop is what it was.  `i < n` and its like are taken too: there the distance means something if that holds for the
// strip's first i.
//
// No analysis of LLVM's is asked for more than where loops are: all functions come here, and most of them gain nothing.
#include "strips.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Operator.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace godwit {
namespace {

cl::opt<unsigned> strip_turns("godwit-strip", cl::init(4096),  // some microseconds
                              cl::desc("Turns between two polls of a loop that is cut into strips"));
constexpr int64_t kStepMax = 1 << 16;          // so that a strip is far less than a word of 32 bits
constexpr unsigned kDepthMax = 6, kMost = 32;  // of what an exit depends on: steps back, values looked at; guesses

// value = base + distance, in bytes for pointers.
struct Moved {
  Value *base;
  int64_t distance;
};

Moved strip_constant(Value *value) {
  const APInt *c;
  Value *base;
  if (match(value, m_Add(m_Value(base), m_APInt(c))) && c->getSignificantBits() <= 32) return {base, c->getSExtValue()};
  if (auto *gep = dyn_cast<GEPOperator>(value)) {
    const DataLayout &layout = cast<Instruction>(value)->getDataLayout();
    APInt offset(layout.getIndexTypeSizeInBits(gep->getType()), 0);
    if (gep->accumulateConstantOffset(layout, offset) && offset.getSignificantBits() <= 32)
      return {gep->getPointerOperand(), offset.getSExtValue()};
  }
  return {value, 0};
}

bool is_header_phi(const Loop &loop, const Value *v) {
  const auto *phi = dyn_cast<PHINode>(v);
  return phi && phi->getParent() == loop.getHeader();
}

// How far the phi of the loop's header moves at each turn; 0 if that can't be told.
int64_t step_of(const Loop &loop, const PHINode &phi) {
  BasicBlock *latch = loop.getLoopLatch();
  if (!latch || (!phi.getType()->isIntegerTy() && !phi.getType()->isPointerTy())) return 0;
  Value *next = phi.getIncomingValueForBlock(latch);
  if (!isa<Instruction>(next)) return 0;
  Moved moved = strip_constant(next);
  return moved.base == &phi ? moved.distance : 0;
}

struct Test {
  ICmpInst *compare;
  ICmpInst::Predicate stays;  // the moving variable, on the left, is so to the bound while the loop goes on
  PHINode *phi;
  int64_t ahead, step;
  unsigned bound_operand;
};

// The comparison of a moving variable with a bound that decides whether this block leaves the loop.
std::optional<Test> test_of(const Loop &loop, BasicBlock &exiting) {
  auto *branch = dyn_cast<BranchInst>(exiting.getTerminator());
  if (!branch || !branch->isConditional()) return std::nullopt;
  auto *compare = dyn_cast<ICmpInst>(branch->getCondition());
  if (!compare || !loop.contains(compare)) return std::nullopt;
  for (unsigned side : {0u, 1u}) {
    Value *value = compare->getOperand(side);
    if (!loop.isLoopInvariant(compare->getOperand(1 - side)) || !isa<Instruction>(value)) continue;
    Moved moved = strip_constant(value);
    if (!is_header_phi(loop, moved.base)) continue;
    auto *phi = cast<PHINode>(moved.base);
    ICmpInst::Predicate stays = side == 0 ? compare->getPredicate() : compare->getSwappedPredicate();
    if (!loop.contains(branch->getSuccessor(0))) stays = CmpInst::getInversePredicate(stays);
    if (int64_t step = step_of(loop, *phi)) return Test{compare, stays, phi, moved.distance, step, 1 - side};
  }
  return std::nullopt;
}

bool leads_to_bound(const Test &test) {
  switch (test.stays) {
    case ICmpInst::ICMP_NE:
      return true;
    case ICmpInst::ICMP_SLT:
    case ICmpInst::ICMP_SLE:
    case ICmpInst::ICMP_ULT:
    case ICmpInst::ICMP_ULE:
      return test.step > 0;
    case ICmpInst::ICMP_SGT:
    case ICmpInst::ICMP_SGE:
    case ICmpInst::ICMP_UGT:
    case ICmpInst::ICMP_UGE:
      return test.step < 0;
    default:
      return false;
  }
}

// `any`: on a variable that changes at all.
bool depends_on_moving(const Loop &loop, Value *value, bool any, SmallPtrSetImpl<Value *> &seen, unsigned depth) {
  auto *i = dyn_cast<Instruction>(value);
  if (!i || !loop.contains(i) || depth > kDepthMax || seen.size() > kMost || !seen.insert(i).second) return false;
  if (is_header_phi(loop, i)) return any || step_of(loop, *cast<PHINode>(i)) != 0;
  if (isa<CallBase>(i) && !isa<IntrinsicInst>(i)) return false;
  return any_of(i->operands(), [&](Value *v) { return depends_on_moving(loop, v, any, seen, depth + 1); });
}

Value *bytes_from(IRBuilder<> &b, Value *from, Value *to) {
  if (!from->getType()->isPointerTy()) return b.CreateSub(to, from);
  Type *word = b.getInt64Ty();
  return b.CreateSub(b.CreatePtrToInt(to, word), b.CreatePtrToInt(from, word));
}

Value *moved_by(IRBuilder<> &b, Value *value, int64_t distance) {
  if (distance == 0) return value;
  if (value->getType()->isPointerTy()) return b.CreatePtrAdd(value, b.getInt64((uint64_t)distance));
  return b.CreateAdd(value, ConstantInt::get(value->getType(), (uint64_t)distance, true));
}

}  // namespace

SmallVector<BasicBlock *, 4> exiting_blocks(const Loop &loop) {
  SmallVector<BasicBlock *, 4> blocks;
  loop.getExitingBlocks(blocks);
  return blocks;
}

std::optional<uint64_t> turns_until(const Loop &loop, BasicBlock &exiting) {
  auto test = test_of(loop, exiting);
  if (!test || !test->phi->getType()->isIntegerTy()) return std::nullopt;
  BasicBlock *before = loop.getLoopPredecessor();
  const auto *start = before ? dyn_cast<ConstantInt>(test->phi->getIncomingValueForBlock(before)) : nullptr;
  const APInt *bound = nullptr;
  Value *end = test->compare->getOperand(test->bound_operand);
  bool known = match(end, m_APInt(bound)) || match(end, m_And(m_Value(), m_APInt(bound)));  // an unrolled loop's rest
  if (!start || !known || start->getBitWidth() > 64) return std::nullopt;
  // Exact for equality; one off at most for the others, which is near enough.  A loop that runs away from its bound
  // gives a number that is too large.
  APInt way = *bound - start->getValue() - APInt(start->getBitWidth(), (uint64_t)test->ahead, true);
  if (test->step < 0) way = -way;
  return way.getZExtValue() / (uint64_t)std::abs(test->step) + 1;
}

bool is_remainder(const Loop &loop) {
  if (!getBooleanLoopAttribute(&loop, "llvm.loop.isvectorized")) return false;
  return none_of(loop.blocks(), [](const BasicBlock *block) {
    return any_of(*block, [](const Instruction &i) {
      return i.getType()->isVectorTy() ||
             any_of(i.operands(), [](const Value *v) { return v->getType()->isVectorTy(); });
    });
  });
}

bool progresses(const Loop &loop, bool somehow) {
  for (BasicBlock *block : exiting_blocks(loop)) {
    SmallPtrSet<Value *, 16> seen;
    Instruction *end = block->getTerminator();
    Value *condition = nullptr;
    if (auto *branch = dyn_cast<BranchInst>(end); branch && branch->isConditional()) condition = branch->getCondition();
    if (auto *choice = dyn_cast<SwitchInst>(end)) condition = choice->getCondition();
    if (condition && depends_on_moving(loop, condition, somehow, seen, 0)) return true;
  }
  return false;
}

bool walks_memory(const Loop &loop) {
  for (BasicBlock *block : loop.blocks())
    for (Instruction &i : *block)
      if (Value *pointer = const_cast<Value *>(getLoadStorePointerOperand(&i))) {
        SmallPtrSet<Value *, 16> seen;
        if (depends_on_moving(loop, pointer, true, seen, 0)) return true;
      }
  return false;
}

std::optional<Strip> find_strip(const Loop &loop) {
  BasicBlock *latch = loop.getLoopLatch(), *header = loop.getHeader();
  if (!latch || !header->hasNPredecessors(2) || !loop.isLoopExiting(latch)) return std::nullopt;
  auto test = test_of(loop, *latch);
  if (!test || !test->compare->hasOneUse() || !leads_to_bound(*test)) return std::nullopt;
  Type *type = test->phi->getType();
  if (type->isIntegerTy() && type->getIntegerBitWidth() != 32 && type->getIntegerBitWidth() != 64) return std::nullopt;
  if (std::abs(test->step) > kStepMax) return std::nullopt;
  Value *bound = test->compare->getOperand(test->bound_operand);
  return {{header, latch, test->phi, bound, test->compare, test->bound_operand, test->stays, test->step, test->ahead}};
}

// Not kept in Strip: the end of another strip may have come between.
static BasicBlock *block_before(const Strip &strip) {
  for (BasicBlock *block : predecessors(strip.header))
    if (block != strip.latch) return block;
  llvm_unreachable("a loop that nothing enters");
}

Instruction *cut_into_strips(const Strip &strip) {
  LLVMContext &c = strip.header->getContext();
  Function *f = strip.header->getParent();
  BasicBlock *before = block_before(strip);
  auto *branch = cast<BranchInst>(strip.latch->getTerminator());
  BasicBlock *begin = BasicBlock::Create(c, "gw.strip", f, strip.header);
  BasicBlock *end = BasicBlock::Create(c, "gw.strip.end", f), *again = BasicBlock::Create(c, "gw.strip.again", f);
  unsigned out = branch->getSuccessor(0) == strip.header ? 1 : 0;
  BasicBlock *exit = branch->getSuccessor(out);

  IRBuilder<> b(begin);
  b.SetCurrentDebugLocation(branch->getDebugLoc());
  Value *moving = nullptr;
  for (PHINode &phi : strip.header->phis()) {
    PHINode *outer = b.CreatePHI(phi.getType(), 2);
    outer->addIncoming(phi.getIncomingValueForBlock(before), before);
    outer->addIncoming(phi.getIncomingValueForBlock(strip.latch), again);
    phi.setIncomingValue((unsigned)phi.getBasicBlockIndex(before), outer);
    phi.replaceIncomingBlockWith(before, begin);
    if (&phi == strip.moving) moving = outer;
  }
  Value *at = moved_by(b, moving, strip.ahead);
  Value *way = strip.step > 0 ? bytes_from(b, at, strip.bound) : bytes_from(b, strip.bound, at);
  int64_t length = strip.step * (int64_t)strip_turns;
  Value *far =
      b.CreateICmpUGT(way, ConstantInt::get(way->getType(), (uint64_t)(std::abs(length) + std::abs(strip.step))));
  if (strip.stays != ICmpInst::ICMP_NE) far = b.CreateAnd(far, b.CreateICmp(strip.stays, at, strip.bound));
  Value *limit = b.CreateSelect(far, moved_by(b, at, length), strip.bound, "gw.limit");
  b.CreateBr(strip.header);

  before->getTerminator()->replaceSuccessorWith(strip.header, begin);
  strip.test->setOperand(strip.bound_operand, limit);
  branch->setSuccessor(out, end);
  exit->replacePhiUsesWith(strip.latch, end);
  b.SetInsertPoint(end);
  b.CreateCondBr(b.CreateICmpEQ(limit, strip.bound), exit, again);
  b.SetInsertPoint(again);
  return b.CreateBr(begin);
}

}  // namespace godwit
