// A lock of libc's, or of OpenMP's, belongs to the thread that took it, so a goroutine that holds one may not go on on
// another.  With -race the detector's interceptors know who holds what; in plain code a call that takes one is followed
// by three instructions that count it in a thread-local word (abi.h, struct gw_poll), which the runtime reads when it
// switches.
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
                                 "ftrylockfile",
                                 "omp_set_lock",
                                 "omp_set_nest_lock",
                                 "__kmpc_critical",
                                 "__kmpc_critical_with_hint",
                                 "__kmpc_serialized_parallel"};
constexpr const char *kGiveUp[] = {"pthread_mutex_unlock", "pthread_rwlock_unlock", "pthread_spin_unlock",
                                   "mtx_unlock",           "funlockfile",           "omp_unset_lock",
                                   "omp_unset_nest_lock",  "__kmpc_end_critical",   "__kmpc_end_serialized_parallel"};
// Likewise a parallel region of OpenMP: all of the call.
constexpr const char *kRegions[] = {"__kmpc_fork_call", "__kmpc_fork_call_if", "__kmpc_fork_teams"};

Value *address(IRBuilder<> &b, Abi &abi) {
  GlobalVariable &words = *abi.poll();
  if (!abi.may_be_shared()) return b.CreateConstGEP1_64(b.getInt8Ty(), b.CreateThreadLocalAddress(&words), kLocks);
  Value *offset = b.CreateAdd(thread_offset(b, words), b.getInt64(kLocks));
  return b.CreateIntToPtr(offset, b.getPtrTy(kThreadSegment));
}

void count(CallInst &call, Abi &abi, bool takes, Instruction &before) {
  IRBuilder<> b(&before);
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

SmallVector<CallInst *, 16> calls_of(Module &m, StringRef name) {
  SmallVector<CallInst *, 16> calls;
  Function *f = m.getFunction(name);
  if (!f || !f->isDeclarationForLinker()) return calls;
  for (User *user : f->users())
    if (auto *call = dyn_cast<CallInst>(user))
      if (call->getCalledFunction() == f && !call->isMustTailCall() && is_instrumented(*call->getFunction()))
        calls.push_back(call);
  for (CallInst *call : calls) call->setTailCallKind(CallInst::TCK_NoTail);
  return calls;
}

void count_calls(Module &m, Abi &abi, StringRef name, bool takes) {
  for (CallInst *call : calls_of(m, name)) count(*call, abi, takes, *call->getNextNode());
}

void count_regions(Module &m, Abi &abi, StringRef name) {
  for (CallInst *call : calls_of(m, name)) {
    count(*call, abi, true, *call);
    count(*call, abi, false, *call->getNextNode());
  }
}

}  // namespace

void count_locks(Module &m, Abi &abi) {
  constexpr StringLiteral done = "godwit.locks";
  if (m.getNamedMetadata(done)) return;
  m.getOrInsertNamedMetadata(done);
  for (const char *name : kTake) count_calls(m, abi, name, true);
  for (const char *name : kGiveUp) count_calls(m, abi, name, false);
  for (const char *name : kRegions) count_regions(m, abi, name);
}

}  // namespace godwit
