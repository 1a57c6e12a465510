// A lock of libc's belongs to the thread that took it, so a goroutine that holds one may not go on on another.  With
// -race the detector's interceptors know who holds what; in plain code a call that takes one is followed by three
// instructions that count it in a thread-local word (abi.h, struct gw_poll), which the runtime reads when it switches.
//
// Only direct calls are seen, and only in code that comes through here.  A call that fails counts nothing; one that
// says EOWNERDEAD has the lock.  Where another goroutine gives up a lock than the one that took it, the count of the
// one is too large, so that it keeps its thread until it ends, and that of the other stays at zero.
#include "locks.h"

#include <cerrno>

#include "abi.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "prepare.h"
#include "tls.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr uint64_t kLocks = 4;  // offset of `locks` in struct gw_poll

constexpr const char *kTake[] = {"pthread_mutex_lock",
                                 "pthread_mutex_trylock",
                                 "pthread_mutex_timedlock",
                                 "pthread_mutex_clocklock",
                                 "pthread_rwlock_rdlock",
                                 "pthread_rwlock_wrlock",
                                 "pthread_rwlock_tryrdlock",
                                 "pthread_rwlock_trywrlock",
                                 "pthread_rwlock_timedrdlock",
                                 "pthread_rwlock_timedwrlock",
                                 "pthread_rwlock_clockrdlock",
                                 "pthread_rwlock_clockwrlock",
                                 "pthread_spin_lock",
                                 "pthread_spin_trylock",
                                 "mtx_lock",
                                 "mtx_trylock",
                                 "mtx_timedlock",
                                 "flockfile",
                                 "ftrylockfile"};
constexpr const char *kGiveUp[] = {"pthread_mutex_unlock", "pthread_rwlock_unlock", "pthread_spin_unlock", "mtx_unlock",
                                   "funlockfile"};

Value *address(IRBuilder<> &b, Abi &abi) {
  GlobalVariable &words = *abi.poll();
  if (!abi.may_be_shared()) return b.CreateConstGEP1_64(b.getInt8Ty(), b.CreateThreadLocalAddress(&words), kLocks);
  Value *offset = b.CreateAdd(thread_offset(b, words), b.getInt64(kLocks));
  return b.CreateIntToPtr(offset, b.getPtrTy(kThreadSegment));
}

void count(CallInst &call, Abi &abi, bool takes) {
  IRBuilder<> b(call.getNextNode());
  b.SetCurrentDebugLocation(call.getDebugLoc());
  Value *done = b.getTrue();
  if (call.getType()->isIntegerTy()) {
    done = b.CreateIsNull(&call);
    if (takes) done = b.CreateOr(done, b.CreateICmpEQ(&call, ConstantInt::get(call.getType(), EOWNERDEAD)));
  }
  Value *at = address(b, abi), *held = b.CreateLoad(b.getInt32Ty(), at, true);
  if (takes)
    held = b.CreateAdd(held, b.CreateZExt(done, b.getInt32Ty()));
  else
    held = b.CreateSub(held, b.CreateZExt(b.CreateAnd(done, b.CreateIsNotNull(held)), b.getInt32Ty()));
  b.CreateStore(held, at, true);
}

void count_calls(Module &m, Abi &abi, StringRef name, bool takes) {
  Function *f = m.getFunction(name);
  if (!f || !f->isDeclarationForLinker()) return;
  SmallVector<CallInst *, 16> calls;
  for (User *user : f->users())
    if (auto *call = dyn_cast<CallInst>(user))
      if (call->getCalledFunction() == f && !call->isMustTailCall() && is_instrumented(*call->getFunction()))
        calls.push_back(call);
  for (CallInst *call : calls) {
    call->setTailCallKind(CallInst::TCK_NoTail);
    count(*call, abi, takes);
  }
}

}  // namespace

void count_locks(Module &m, Abi &abi) {
  constexpr StringLiteral done = "godwit.locks";
  if (m.getNamedMetadata(done)) return;
  m.getOrInsertNamedMetadata(done);
  for (const char *name : kTake) count_calls(m, abi, name, true);
  for (const char *name : kGiveUp) count_calls(m, abi, name, false);
}

}  // namespace godwit
