// Reads that a later write of the same bytes stands for: a swap, an update in place (`old = p->x; ...; p->x = new;`).
//
// Soundness.  Between the read and the writes that cover its bytes lies nothing that ends a region (ends_region()): no
// release, no acquire, no free, nothing that doesn't return.  So the writes happen if the read does, with the same
// clock and in the same epoch; whoever conflicts with the read is a write, conflicts with those writes too, and is
// unordered with them if it is unordered with the read.  The race is reported where the write is, at the write's line:
// a race that the program has as well.  (ThreadSanitizer leaves such reads out in the same way.)
//
// What could keep the writes from happening is a bad address.  A racy read that gives one is just what a report should
// explain, so the read keeps its check where an address between the two, or a division, hangs on the value that was
// read (`n = *head; *head = n->next`).  Copied to memory, the value may come back by any load.
//
// Rejected: an entry with the positions of both.  It would have to walk two places' stacks, and both races are of the
// same two goroutines and bytes.
#include "overwritten.h"

#include "llvm/ADT/APInt.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr unsigned kFar = 100;    // instructions between a read and its writes; a guess
constexpr unsigned kWrites = 32;  // that are kept in mind; a guess

// Bytes at constant distances from a base.
struct Bytes {
  const Value *base;
  int64_t lo, hi;
};

struct Write {
  Bytes bytes;
  const Instruction *at;
};

class Dropper {
 public:
  Dropper(Function &f, std::vector<Access> &accesses) : f_(f), layout_(f.getDataLayout()), accesses_(accesses) {
    for (size_t i = 0; i < accesses.size(); i++)
      if (!accesses[i].length && !accesses[i].line) of_[accesses[i].at].push_back(i);
  }

  void run() {
    for (BasicBlock &block : f_) {
      writes_.clear();
      for (Instruction &i : reverse(block)) {
        if (ends_region(i)) writes_.clear();
        visit(i);
      }
    }
    if (dropped_) erase_if(accesses_, [](const Access &a) { return !a.at; });
    remark();
  }

 private:
  Bytes bytes_of(const Access &access) const {
    APInt distance(64, 0);
    const Value *base = access.pointer->stripAndAccumulateConstantOffsets(layout_, distance, true);
    int64_t lo = distance.getSExtValue();
    return {base, lo, lo + (int64_t)access.size};
  }

  void visit(Instruction &i) {
    auto list = of_.find(&i);
    if (list == of_.end()) return;
    for (size_t index : list->second)
      if (accesses_[index].write && writes_.size() < kWrites) writes_.push_back({bytes_of(accesses_[index]), &i});
    for (size_t index : list->second) {
      Access &access = accesses_[index];
      if (access.write || !is_overwritten(access)) continue;
      access.at = nullptr;
      dropped_++;
    }
  }

  // By the writes that follow, the nearest first, each taking its part of what is left.
  bool is_overwritten(const Access &read) const {
    if (writes_.empty()) return false;
    Bytes left = bytes_of(read);
    for (const Write &write : reverse(writes_)) {
      const Bytes &b = write.bytes;
      if (b.base != left.base) continue;
      if (b.lo <= left.lo) left.lo = std::max(left.lo, b.hi);
      if (b.hi >= left.hi) left.hi = std::min(left.hi, b.lo);
      if (left.lo >= left.hi) return is_harmless(*read.at, *write.at);
    }
    return false;
  }

  // Whether nothing between the two can go wrong because of what was read.
  static bool is_harmless(const Instruction &read, const Instruction &write) {
    if (&read == &write) return true;
    SmallPtrSet<const Value *, 16> hanging;  // on what was read
    bool in_memory = !isa<LoadInst>(read);
    if (!in_memory) hanging.insert(&read);
    unsigned distance = 0;
    for (const Instruction *i = read.getNextNode(); i && i != &write; i = i->getNextNode()) {
      if (i->isDebugOrPseudoInst()) continue;
      if (++distance > kFar) return false;
      if (any_of(i->operands(), [&](const Use &use) { return hanging.contains(use.get()); })) {
        if (may_fail_by(*i, hanging)) return false;
        hanging.insert(i);
      }
      // A store of the value, and any call, may leave it where a load finds it.
      if (i->mayWriteToMemory() && any_of(i->operands(), [&](const Use &use) { return hanging.contains(use.get()); }))
        in_memory = true;
      if (in_memory && i->mayReadFromMemory()) hanging.insert(i);
    }
    return true;
  }

  static bool may_fail_by(const Instruction &i, const SmallPtrSetImpl<const Value *> &hanging) {
    if (const Value *pointer = getLoadStorePointerOperand(&i)) return hanging.contains(pointer);
    return i.isIntDivRem() || isa<CallBase>(i) ? !is_arithmetic(i) : i.mayReadOrWriteMemory();
  }

  static bool is_arithmetic(const Instruction &i) { return isa<IntrinsicInst>(i) && !i.mayReadOrWriteMemory(); }

  void remark() {
    if (!dropped_ || !f_.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
    OptimizationRemark r("godwit", "Overwritten", DiagnosticLocation(f_.getSubprogram()), &f_.getEntryBlock());
    r << DiagnosticInfoOptimizationBase::Argument("Reads", dropped_) << " reads left to writes of the same bytes";
    f_.getContext().diagnose(r);
  }

  Function &f_;
  const DataLayout &layout_;
  std::vector<Access> &accesses_;
  DenseMap<const Instruction *, SmallVector<size_t, 1>> of_;
  SmallVector<Write, 8> writes_;  // that follow in the region, the last first
  unsigned dropped_ = 0;
};

}  // namespace

void drop_overwritten(Function &f, std::vector<Access> &accesses) { Dropper(f, accesses).run(); }

}  // namespace godwit
