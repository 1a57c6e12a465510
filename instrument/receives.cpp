// A receive writes into a variable of the user's, which the runtime tells the detector: only the pass sees whether
// another goroutine can know the variable at all.  Where none can, the call goes to a version of the runtime's that
// says nothing, and an epoch in which a goroutine does nothing but receive stays empty.
#include "receives.h"

#include "access.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace godwit {
namespace {

struct Receive {
  StringLiteral name, quiet;  // either has the destination as its second argument
};
constexpr Receive kReceives[] = {{"gw__chan_recv", "gw__chan_recv_own"}, {"gw__select_take", "gw__select_take_own"}};

const Receive *receive_of(const CallBase &call) {
  const Function *callee = call.getCalledFunction();
  if (!callee || !callee->isDeclaration() || call.arg_size() < 2) return nullptr;
  for (const Receive &r : kReceives)
    if (callee->getName() == r.name) return &r;
  return nullptr;
}

void redirect(CallBase &call, StringRef name) {
  Function *loud = call.getCalledFunction();
  FunctionCallee quiet = loud->getParent()->getOrInsertFunction(name, loud->getFunctionType(), loud->getAttributes());
  call.setCalledFunction(quiet);
}

}  // namespace

void quiet_receives(Function &f, Sharing &sharing) {
  for (Instruction &i : instructions(f)) {
    auto *call = dyn_cast<CallBase>(&i);
    const Receive *r = call ? receive_of(*call) : nullptr;
    if (r && !sharing.may_be_shared(call->getArgOperand(1))) redirect(*call, r->quiet);
  }
}

}  // namespace godwit
