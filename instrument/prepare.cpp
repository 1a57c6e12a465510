// The pipeline's start: what the optimiser may not assume.
//
// sanitize_thread is LLVM's own word for "invent no loads or stores"; no -fsanitize option is involved and none of its
// passes runs.  It also keeps functions that are not to be instrumented from being inlined into those that are, and the
// other way round.
#include "prepare.h"

#include "ignore.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/GlobalStatus.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

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
    if (is_instrumented(f) && !is_ignored(f)) f.addFnAttr(Attribute::SanitizeThread);
}

// The optimiser takes static structs apart, shrinks two-valued ones to a bit and drops writes that nobody reads: a race
// would be reported on a variable that isn't in the source, or not at all.
void keep_written_variables(Module &m) {
  SmallVector<GlobalValue *, 16> kept;
  for (GlobalVariable &v : m.globals()) {
    if (!v.hasLocalLinkage() || v.isConstant() || v.isThreadLocal() || v.getName().starts_with("__gw_")) continue;
    GlobalStatus status;
    if (!GlobalStatus::analyzeGlobal(&v, status) && status.StoredType != GlobalStatus::NotStored) kept.push_back(&v);
  }
  if (!kept.empty()) appendToCompilerUsed(m, kept);
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
