// Calls and addresses of intercepted functions go to the detector's versions by name, so that static links work and no
// symbol of libc is replaced.
//
// It is the declaration that is renamed, so a call, a pointer in a table, an __asm__ label and what the optimiser made
// of other calls (strlen, bcmp, stpcpy) are all meant.  A name that the module defines is the user's own.
#include "rename.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr const char *kIntercepted[] = {
#define GW_INTERCEPT(name) #name,
#include "godwit/intercept.inc"
};

void rename(Module &m, Function &f, StringRef name) {
  // An inline definition that the linker would take from elsewhere anyway.
  if (!f.isDeclaration()) f.deleteBody();
  std::string to = ("__gw_i_" + name).str();
  if (GlobalValue *known = m.getNamedValue(to); known && known != &f) {
    f.replaceAllUsesWith(known);
    f.eraseFromParent();
    return;
  }
  f.setName(to);
  // The detector's version is more than the library function: no optimiser may draw on the old one's attributes.
  f.removeFnAttr(Attribute::Memory);
  for (User *user : f.users())
    if (auto *call = dyn_cast<CallBase>(user)) call->removeFnAttr(Attribute::Memory);
}

}  // namespace

void rename_intercepted(Module &m) {
  for (StringRef name : kIntercepted) {
    // A label given by __asm__ may carry the mark for "as it is".
    for (const std::string &spelling : {name.str(), "\01" + name.str()}) {
      auto *f = dyn_cast_or_null<Function>(m.getNamedValue(spelling));
      if (f && f->isDeclarationForLinker() && !f->use_empty()) rename(m, *f, name);
    }
  }
}

}  // namespace godwit
