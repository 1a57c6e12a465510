// Source lines for accesses that lost theirs.
//
// An optimiser that moves an access out of a loop, or makes one store of two, drops the line or says line 0.  A report
// without a line is of little use, so the access gets one of those that it stands for: of an access to the same address
// that is left in the function; of one to the same variable that the function had at the beginning; else the nearest
// one in its block that lies in the same inlined copy, or in one that was inlined there (a barrier, say: then it is the
// line of that call); else the nearest one; else the function's first.
#include "lines.h"

#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace godwit {
namespace {

bool has_line(const Instruction &i) { return i.getDebugLoc() && i.getDebugLoc().getLine(); }

struct Variable {
  const GlobalVariable *object;
  int64_t offset;  // bytes
};

Variable variable_of(const Value *pointer, const DataLayout &layout) {
  APInt offset(64, 0);
  const Value *base = pointer->stripAndAccumulateConstantOffsets(layout, offset, true);
  return {dyn_cast<GlobalVariable>(base), offset.getSExtValue()};
}

// `line`, seen from where `access` stands now: in the same inlined copy.
const DILocation *in_place(const DILocation *line, const Instruction &access) {
  const DILocation *now = access.getDebugLoc().get();
  return DILocation::get(access.getContext(), line->getLine(), line->getColumn(), line->getScope(),
                         now ? now->getInlinedAt() : nullptr);
}

using Taker = function_ref<const DILocation *(const DILocation *)>;

// Of the lines before it in its block, from the nearest on, then of those behind it, the first that is taken.
const DILocation *first_in_block(const Instruction &access, Taker take) {
  for (const Instruction *i = access.getPrevNode(); i; i = i->getPrevNode())
    if (const DILocation *line = has_line(*i) ? take(i->getDebugLoc().get()) : nullptr) return line;
  for (const Instruction *i = access.getNextNode(); i; i = i->getNextNode())
    if (const DILocation *line = has_line(*i) ? take(i->getDebugLoc().get()) : nullptr) return line;
  return nullptr;
}

// Where `line`, or what it was inlined into, stands in the inlined copy that `access` is in; null: elsewhere.
const DILocation *within_copy(const DILocation *line, const Instruction &access) {
  const DILocation *now = access.getDebugLoc().get();
  for (; now && line; line = line->getInlinedAt())
    if (line->getLine() && line->getInlinedAt() == now->getInlinedAt() &&
        line->getScope()->getSubprogram() == now->getScope()->getSubprogram())
      return in_place(line, access);
  return nullptr;
}

const DILocation *nearest_in_block(const Instruction &access) {
  const DILocation *line = first_in_block(access, [&](const DILocation *l) { return within_copy(l, access); });
  return line ? line : first_in_block(access, [](const DILocation *l) { return l; });
}

}  // namespace

void Lines::learn(Module &module) {
  const DataLayout &layout = module.getDataLayout();
  for (Function &f : module) {
    if (!f.getSubprogram()) continue;
    for (Instruction &i : instructions(f)) {
      const Value *pointer = getLoadStorePointerOperand(&i);
      if (!pointer || !has_line(i)) continue;
      Variable v = variable_of(pointer, layout);
      if (v.object) lines_.try_emplace(Key{f.getSubprogram(), v.object, v.offset, isa<StoreInst>(i)}, i.getDebugLoc());
    }
  }
}

const DILocation *Lines::remembered(const Access &access, const Function &f) const {
  Variable v = variable_of(access.pointer, f.getDataLayout());
  if (!v.object) return nullptr;
  const DILocation *now = access.at->getDebugLoc().get();
  const DISubprogram *written_in = now ? now->getScope()->getSubprogram() : f.getSubprogram();
  for (bool write : {access.write, !access.write}) {
    auto found = lines_.find(Key{written_in, v.object, v.offset, write});
    if (found != lines_.end()) return in_place(found->second, *access.at);
  }
  return nullptr;
}

void Lines::settle(Function &f, Work &work) const {
  if (!f.getSubprogram()) return;
  DenseMap<const Value *, const DILocation *> left;
  for (const Access &access : work.plain)
    if (has_line(*access.at)) left.try_emplace(access.pointer, access.at->getDebugLoc().get());
  for (const Access &access : work.plain) {
    if (has_line(*access.at)) continue;
    const DILocation *line = left.lookup(access.pointer);
    if (!line) line = remembered(access, f);
    if (!line) line = nearest_in_block(*access.at);
    if (!line) line = DILocation::get(f.getContext(), f.getSubprogram()->getScopeLine(), 0, f.getSubprogram());
    access.at->setDebugLoc(line);
  }
}

}  // namespace godwit
