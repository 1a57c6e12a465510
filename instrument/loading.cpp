// Constructors of a library run in the thread that loads it first, under the loader's lock; whoever else opens it comes
// after them.  dlopen can't be wrapped, as it looks at its caller's address: so constructors say that they have run,
// and callers of dlopen that it has returned.
#include "loading.h"

#include "abi.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/AtomicOrdering.h"

using namespace llvm;

namespace godwit {
namespace {

// One for the process: an executable's is exported as all names that begin so are, and libraries use that.
GlobalVariable *word(Module &m) {
  constexpr StringLiteral name = "__gw_loading";
  if (GlobalVariable *known = m.getGlobalVariable(name)) return known;
  auto *type = Type::getInt8Ty(m.getContext());
  return new GlobalVariable(m, type, false, GlobalValue::WeakAnyLinkage, ConstantInt::get(type, 0), name);
}

void says_that_it_has_run(Function &constructor, Abi &abi) {
  for (BasicBlock &block : constructor) {
    if (!isa<ReturnInst>(block.getTerminator())) continue;
    IRBuilder<> b(block.getTerminator());
    abi.call(b, "__gw_atomic8_fetch_add",
             {word(abi.module()), b.getInt8(1), b.getInt32((int)AtomicOrderingCABI::release)});
  }
}

void constructors(Module &m, Abi &abi) {
  const GlobalVariable *list = m.getGlobalVariable("llvm.global_ctors");
  const auto *all = list && list->hasInitializer() ? dyn_cast<ConstantArray>(list->getInitializer()) : nullptr;
  for (unsigned i = 0; all && i < all->getNumOperands(); i++) {
    auto *f = dyn_cast<Function>(cast<Constant>(all->getOperand(i))->getOperand(1)->stripPointerCasts());
    if (f && !f->isDeclarationForLinker() && !f->getName().starts_with(kEntryPrefix)) says_that_it_has_run(*f, abi);
  }
}

void callers(Function *open, Abi &abi) {
  if (!open || !open->isDeclarationForLinker()) return;
  for (User *user : open->users()) {
    auto *call = dyn_cast<CallInst>(user);
    if (!call || call->getCalledFunction() != open || call->isMustTailCall()) continue;
    IRBuilder<> b(call->getNextNode());
    abi.call(b, "__gw_atomic8_load", {word(abi.module()), b.getInt32((int)AtomicOrderingCABI::acquire)});
  }
}

}  // namespace

void order_loading(Module &m, Abi &abi) {
  constructors(m, abi);
  callers(m.getFunction("dlopen"), abi);
  callers(m.getFunction("dlmopen"), abi);
}

}  // namespace godwit
