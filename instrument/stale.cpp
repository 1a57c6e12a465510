// At the pipeline's start variables are still in memory, so a pointer that lives across a call is a local that is
// stored before and loaded behind it.  For each such local the paths through the function are followed: it may hold a
// thread's address, and that may be stale.  A function that calls gw_lock_os_thread stays where it is.
#include "stale.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DebugLoc.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace godwit {
namespace {

const StringSet<> &blocking_calls() {
  static const StringSet<> names = {
      "gw_yield",        "gw_sleep",      "gw__chan_send", "gw__chan_recv",   "gw__chan_recv_temp", "gw__select_pass",
      "gw_select_cases", "gw_mutex_lock", "gw_cond_wait",  "gw_rwmutex_lock", "gw_rwmutex_rlock",   "gw_waitgroup_wait",
      "gw_sema_acquire", "gw__blocking",  "gw__once_do",   "gw_limiter_wait", "gw_errgroup_wait",   "gw__errgroup_go",
      "gw_accept",       "gw_dial",       "gw_read",       "gw_write",        "gw_wait_fd",         "gw_getaddrinfo"};
  return names;
}

StringRef callee_of(const Instruction &i) {
  const auto *call = dyn_cast<CallBase>(&i);
  const Function *f = call ? call->getCalledFunction() : nullptr;
  return f ? f->getName() : StringRef();
}

bool blocks(const Instruction &i) { return blocking_calls().contains(callee_of(i)); }

// The variable whose address in this thread the value is; empty if it is none.
StringRef thread_address(const Value *v) {
  while (const auto *gep = dyn_cast<GEPOperator>(v)) v = gep->getPointerOperand();
  const auto *i = dyn_cast<CallBase>(v);
  if (!i) return {};
  if (const auto *address = dyn_cast<IntrinsicInst>(i))
    return address->getIntrinsicID() == Intrinsic::threadlocal_address ? address->getArgOperand(0)->getName()
                                                                       : StringRef();
  return callee_of(*i) == "__errno_location" ? "errno" : StringRef();
}

// As it was given to the compiler, or as near as can be: the debug information has the folder apart.
std::string path_of(const DILocation &at) {
  SmallString<256> path = at.getFilename(), here;
  if (sys::path::is_absolute(path) || at.getDirectory().empty() || sys::fs::current_path(here)) return path.str().str();
  if (at.getDirectory() == here) return path.str().str();
  path = at.getDirectory();
  sys::path::append(path, at.getFilename());
  return path.str().str();
}

class StaleAddress : public DiagnosticInfo {
 public:
  StaleAddress(const Instruction &use, StringRef variable)
      : DiagnosticInfo(kind(), DS_Warning), use_(use), variable_(variable) {}
  void print(DiagnosticPrinter &out) const override {
    if (const DebugLoc &at = use_.getDebugLoc())
      out << path_of(*at.get()) << ":" << at.getLine() << ":" << at.getCol() << ": ";
    else
      out << "in '" << use_.getFunction()->getName() << "': ";
    out << "the address of thread-local '" << variable_
        << "' is used after a call that may block: the goroutine may be on another thread by then; take the address "
           "anew, or call gw_lock_os_thread() first";
  }

 private:
  static int kind() {
    static const int mine = getNextAvailablePluginDiagnosticKind();
    return mine;
  }
  const Instruction &use_;
  StringRef variable_;
};

void warn(const Instruction &use, StringRef variable) { use.getContext().diagnose(StaleAddress(use, variable)); }

enum State : unsigned { kNothing = 0, kHeld = 1, kStale = 2 };

// The local's state behind i; `use`: i is a load of a stale address.
unsigned step(const Instruction &i, const AllocaInst *local, unsigned state, bool &use) {
  use = false;
  if (const auto *store = dyn_cast<StoreInst>(&i)) {
    if (store->getPointerOperand() == local) return thread_address(store->getValueOperand()).empty() ? kNothing : kHeld;
  } else if (const auto *load = dyn_cast<LoadInst>(&i)) {
    use = load->getPointerOperand() == local && state & kStale;
  } else if (state & kHeld && blocks(i)) {
    return kStale;
  }
  return state;
}

// Only loaded and stored by name, and somewhere a thread's address; that one's variable.
StringRef holds_address(const AllocaInst *local) {
  StringRef variable;
  for (const User *user : local->users()) {
    if (const auto *store = dyn_cast<StoreInst>(user)) {
      if (store->getPointerOperand() != local) return {};
      StringRef name = thread_address(store->getValueOperand());
      if (!name.empty()) variable = name;
    } else if (!isa<LoadInst>(user) && !isa<IntrinsicInst>(user)) {
      return {};
    }
  }
  return variable;
}

void follow(const Function &f, const AllocaInst *local, StringRef variable) {
  DenseMap<const BasicBlock *, unsigned> at_begin;
  SmallVector<const BasicBlock *, 16> todo = {&f.getEntryBlock()};
  SmallPtrSet<const BasicBlock *, 16> seen;
  SmallPtrSet<const Instruction *, 4> uses;
  while (!todo.empty()) {
    const BasicBlock *b = todo.pop_back_val();
    seen.insert(b);
    unsigned state = at_begin.lookup(b);
    for (const Instruction &i : *b) {
      bool use;
      state = step(i, local, state, use);
      if (use && uses.insert(&i).second) warn(i, variable);
    }
    for (const BasicBlock *next : successors(b)) {
      unsigned joined = at_begin.lookup(next) | state;
      if (joined == at_begin.lookup(next) && seen.contains(next)) continue;
      at_begin[next] = joined;
      todo.push_back(next);
    }
  }
}

// In one expression: f(&variable, gw_recv(c)).
void look_at_expressions(const BasicBlock &b) {
  DenseMap<const Value *, bool> addresses;  // computed in this block; a call has blocked since
  for (const Instruction &i : b) {
    for (const Value *operand : i.operands()) {
      auto known = addresses.find(operand);
      if (known != addresses.end() && known->second) warn(i, thread_address(operand));
    }
    if (blocks(i))
      for (auto &known : addresses) known.second = true;
    if (i.getType()->isPointerTy() && !thread_address(&i).empty()) addresses[&i] = false;
  }
}

bool stays_on_its_thread(const Function &f) {
  for (const Instruction &i : instructions(f))
    if (callee_of(i) == "gw_lock_os_thread") return true;
  return false;
}

}  // namespace

void warn_of_stale_addresses(Module &m) {
  for (const Function &f : m) {
    if (f.isDeclaration() || stays_on_its_thread(f)) continue;
    for (const Instruction &i : f.getEntryBlock())
      if (const auto *local = dyn_cast<AllocaInst>(&i)) {
        StringRef variable = holds_address(local);
        if (!variable.empty()) follow(f, local, variable);
      }
    for (const BasicBlock &b : f) look_at_expressions(b);
  }
}

}  // namespace godwit
