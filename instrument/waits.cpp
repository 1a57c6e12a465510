// Loops that wait for others to leave a lock of inline assembler's.
//
//     old = xadd(lock, WRITER);               // inline assembler that locks the bus
//     while (old & READERS) old = *(volatile long *)lock;
//
// A writer gets such a lock (haproxy's plock, say) by the load that sees the last reader gone, not by the assembler
// before it.  C says nothing about assembler, so nothing about who sees what it wrote either; what orders here is the
// machine: the readers' locked instruction comes after all that they did, and on x86 a load isn't overtaken by what
// follows it.  So the load acquires what assembler released at that place, like the assembler that it completes.
//
// Not so every volatile load of such a place: one that looks at a counter, or whether it is worth while to try, is no
// part of a lock, and volatile orders nothing in C.  What is meant is a loop of loads, behind assembler that has
// certainly changed the same place.  No race gets lost but of accesses that the machine has ordered in just this way.
//
// The load is bracketed as the assembler is (assembler.h), as an operation that may fail and does: it acquires under
// the lock that the assembler of others releases under, and publishes nothing.  It stays a plain read for the detector,
// so that a lock which is given back by a plain store has its race on the word.
#include "waits.h"

#include "abi.h"
#include "assembler.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr unsigned kDepthMax = 12;  // a guess: a path to a lock is short
constexpr uint64_t kBytesMax = 16;  // that the detector's brackets can compare

// Without optimisation a macro's variables lie in memory: what was written to one, once, is what it holds.
const Value *held_by(const Value *v) {
  for (unsigned depth = 0; depth < kDepthMax; depth++) {
    v = v->stripPointerCasts();
    const auto *load = dyn_cast<LoadInst>(v);
    const auto *variable = load ? dyn_cast<AllocaInst>(load->getPointerOperand()) : nullptr;
    if (!variable) return v;
    const StoreInst *only = nullptr;
    for (const User *user : variable->users()) {
      const auto *store = dyn_cast<StoreInst>(user);
      if (store && store->getPointerOperand() != variable) return v;
      if (store && only) return v;
      if (store) only = store;
    }
    if (!only) return v;
    v = only->getValueOperand();
  }
  return v;
}

// Whether two addresses are computed alike.  The assembler between the two may have changed what lies on the way, for
// all that the compiler knows: so `&s->lock` is loaded anew for each use of a macro's argument.
bool same_path(const Value *a, const Value *b, unsigned depth = 0) {
  a = held_by(a), b = held_by(b);
  if (a == b) return true;
  const auto *one = dyn_cast<Instruction>(a), *other = dyn_cast<Instruction>(b);
  if (!one || !other || depth == kDepthMax || !one->isSameOperationAs(other)) return false;
  if (!isa<LoadInst, GetElementPtrInst, CastInst, BinaryOperator>(one)) return false;
  for (unsigned i = 0; i < one->getNumOperands(); i++)
    if (!same_path(one->getOperand(i), other->getOperand(i), depth + 1)) return false;
  return true;
}

class Finder {
 public:
  explicit Finder(Function &f) {
    for (Instruction &i : instructions(f)) {
      if (auto *load = dyn_cast<LoadInst>(&i); load && load->isVolatile() && !load->isAtomic()) loads_.push_back(load);
      if (auto *call = dyn_cast<CallBase>(&i); call && place_of_assembler(*call)) locked_.push_back(call);
    }
  }

  SmallVector<LoadInst *, 4> run(Function &f) {
    SmallVector<LoadInst *, 4> found;
    if (loads_.empty() || locked_.empty()) return found;
    DominatorTree dominators(f);
    LoopInfo loops(dominators);
    for (LoadInst *load : loads_) {
      const Loop *loop = loops.getLoopFor(load->getParent());
      if (loop && any_of(locked_, [&](CallBase *before) { return waits(*load, *loop, *before, dominators); }))
        found.push_back(load);
    }
    return found;
  }

 private:
  static bool waits(const LoadInst &load, const Loop &loop, const CallBase &before, const DominatorTree &dominators) {
    return !loop.contains(&before) && dominators.dominates(&before, &load) &&
           same_path(load.getPointerOperand(), place_of_assembler(before));
  }

  SmallVector<LoadInst *, 4> loads_;
  SmallVector<CallBase *, 4> locked_;
};

}  // namespace

std::vector<Wait> bracket_waits(Function &f, Abi &abi) {
  std::vector<Wait> waits;
  for (LoadInst *load : Finder(f).run(f)) {
    uint64_t bytes = f.getDataLayout().getTypeStoreSize(load->getType());
    if (bytes > kBytesMax) continue;
    Value *place = load->getPointerOperand();
    IRBuilder<> before(load), after(load->getNextNode());
    after.SetCurrentDebugLocation(load->getDebugLoc());
    CallInst *begin = abi.call(before, "__gw_assembler_begin", {place, before.getInt64(bytes), before.getInt32(true)});
    abi.call(after, "__gw_assembler_end", {place});
    waits.push_back({load, begin});
  }
  return waits;
}

void move_checks(ArrayRef<Wait> waits, std::vector<Access> &accesses) {
  for (const Wait &wait : waits)
    for (Access &access : accesses)
      if (access.at == wait.load) access.at = wait.begin;
}

}  // namespace godwit
