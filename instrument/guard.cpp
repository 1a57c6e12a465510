// Loads that only count on some paths.
//
// sanitize_thread stops most of the optimiser's speculation, but some transformations ask only whether a load could
// fault, and read what the source doesn't:
// - a load of a selected address becomes a selection of two loads;
// - a masked vector load of memory that is known to be there becomes a whole load and a selection by lane;
// - a vectorised loop over one field of a struct loads the other fields too ("interleaved accesses with gaps");
// - a variable that a loop reads and writes under a condition is read before the loop ("promotion").
// The first two leave a load whose value is only ever chosen or dropped.  A value that is dropped was not read by the
// source, or its loss is of no consequence (a dead load is no access): such a load is checked under the condition that
// chooses it.  The others leave no trace, so they are switched off.
#include "guard.h"

#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "memory.h"

using namespace llvm;

namespace godwit {
namespace {

// What makes accesses that leave no trace, as clang's -mllvm options.
constexpr std::pair<const char *, const char *> kSwitchedOff[] = {
    {"enable-interleaved-mem-accesses", "false"},
    {"disable-licm-promotion", "true"},
};
constexpr unsigned kMaxDistance = 64;  // instructions between a load and its selection; a guess

// The selection that `value` goes to as a candidate, or NULL.
SelectInst *selection_of(const Use &use) {
  auto *select = dyn_cast<SelectInst>(use.getUser());
  return select && use.getOperandNo() != 0 ? select : nullptr;
}

// Follows a value that has one user, through casts, to where it is chosen.
const Use *last_use(const Use &use) {
  auto *cast = dyn_cast<CastInst>(use.getUser());
  return cast && cast->hasOneUse() ? last_use(*cast->use_begin()) : &use;
}

// In the block of the load, with nothing between that another thread could tell time by.
bool is_close(const Instruction &load, const Instruction &select) {
  if (load.getParent() != select.getParent()) return false;
  unsigned distance = 0;
  for (const Instruction *i = load.getNextNode(); i != &select; i = i->getNextNode())
    if (!i || ends_region(*i) || ++distance > kMaxDistance) return false;
  return true;
}

bool same_shape(const LoadInst &load, const Type *condition) {
  if (condition->isIntegerTy(1)) return true;
  const auto *lanes = dyn_cast<FixedVectorType>(condition), *data = dyn_cast<FixedVectorType>(load.getType());
  return lanes && data && lanes->getNumElements() == data->getNumElements();
}

// The condition under which `use` is chosen, at the last selection on its way.
struct Choice {
  Value *condition;
  Instruction *at;
};

Choice choice_of(const Use &first, const LoadInst &load) {
  const Use *use = last_use(first);
  SelectInst *select = selection_of(*use);
  IRBuilder<> b(select);
  auto wanted = [&b](SelectInst *s, const Use &u) {
    return u.getOperandNo() == 1 ? s->getCondition() : b.CreateNot(s->getCondition());
  };
  Choice choice{wanted(select, *use), select};
  while (select->getCondition()->getType()->isIntegerTy(1) && select->hasOneUse()) {
    const Use *next = last_use(*select->use_begin());
    SelectInst *outer = selection_of(*next);
    if (!outer || !outer->getCondition()->getType()->isIntegerTy(1) || !is_close(load, *outer)) break;
    b.SetInsertPoint(outer);
    // An inner condition may be poison where the outer one is false.
    choice = {b.CreateSelect(wanted(outer, *next), choice.condition, b.getFalse()), outer};
    select = outer;
  }
  return choice;
}

}  // namespace

bool is_guarded(const LoadInst &load) {
  if (load.use_empty() || load.isVolatile()) return false;
  for (const Use &use : load.uses()) {
    const SelectInst *select = selection_of(*last_use(use));
    if (!select || !same_shape(load, select->getCondition()->getType()) || !is_close(load, *select)) return false;
  }
  return true;
}

void expand_guarded(LoadInst *load, Work &work) {
  SmallVector<const Use *, 2> uses;
  for (const Use &use : load->uses()) uses.push_back(&use);
  for (const Use *use : uses) {
    Choice choice = choice_of(*use, *load);
    if (choice.condition->getType()->isVectorTy()) {
      expand_lanes(load, choice.condition, choice.at, work);
      continue;
    }
    Instruction *at = SplitBlockAndInsertIfThen(choice.condition, choice.at, false);
    at->setDebugLoc(load->getDebugLoc());
    uint64_t size = load->getDataLayout().getTypeStoreSize(load->getType()).getFixedValue();
    work.plain.push_back({at, load->getPointerOperand(), nullptr, size, load->getAlign(), false});
  }
}

void forbid_inventions() {
  auto &options = cl::getRegisteredOptions();
  for (auto [name, value] : kSwitchedOff) {
    auto option = options.find(name);
    if (option == options.end()) report_fatal_error(Twine("godwit: this LLVM has no option ") + name);
    if (!option->second->getNumOccurrences()) option->second->addOccurrence(0, name, value);
  }
}

}  // namespace godwit
