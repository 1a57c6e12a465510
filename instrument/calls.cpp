// The calling context as one word: __gw_tls.calls is a hash of the calls that are under way on this thread, so that the
// detector finds an access's stack by a look-up (detector/depot.c).  The idea is Bond and McKinley's ("Probabilistic
// Calling Context", OOPSLA 2007); theirs is kept by the callee, from the address of its call site.
//
// Here the caller keeps it.  Around a call that may lead to instrumented code
//
//   word = __gw_tls.calls; __gw_tls.calls = word * kFactor + site; call; __gw_tls.calls = word;
//
// so that wherever a function accesses memory or calls the detector, the word stands for its own context.  What follows
// from the caller's doing it:
// - A function that calls nothing on the way that it takes pays nothing, and leaves pay nothing at all: a *leaf* calls
//   no code that is instrumented, and its return address, which the detector looks at, tells where it was called from.
// - Code in between that isn't instrumented (qsort) needs no care: the call into it has its site in the word.
// - What returns another time (setjmp), unwinds to a landing pad, or comes back on another thread finds the word put
//   right.  Only where a goroutine goes on with no call of its own (a poll) or begins does the detector put it right,
//   and around handlers of signals.
// - A call that must be a tail call leaves no frame, and changes nothing.
//
// Rejected: the callee's way.  It needs the return address, a value that lives as long as the function, a store at each
// exit and, before each call out of the module, one more store, as a callback's return address doesn't say who called
// qsort; a function that returns at once pays as well.
//
// In an executable the word is at a constant distance from %fs, and named directly: no register is kept for it.  It is
// written in assembly so that no later optimiser, which sees nobody read it, drops or merges anything.
#include "calls.h"

#include "abi.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/xxhash.h"
#include "prepare.h"
#include "tls.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr unsigned kCallsOffset = 16;    // of calls in struct gw_tls (abi.h)
constexpr int32_t kFactor = 0x6C8E9CF5;  // odd, bits in all places
constexpr uint32_t kStep = 0x9E3779B9;   // odd: sites of a function differ

// Functions of libc that call nobody's code, of those that programs call so often that it counts.  malloc may be the
// program's own.
bool calls_nobody(StringRef name) {
  static const StringSet<> known = {"memcpy",
                                    "memmove",
                                    "mempcpy",
                                    "memset",
                                    "memcmp",
                                    "bcmp",
                                    "memchr",
                                    "memrchr",
                                    "rawmemchr",
                                    "memmem",
                                    "strlen",
                                    "strnlen",
                                    "strcmp",
                                    "strncmp",
                                    "strcpy",
                                    "strncpy",
                                    "stpcpy",
                                    "stpncpy",
                                    "strcat",
                                    "strncat",
                                    "strchr",
                                    "strrchr",
                                    "strstr",
                                    "strspn",
                                    "strcspn",
                                    "strpbrk",
                                    "strchrnul",
                                    "strcasecmp",
                                    "strncasecmp",
                                    "atoi",
                                    "atol",
                                    "atoll",
                                    "strtol",
                                    "strtoll",
                                    "strtoul",
                                    "strtoull",
                                    "strtod",
                                    "abs",
                                    "labs",
                                    "toupper",
                                    "tolower",
                                    "time",
                                    "gettimeofday",
                                    "clock_gettime",
                                    "pthread_self",
                                    "__errno_location",
                                    "__ctype_b_loc",
                                    "__ctype_tolower_loc",
                                    "__ctype_toupper_loc",
                                    "pthread_mutex_lock",
                                    "pthread_mutex_trylock",
                                    "pthread_mutex_unlock",
                                    "pthread_rwlock_rdlock",
                                    "pthread_rwlock_wrlock",
                                    "pthread_rwlock_unlock",
                                    "pthread_spin_lock",
                                    "pthread_spin_unlock",
                                    "pthread_cond_signal",
                                    "pthread_cond_broadcast",
                                    "abort",
                                    "_exit"};
  return known.contains(name);
}

// Code that is entered by this call and may be instrumented, or call what is; seen without the callee's body.
bool leaves(const CallBase &call) {
  if (call.isInlineAsm()) return false;
  if (call.hasFnAttr(Attribute::ReturnsTwice)) return true;
  const Function *callee = call.getCalledFunction();
  if (!callee) return true;
  if (callee->isIntrinsic()) return false;
  StringRef name = callee->getName();
  if (name.starts_with(kEntryPrefix) && !name.starts_with("__gw_i_")) return false;
  name.consume_front("__gw_i_");
  return !callee->isDeclaration() || !(calls_nobody(name) || callee->doesNotAccessMemory());
}

bool is_leaf(const Function &f) {
  return f.hasExactDefinition() && none_of(instructions(f), [](const Instruction &i) {
           const auto *call = dyn_cast<CallBase>(&i);
           return call && leaves(*call);
         });
}

class Leaves {
 public:
  bool contain(const Function &f) {
    auto [known, is_new] = known_.try_emplace(&f, false);
    if (is_new) known->second = is_leaf(f);
    return known->second;
  }

 private:
  DenseMap<const Function *, bool> known_;
};

// The instructions around the calls of one function.
class Tracker {
 public:
  Tracker(Function &f, Abi &abi, Leaves &leaf_functions)
      : f_(f), abi_(abi), leaves_(leaf_functions), shared_(abi.may_be_shared()) {
    const Module &m = *f.getParent();
    site_ = (uint32_t)(xxh3_64bits(f.getName()) ^ xxh3_64bits(m.getSourceFileName()));
  }

