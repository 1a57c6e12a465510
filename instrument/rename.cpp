// Calls and addresses of intercepted functions go to the detector's versions by name, so that static links work and no
// symbol of libc is replaced.
//
// It is the declaration that is renamed, so a call, a pointer in a table, an __asm__ label and what the optimiser made
// of other calls (strlen, bcmp, stpcpy) are all meant.  A name that the module defines is the user's own.
#include "rename.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr const char *kIntercepted[] = {
#define GW_INTERCEPT(name) #name,
#include "godwit/intercept.inc"
};

constexpr const char *kLinked[] = {
#define GW_INTERCEPT(name)
#define GW_INTERCEPT_LINKED(name) #name,
#include "godwit/intercept.inc"
};

// Words that a program may well use for functions of its own, in another module: the call must look like libc's.  First
// the result: i is 32 bits, l is 64, p a pointer, v nothing.
struct Plain {
  StringRef name, type;
};
constexpr Plain kPlain[] = {{"accept", "iipp"},
                            {"accept4", "iippi"},
                            {"access", "ipi"},
                            {"bind", "iipi"},
                            {"bzero", "vpl"},
                            {"call_once", "vpp"},
                            {"chdir", "ip"},
                            {"chmod", "ipi"},
                            {"clearenv", "i"},
                            {"close", "ii"},
                            {"cnd_timedwait", "ippp"},
                            {"cnd_wait", "ipp"},
                            {"connect", "iipi"},
                            {"creat", "ipi"},
                            {"dprintf", "iip"},
                            {"dup", "ii"},
                            {"dup2", "iii"},
                            {"dup3", "iiii"},
                            {"fcntl", "iii"},
                            {"getc", "ip"},
                            {"getchar", "i"},
                            {"getcwd", "ppl"},
                            {"getdelim", "lppip"},
                            {"getenv", "pp"},
                            {"getline", "lppp"},
                            {"glob", "ipipp"},
                            {"iconv", "lppppp"},
                            {"index", "ppi"},
                            {"link", "ipp"},
                            {"listen", "iii"},
                            {"lsearch", "pppplp"},
                            {"madvise", "ipli"},
                            {"mkdir", "ipi"},
                            {"mtx_destroy", "vp"},
                            {"mtx_init", "ipi"},
                            {"mtx_lock", "ip"},
                            {"mtx_timedlock", "ipp"},
                            {"mtx_trylock", "ip"},
                            {"mtx_unlock", "ip"},
                            {"open", "ipi"},
                            {"openat", "iipi"},
                            {"opendir", "pp"},
                            {"pipe", "ip"},
                            {"poll", "ipli"},
                            {"pread", "lipll"},
                            {"preadv", "lipil"},
                            {"printf", "ip"},
                            {"putc", "iip"},
                            {"putchar", "ii"},
                            {"putenv", "ip"},
                            {"puts", "ip"},
                            {"pwrite", "lipll"},
                            {"pwritev", "lipil"},
                            {"read", "lipl"},
                            {"readdir", "pp"},
                            {"readlink", "lppl"},
                            {"readv", "lipi"},
                            {"realpath", "ppp"},
                            {"recv", "lipli"},
                            {"recvfrom", "liplipp"},
                            {"recvmsg", "lipi"},
                            {"regcomp", "ippi"},
                            {"regexec", "ipplpi"},
                            {"remove", "ip"},
                            {"rename", "ipp"},
                            {"rindex", "ppi"},
                            {"rmdir", "ip"},
                            {"scandir", "ipppp"},
                            {"select", "iipppp"},
                            {"semctl", "iiii"},
                            {"semop", "iipl"},
                            {"send", "lipli"},
                            {"sendfile", "liipl"},
                            {"sendmsg", "lipi"},
                            {"sendto", "liplipi"},
                            {"setenv", "ippi"},
                            {"shmat", "pipi"},
                            {"signal", "pip"},
                            {"sigwait", "ipp"},
                            {"socket", "iiii"},
                            {"socketpair", "iiiip"},
                            {"splice", "lipipli"},
                            {"stat", "ipp"},
                            {"statfs", "ipp"},
                            {"strsep", "ppp"},
                            {"strtok", "ppp"},
                            {"symlink", "ipp"},
                            {"tee", "liili"},
                            {"thrd_create", "ippp"},
                            {"thrd_detach", "il"},
                            {"thrd_exit", "vi"},
                            {"thrd_join", "ilp"},
                            {"time", "lp"},
                            {"times", "lp"},
                            {"truncate", "ipl"},
                            {"uname", "ip"},
                            {"unlink", "ip"},
                            {"unsetenv", "ip"},
                            {"wait", "ip"},
                            {"wait3", "ipip"},
                            {"wait4", "iipip"},
                            {"waitid", "iiipi"},
                            {"waitpid", "iipi"},
                            {"write", "lipl"},
                            {"writev", "lipi"}};

char letter(const Type *t) {
  return t->isPointerTy() ? 'p' : t->isIntegerTy(32) ? 'i' : t->isIntegerTy(64) ? 'l' : t->isVoidTy() ? 'v' : '?';
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

// The detector's version calls the function by its name, but weakly: here is who wants it.
void leave_reference(Module &m, FunctionType *type, StringRef name) {
  auto *plain = cast<Constant>(m.getOrInsertFunction(name, type).getCallee());
  auto *reference = new GlobalVariable(m, plain->getType(), true, GlobalValue::PrivateLinkage, plain, "godwit.linked");
  appendToCompilerUsed(m, {reference});
}

// C11 threads that the program brings along, as many do for older systems: they look like libc's and have other
// constants. The module that defines one gives the detector's name to it, whose own is weak, so that all of the program
// means it.
constexpr const char *kC11[] = {"call_once",   "cnd_timedwait", "cnd_wait",    "mtx_destroy", "mtx_init",
                                "mtx_lock",    "mtx_timedlock", "mtx_trylock", "mtx_unlock",  "thrd_create",
                                "thrd_detach", "thrd_exit",     "thrd_join"};

// Those of a library are for that library alone, unless it keeps them to itself; an executable's are for all that is
// loaded, unless it keeps them to itself: then libraries have to find the detector's.
void claim(Module &m, StringRef name) {
  auto *own = dyn_cast_or_null<Function>(m.getNamedValue(name));
  if (!own || own->isDeclarationForLinker() || own->hasLocalLinkage()) return;
  const bool library = m.getPICLevel() != PICLevel::NotPIC && m.getPIELevel() == PIELevel::Default;
  if (!library && !own->hasDefaultVisibility()) return;
  auto *alias = GlobalAlias::create(own->getLinkage(), ("__gw_i_" + name).str(), own);
  alias->setVisibility(!own->hasDefaultVisibility() ? own->getVisibility()
                       : library                    ? GlobalValue::ProtectedVisibility
                                                    : GlobalValue::DefaultVisibility);
}

}  // namespace

void rename_intercepted(Module &m) {
  for (StringRef name : kC11) claim(m, name);
  for (StringRef name : kIntercepted) {
    // A label given by __asm__ may carry the mark for "as it is".
    for (const std::string &spelling : {name.str(), "\01" + name.str()}) {
      auto *f = dyn_cast_or_null<Function>(m.getNamedValue(spelling));
      if (!f || !f->isDeclarationForLinker() || f->use_empty() || !looks_right(*f, name)) continue;
      FunctionType *type = f->getFunctionType();
      rename(m, *f, name);
      if (is_contained(kLinked, name)) leave_reference(m, type, name);
    }
  }
}

}  // namespace godwit
