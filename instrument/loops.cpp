// What range checks and runs ask of a loop.
#include "loops.h"

#include "llvm/Analysis/InstructionSimplify.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "names.h"
#include "polls.h"

using namespace llvm;

namespace godwit {
namespace {

// The detector's calls that release and acquire nothing: of memory intrinsics, and checks.
bool is_ours(const Function &callee) {
  return callee.getName().starts_with("__gw_mem") || callee.getName().starts_with("__gw_check_");
}

// Calls that neither end a region nor fail to come back.
bool is_quiet_call(const CallBase &call) {
  if (isa<IntrinsicInst>(call)) return true;
  const Function *callee = call.getCalledFunction();
  if (!callee) return false;
  // A poll releases and acquires nothing (polls.cpp).
  return callee->getName() == kPollPlace || is_ours(*callee) || (call.onlyReadsMemory() && !call.isConvergent());
}

bool is_quiet(const Instruction &i) {
  if (i.isAtomic() || i.isVolatile()) return false;
  if (const auto *call = dyn_cast<CallBase>(&i)) {
    if (!is_quiet_call(*call)) return false;
    if (const Function *callee = call->getCalledFunction(); callee && is_ours(*callee)) return true;
  }
  return isGuaranteedToTransferExecutionToSuccessor(&i);
}

}  // namespace

LoopFacts::LoopFacts(Function &function)
    : dominators(function),
      loops(dominators),
      function_(function),
      library_impl_(Triple(function.getParent()->getTargetTriple())),
      library_(library_impl_, &function),
      assumptions_(function) {}

ScalarEvolution &LoopFacts::evolution() {
  if (!evolution_) evolution_.emplace(function_, library_, assumptions_, dominators, loops);
  return *evolution_;
}

bool LoopFacts::is_quiet(const BasicBlock *block) {
  auto [known, is_new] = quiet_.try_emplace(block, true);
  if (is_new)
    for (const Instruction &i : *block)
      if (!godwit::is_quiet(i)) {
        known->second = false;
        break;
      }
  return known->second;
}

bool LoopFacts::is_quiet(const Loop &loop) {
  for (const BasicBlock *block : loop.blocks())
    if (!is_quiet(block)) return false;
  return true;
}

void LoopFacts::make_preheaders(ArrayRef<Access> accesses) {
  SmallPtrSet<const Loop *, 8> seen;
  for (const Access &access : accesses)
    for (Loop *loop = loops.getLoopFor(access.at->getParent()); loop && seen.insert(loop).second;
         loop = loop->getParentLoop())
      if (is_quiet(*loop) && !loop->getLoopPreheader())
        InsertPreheaderForLoop(loop, &dominators, &loops, nullptr, false);
}

FirstTurn::FirstTurn(const Loop &loop) : loop_(loop), preheader_(loop.getLoopPreheader()->getTerminator()) {}

bool FirstTurn::is_of_header(const Instruction *i) const {
  return isa<PHINode>(i) && i->getParent() == loop_.getHeader();
}

bool FirstTurn::has(const Value *value, unsigned depth) const {
  if (loop_.isLoopInvariant(value)) return true;
  const auto *i = cast<Instruction>(value);
  if (is_of_header(i)) return true;
  if (isa<PHINode>(i) || i->mayReadFromMemory() || depth == kDepthMax || !isSafeToSpeculativelyExecute(i)) return false;
  return all_of(i->operands(), [&](const Use &operand) { return has(operand, depth + 1); });
}

Value *FirstTurn::of(Value *value) {
  if (loop_.isLoopInvariant(value)) return value;
  auto *i = cast<Instruction>(value);
  if (is_of_header(i)) return cast<PHINode>(i)->getIncomingValueForBlock(preheader_->getParent());
  if (Value *known = known_.lookup(i)) return known;
  Instruction *copy = i->clone();
  for (Use &operand : copy->operands()) operand = of(operand);
  copy->setDebugLoc(DebugLoc());
  copy->insertBefore(preheader_);
  Value *result = copy;
  if (Value *simple = simplifyInstruction(copy, preheader_->getDataLayout())) {
    copy->eraseFromParent();
    result = simple;
  }
  known_[i] = result;
  return result;
}

const DILocation *line_of(const Access &access) { return access.at->getDebugLoc().get(); }

bool same_line(const Access &one, const Access &other) {
  const DILocation *a = line_of(one), *b = line_of(other);
  if (a == b) return true;
  return a && b && a->getLine() == b->getLine() && a->getFile() == b->getFile() &&
         a->getScope()->getSubprogram() == b->getScope()->getSubprogram() && a->getInlinedAt() == b->getInlinedAt();
}

const DILocation *common_position(ArrayRef<const Access *> members, const Names &names) {
  const DILocation *line = line_of(*members.front());
  char op = members.front()->write ? 'w' : 'r';
  for (const Access *member : members) {
    const DILocation *other = line_of(*member);
    if (!line || !other || other->getColumn() == line->getColumn() || names.same(line, other, op)) continue;
    return DILocation::get(line->getContext(), line->getLine(), 0, line->getScope(), line->getInlinedAt());
  }
  return line;
}

}  // namespace godwit
