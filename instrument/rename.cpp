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

// Words that a program may well use for functions of its own in another module: the call must look like libc's.  First
// the result: i is 32 bits, l is 64, p a pointer.
struct Plain {
  StringRef name, type;
};
constexpr Plain kPlain[] = {{"accept", "iipp"}, {"bind", "iipi"},     {"close", "ii"},     {"connect", "iipi"},
                            {"dup", "ii"},      {"index", "ppi"},     {"listen", "iii"},   {"pipe", "ip"},
                            {"poll", "ipli"},   {"read", "lipl"},     {"realpath", "ppp"}, {"recv", "lipli"},
                            {"rindex", "ppi"},  {"select", "iipppp"}, {"send", "lipli"},   {"signal", "pip"},
                            {"stat", "ipp"},    {"time", "lp"},       {"times", "lp"},     {"uname", "ip"},
                            {"wait", "ip"},     {"write", "lipl"}};

char letter(const Type *t) {
  return t->isPointerTy() ? 'p' : t->isIntegerTy(32) ? 'i' : t->isIntegerTy(64) ? 'l' : '?';
}

bool looks_right(const Function &f, StringRef name) {
  const auto *known = find_if(kPlain, [&](const Plain &p) { return p.name == name; });
  const bool prototyped = !f.isVarArg() || f.getFunctionType()->getNumParams() != 0;
  if (known == std::end(kPlain) || !prototyped) return true;
  std::string type(1, letter(f.getReturnType()));
  for (const Type *t : f.getFunctionType()->params()) type += letter(t);
  return type == known->type;
}

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
      if (f && f->isDeclarationForLinker() && !f->use_empty() && looks_right(*f, name)) rename(m, *f, name);
    }
  }
}

}  // namespace godwit