  void track() {
    SmallVector<CallBase *, 16> calls;
    bool branches = false;
    for (Instruction &i : instructions(f_))
      if (auto *call = dyn_cast<CallBase>(&i); call && is_tracked(*call)) {
        calls.push_back(call);
        branches |= call->isTerminator();
      }
    if (calls.empty()) return;
    if (shared_) {
      IRBuilder<> b(&*f_.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
      where_ = thread_offset(b, *abi_.tls());
    } else {
      where_ = abi_.tls();
    }
    // A branching call's value is needed in several blocks: one for all.
    if (branches) {
      IRBuilder<> b(&*f_.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
      if (shared_) b.SetInsertPoint(cast<Instruction>(where_)->getNextNode());
      word_ = load(b);
    }
    const BasicBlock *block = nullptr;
    Value *word = nullptr;
    for (CallBase *call : calls) {
      if (call->getParent() != block) word = word_;
      block = call->getParent();
      word = around(*call, word);
    }
  }

 private:
  bool is_tracked(const CallBase &call) const {
    if (call.isMustTailCall() || !leaves(call)) return false;
    const Function *callee = call.getCalledFunction();
    return !callee || callee->isDeclaration() || call.hasFnAttr(Attribute::ReturnsTwice) || !leaves_.contain(*callee);
  }

  // Nobody looks at the word before the next such call sets it, or ever.
  bool is_overwritten_after(const CallBase &call) const {
    for (const Instruction *i = call.getNextNode(); i; i = i->getNextNode()) {
      if (isa<UnreachableInst>(i)) return true;
      if (i->isTerminator()) return false;
      const auto *next = dyn_cast<CallBase>(i);
      if (next && is_tracked(*next)) return true;
      if (next && !isa<IntrinsicInst>(next)) return false;
    }
    return false;
  }

  // `word`: its value in this block, if that is known.
  Value *around(CallBase &call, Value *word) {
    IRBuilder<> b(&call);
    word = enter(b, word);
    if (auto *plain = dyn_cast<CallInst>(&call)) {
      plain->setTailCallKind(CallInst::TCK_NoTail);
      if (is_overwritten_after(call)) return word;
      b.SetInsertPoint(plain->getNextNode());
      b.SetCurrentDebugLocation(call.getDebugLoc());
      store(b, word);
      return word;
    }
    for (BasicBlock *next : successors(call.getParent())) {
      if (next->getFirstInsertionPt() == next->end() || !restored_.insert(next).second) continue;
      b.SetInsertPoint(next, next->getFirstInsertionPt());
      b.SetCurrentDebugLocation(call.getDebugLoc());
      store(b, word);
    }
    return word;
  }

  // The operand of the word in memory: `operand` is the number of where_.
  std::string word_at(unsigned operand) const {
    std::string n = std::to_string(operand), offset = std::to_string(kCallsOffset);
    return shared_ ? "%fs:" + offset + "($" + n + ")" : "%fs:${" + n + ":c}@TPOFF+" + offset;
  }
  const char *where_constraint() const { return shared_ ? "r" : "s"; }

  CallInst *code(IRBuilder<> &b, Type *result, const std::string &text, const std::string &constraints,
                 ArrayRef<Value *> args) {
    SmallVector<Type *, 3> types;
    for (Value *arg : args) types.push_back(arg->getType());
    auto *code =
        InlineAsm::get(FunctionType::get(result, types, false), text, constraints, true, false, InlineAsm::AD_ATT);
    CallInst *call = b.CreateCall(code, args);
    call->setDoesNotThrow();
    call->addFnAttr(Attribute::WillReturn);
    call->setMemoryEffects(MemoryEffects::inaccessibleMemOnly());
    return call;
  }

  Value *load(IRBuilder<> &b) {
    return code(b, b.getInt64Ty(), "movq " + word_at(1) + ", $0", std::string("=r,") + where_constraint(), {where_});
  }

  void store(IRBuilder<> &b, Value *word) {
    code(b, b.getVoidTy(), "movq $0, " + word_at(1), std::string("r,") + where_constraint(), {word, where_});
  }

  // Sets it for the call, and gives it as it was.
  Value *enter(IRBuilder<> &b, Value *word) {
    Value *site = b.getInt32(site_ += kStep);
    std::string factor = std::to_string(kFactor);
    if (word) {
      code(b, b.getInt64Ty(), "imulq $$" + factor + ", $1, $0\n\taddq $3, $0\n\tmovq $0, " + word_at(2),
           std::string("=&r,r,") + where_constraint() + ",i,~{flags},~{dirflag},~{fpsr}", {word, where_, site});
      return word;
    }
    Type *both = StructType::get(b.getInt64Ty(), b.getInt64Ty());
    CallInst *pair =
        code(b, both,
             "movq " + word_at(2) + ", $0\n\timulq $$" + factor + ", $0, $1\n\taddq $3, $1\n\tmovq $1, " + word_at(2),
             std::string("=&r,=&r,") + where_constraint() + ",i,~{flags},~{dirflag},~{fpsr}", {where_, site});
    return b.CreateExtractValue(pair, 0, "gw.calls");
  }

  Function &f_;
  Abi &abi_;
  Leaves &leaves_;
  const bool shared_;
  uint32_t site_;
  Value *where_ = nullptr;                 // the thread's state: a symbol, or its distance from %fs:0
  Value *word_ = nullptr;                  // loaded at the function's entry; NULL: at each call
  SmallPtrSet<BasicBlock *, 4> restored_;  // that begin with the word put right
};

}  // namespace

void track_calls(const std::vector<Function *> &functions, Abi &abi) {
  Leaves leaf_functions;
  for (Function *f : functions) Tracker(*f, abi, leaf_functions).track();
}

}  // namespace godwit
