// The pipeline's start: what the optimiser may not assume.
//
// sanitize_thread is LLVM's own word for "invent no loads or stores"; no -fsanitize option is involved and none of its
// passes runs.  It also keeps functions that are not to be instrumented from being inlined into those that are, and the
// other way round.
#include "prepare.h"

#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr const char *kThreadConstants[] = {
    "__errno_location", "__h_errno_location", "pthread_self",        "thrd_current",        "gettid",
    "sched_getcpu",     "__ctype_b_loc",      "__ctype_tolower_loc", "__ctype_toupper_loc", "__tls_get_addr",
};

// Runs while the dynamic linker is still at work: nothing of the runtime may be touched.
bool resolves_an_ifunc(const Function &f) {
  for (const GlobalIFunc &ifunc : f.getParent()->ifuncs())
    if (ifunc.getResolverFunction() == &f) return true;
  return false;
}

}  // namespace

bool is_instrumented(const Function &f) {
  return !f.isDeclarationForLinker() && !f.hasFnAttribute(Attribute::Naked) &&
         !f.hasFnAttribute(Attribute::DisableSanitizerInstrumentation) && !f.getName().starts_with("__gw_") &&
         !f.getName().starts_with("__llvm_") && !resolves_an_ifunc(f);
}

void forbid_speculation(Module &m) {
  for (Function &f : m)
    if (is_instrumented(f)) f.addFnAttr(Attribute::SanitizeThread);
}

void forget_thread_constants(Module &m) {
  for (const char *name : kThreadConstants) {
    Function *f = m.getFunction(name);
    if (!f) continue;
    f->removeFnAttr(Attribute::Memory);
    f->removeFnAttr(Attribute::Speculatable);
    for (User *user : f->users())
      if (auto *call = dyn_cast<CallBase>(user)) call->removeFnAttr(Attribute::Memory);
  }
}

}  // namespace godwit
