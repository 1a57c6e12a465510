// The inline check: "has this goroutine's open epoch already recorded these bytes?"
//
// For each access, on the hot path (abi.inc has the formula): shift the address, load the cell, compare with the
// epoch, branch.  The cold side calls a THUNK.  What is compared:
//
//   mine   the open epoch with all eight byte bits set: epoch | 0xff.  (cell ^ mine) & (mask | ~0xff) is zero exactly
//          when the cell shows this epoch, no atomic access, and every byte of `mask`.
//   cells  of the write plane for a write, of this thread's read plane for a read
//
// Soundness.  A check that is skipped on the hot path means: a plain access of the same kind to the same bytes was
// recorded in the goroutine's open epoch, and no later access of another goroutine has displaced it.  The epoch is open
// as long as the goroutine has released nothing since, so the earlier access and this one are unordered with exactly
// the same accesses of others that follow; those that came before were judged when the cell was written.
//
// Regions.  `mine` and the read plane are the goroutine's and the thread's: a release opens another epoch, and a call
// that blocks may come back on another thread.  Both are loaded again after every call that ends a region
// (ends_region()), at most once per region, and merged by phis where regions meet; never kept across one.  The loads
// are ordinary loads, so that a later optimiser may not move them over such a call either.  The address of the
// thread's state is taken from %fs anew at each load: only its *offset*, the same in every thread, is kept.  A signal
// handler that releases while this code holds `mine` in a register is the one way to see an old epoch.
//
// Cells are loaded with monotonic atomics: other threads write them at any time, and such a load is neither merged with
// another nor hoisted out of a loop (a stale cell would send every turn of the loop to the cold side).
#include "check.h"

#include "abi.h"
#include "budget.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/KnownBits.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/SSAUpdater.h"
#include "tls.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr uint64_t kGranule = 8;       // bytes of memory per cell
constexpr uint64_t kCellBytes = 4;     // bytes per cell
constexpr uint32_t kByteBits = 0xff;   // the byte mask within a cell
constexpr uint64_t kInlineBytes = 64;  // longest access that is checked inline: a cache line, or a vector register
constexpr uint64_t kReadOffset = 8;    // of read_off in struct gw_tls (abi.h)

// What the checks of one region share.
struct Shared {
  Value *mine = nullptr;   // i32
  Value *plane = nullptr;  // base of the plane that the access looks into
};

// Loads the shared values once per region and finds, for a place in the function, which of them hold there.
class Regions {
 public:
  Regions(Function &f, Abi &abi, DominatorTree &dominators) : f_(f), abi_(abi), dominators_(dominators) {
    load_constants();
    load_after_ends();
  }

  // To be asked for all places before the first check splits a block.
  Shared at(const Instruction *place, bool write) {
    auto *block = const_cast<BasicBlock *>(place->getParent());
    auto list = loaded_.find(block);
    if (list != loaded_.end())
      for (const Loaded &loaded : reverse(list->second))
        if (!loaded.after || loaded.after->comesBefore(place)) return {loaded.mine, write ? writes_ : loaded.reads};
    return {on_entry_of(block, mine_, mine_on_entry_), write ? writes_ : on_entry_of(block, reads_, reads_on_entry_)};
  }

  // Drops what turned out unused and moves the rest down to where it is needed, so that a path without accesses
  // doesn't pay.  Moving a load down towards all its users crosses no region end: such a value has its users in its own
  // region, others see a phi.
  void settle() {
    dominators_.recalculate(f_);
    LoopInfo loops(dominators_);
    for (Instruction *i : reverse(created_)) {
      if (i->use_empty())
        i->eraseFromParent();
      else
        sink(i, loops);
    }
  }

 private:
  struct Loaded {
    const Instruction *after;  // the region end that it follows; NULL: it stands at the block's beginning
    Value *mine, *reads;
  };

  void load_constants() {
    IRBuilder<> b(&*f_.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
    b.SetCurrentDebugLocation(DebugLoc());
    CallInst *offset = thread_offset(b, *abi_.tls());
    LoadInst *base = b.CreateAlignedLoad(b.getPtrTy(), abi_.shadow(), Align(8), "gw.writes");
    base->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(f_.getContext(), {}));
    offset_ = offset;
    writes_ = base;
    created_.push_back(offset);
    created_.push_back(base);
    load_state(b, nullptr);
  }

  void load_state(IRBuilder<> &b, const Instruction *after) {
    Type *segment = b.getPtrTy(kThreadSegment);
    auto *epoch_at = b.CreateIntToPtr(offset_, segment);
    auto *epoch = b.CreateAlignedLoad(b.getInt32Ty(), epoch_at, Align(8), "gw.epoch");
    auto *mine = b.CreateOr(epoch, kByteBits, "gw.mine");
    auto *plane_at = b.CreateConstGEP1_64(b.getInt8Ty(), epoch_at, kReadOffset);
    auto *plane = b.CreateAlignedLoad(b.getInt64Ty(), plane_at, Align(8), "gw.plane");
    auto *reads = b.CreateGEP(b.getInt8Ty(), writes_, plane, "gw.reads");
    for (Value *v : {epoch_at, (Value *)epoch, mine, plane_at, (Value *)plane, reads})
      created_.push_back(cast<Instruction>(v));
    loaded_[b.GetInsertBlock()].push_back({after, mine, reads});
  }

  void load_after(Instruction &end) {
    if (!end.isTerminator()) {
      auto *call = dyn_cast<CallInst>(&end);
      if (call && call->isMustTailCall()) return;
      IRBuilder<> b(end.getNextNode());
      b.SetCurrentDebugLocation(DebugLoc());
      load_state(b, &end);
      return;
    }
    // invoke, asm goto: a region begins in each successor.
    for (BasicBlock *next : successors(end.getParent())) {
      if (next->getFirstInsertionPt() == next->end() || !begun_.insert(next).second) continue;
      IRBuilder<> b(next, next->getFirstInsertionPt());
      b.SetCurrentDebugLocation(DebugLoc());
      load_state(b, nullptr);
      // It comes before the region ends inside the block, which may be listed already.
      auto &list = loaded_[next];
      std::rotate(list.begin(), list.end() - 1, list.end());
    }
  }

  void load_after_ends() {
    std::vector<Instruction *> ends;
    for (BasicBlock &block : f_)
      if (dominators_.isReachableFromEntry(&block))
        for (Instruction &i : block)
          if (ends_region(i)) ends.push_back(&i);
    for (Instruction *end : ends) load_after(*end);
    mine_.Initialize(Type::getInt32Ty(f_.getContext()), "gw.mine");
    reads_.Initialize(PointerType::getUnqual(f_.getContext()), "gw.reads");
    for (auto &[block, list] : loaded_) {
      if (list.empty()) continue;
      mine_.AddAvailableValue(const_cast<BasicBlock *>(block), list.back().mine);
      reads_.AddAvailableValue(const_cast<BasicBlock *>(block), list.back().reads);
    }
  }

  using ByBlock = DenseMap<const BasicBlock *, Value *>;
  static Value *on_entry_of(BasicBlock *block, SSAUpdater &updater, ByBlock &known) {
    Value *&value = known[block];
    if (!value) value = updater.GetValueInMiddleOfBlock(block);
    return value;
  }

  void sink(Instruction *i, const LoopInfo &loops) {
    BasicBlock *target = nullptr;
    for (const Use &use : i->uses()) {
      auto *user = cast<Instruction>(use.getUser());
      auto *phi = dyn_cast<PHINode>(user);
      BasicBlock *block = phi ? phi->getIncomingBlock(use) : user->getParent();
      target = target ? dominators_.findNearestCommonDominator(target, block) : block;
    }
    unsigned depth = loops.getLoopDepth(i->getParent());
    while (loops.getLoopDepth(target) > depth) target = dominators_.getNode(target)->getIDom()->getBlock();
    if (target == i->getParent() || !dominators_.dominates(i->getParent(), target)) return;
    Instruction *place = target->getTerminator();
    for (Instruction &candidate : *target)
      if (!isa<PHINode>(candidate) && is_contained(candidate.operands(), i)) {
        place = &candidate;
        break;
      }
    if (target->getFirstInsertionPt() == target->end()) return;
    i->moveBefore(place);
  }

  Function &f_;
  Abi &abi_;
  DominatorTree &dominators_;
  Value *offset_ = nullptr, *writes_ = nullptr;
  std::vector<Instruction *> created_;  // in order of creation
  DenseMap<const BasicBlock *, SmallVector<Loaded, 2>> loaded_;
  ByBlock mine_on_entry_, reads_on_entry_;
  SmallPtrSet<const BasicBlock *, 4> begun_;
  SSAUpdater mine_, reads_;
};

// Builds the condition and the cold call of one access.
class Check {
 public:
  Check(Abi &abi, const Access &access, const Shared &shared)
      : abi_(abi), access_(access), b_(access.at), mine_(shared.mine), plane_(shared.plane) {}

  void place_call() {
    b_.SetCurrentDebugLocation(line());
    measure();
    call(b_, "__gw_check_");
  }

  // For accesses of up to kInlineBytes.
  void place() {
    b_.SetCurrentDebugLocation(line());
    measure();
    Value *missing = condition();
    MDNode *weights = MDBuilder(b_.getContext()).createUnlikelyBranchWeights();
    Instruction *cold = SplitBlockAndInsertIfThen(missing, access_.at, false, weights);
    cold->getParent()->setName("gw.cold");
    IRBuilder<> cb(cold);
    cb.SetCurrentDebugLocation(line());
    call(cb, "__gw_");
  }

 private:
  DebugLoc line() const { return access_.line ? DebugLoc(access_.line) : access_.at->getDebugLoc(); }

  bool is_power_of_two_up_to(uint64_t most) const { return isPowerOf2_64(access_.size) && access_.size <= most; }

  void call(IRBuilder<> &b, StringRef prefix) {
    std::string name = (prefix + (access_.write ? "write" : "read")).str();
    if (!access_.length && is_power_of_two_up_to(16) && align_ >= access_.size) {
      abi_.call(b, name + std::to_string(access_.size), {access_.pointer});
      return;
    }
    Value *length = access_.length ? b.CreateZExtOrTrunc(access_.length, b.getInt64Ty()) : b.getInt64(access_.size);
    abi_.call(b, name + "_range", {access_.pointer, length});
  }

  // What is known of the address.  Variables of this module are moved to a multiple of 8 where that makes it more.
  void measure() {
    const DataLayout &layout = abi_.module().getDataLayout();
    APInt distance(64, 0);
    Value *base = access_.pointer->stripAndAccumulateInBoundsConstantOffsets(layout, distance);
    if (isa<AllocaInst>(base) || isa<GlobalVariable>(base)) getOrEnforceKnownAlignment(base, Align(kGranule), layout);
    KnownBits bits = computeKnownBits(access_.pointer, layout);
    align_ = std::max(access_.align.value(), (uint64_t)1 << std::min(bits.countMinTrailingZeros(), 12u));
    uint64_t low = kGranule - 1;
    if (align_ >= kGranule)
      offset_ = 0;
    else if (((bits.Zero | bits.One).getZExtValue() & low) == low)
      offset_ = bits.One.getZExtValue() & low;
  }

  Value *condition() {
    uint64_t n = access_.size;
    if (offset_ && *offset_ + n <= kGranule) return is_not_zero(differs_in(0, byte_bits(n) << *offset_));
    if (align_ >= kGranule) return whole_cells();
    if (is_power_of_two_up_to(4) && align_ >= n) return within_granule();
    if (n <= kGranule) return across_two();
    if (n <= 2 * kGranule) return across_three();
    return whole_cells_if_aligned();
  }

  static uint32_t byte_bits(uint64_t n) { return (uint32_t)((1u << n) - 1); }

  Value *address() {
    if (!address_) address_ = b_.CreatePtrToInt(access_.pointer, b_.getInt64Ty());
    return address_;
  }

  Value *cell_at(uint64_t index) {
    if (!cell_) {
      Value *granule = b_.CreateLShr(address(), Log2_64(kGranule));
      cell_ = b_.CreateGEP(b_.getInt32Ty(), plane_, granule);
    }
    return index ? b_.CreateConstGEP1_64(b_.getInt32Ty(), cell_, index) : cell_;
  }

  Value *load_cell(uint64_t index) {
    LoadInst *load = b_.CreateAlignedLoad(b_.getInt32Ty(), cell_at(index), Align(kCellBytes), "gw.cell");
    load->setAtomic(AtomicOrdering::Monotonic);
    return load;
  }

  // Two cells at once.  LLVM has no atomic load that is less aligned than its size; each cell is whole all the same.
  Value *load_two_cells(uint64_t index) {
    LoadInst *load = b_.CreateAlignedLoad(b_.getInt64Ty(), cell_at(index), Align(kCellBytes), "gw.cells");
    load->setVolatile(true);
    return load;
  }

  // Where cell `index` differs from what it should be, for constant and for computed masks of its bytes.
  Value *differs(uint64_t index) { return b_.CreateXor(load_cell(index), mine_); }
  Value *differs_in(uint64_t index, uint32_t mask) {
    Value *bits = differs(index);
    return mask == kByteBits ? bits : b_.CreateAnd(bits, b_.getInt32(mask | ~kByteBits));
  }
  Value *differs_in(uint64_t index, Value *mask) {
    return b_.CreateAnd(differs(index), b_.CreateOr(mask, b_.getInt32(~kByteBits)));
  }

  Value *is_not_zero(Value *bits) { return b_.CreateICmpNE(bits, ConstantInt::get(bits->getType(), 0), "gw.miss"); }

  // An address that is a multiple of 8: cells from the first on, two at a time.  `all` has bits that must be zero too.
  Value *whole_cells(Value *all = nullptr) {
    auto collect = [&](Value *bits) {
      bits = b_.CreateZExt(bits, b_.getInt64Ty());
      all = all ? b_.CreateOr(all, bits) : bits;
    };
    uint64_t cells = access_.size / kGranule, rest = access_.size % kGranule, i = 0;
    if (cells >= 2) {
      Value *one = b_.CreateZExt(mine_, b_.getInt64Ty());
      Value *two = b_.CreateOr(b_.CreateShl(one, 32), one);
      for (; i + 2 <= cells; i += 2) collect(b_.CreateXor(load_two_cells(i), two));
    }
    if (cells == 1 && !rest) return is_not_zero(differs_in(0, kByteBits));
    for (; i < cells; i++) collect(differs_in(i, kByteBits));
    if (rest) collect(differs_in(cells, byte_bits(rest)));
    return is_not_zero(all);
  }

  // A long access at any address: inline if it happens to begin with a granule, as most vectors of floats do.
  Value *whole_cells_if_aligned() { return whole_cells(b_.CreateAnd(address(), b_.getInt64(kGranule - 1))); }

  Value *offset_in_granule(uint32_t possible) {
    return b_.CreateAnd(b_.CreateTrunc(address(), b_.getInt32Ty()), b_.getInt32(possible));
  }

  // 1, 2 or 4 bytes, aligned to their size, anywhere in the granule.
  Value *within_granule() {
    Value *offset = offset_in_granule((uint32_t)(kGranule - access_.size));
    return is_not_zero(differs_in(0, b_.CreateShl(b_.getInt32(byte_bits(access_.size)), offset)));
  }

  // All ones from the byte bits up if any of them is set, else zero: then the cell isn't touched and may hold anything.
  Value *cell_bits_if_touched(Value *mask) {
    Value *touched = b_.CreateSExt(b_.CreateICmpNE(mask, b_.getInt32(0)), b_.getInt32Ty());
    return b_.CreateOr(mask, b_.CreateAnd(touched, b_.getInt32(~kByteBits)));
  }

  // Up to 8 bytes at any address.  The second cell always exists: planes have one cell more than granules.
  Value *across_two() {
    Value *mask = b_.CreateShl(b_.getInt32(byte_bits(access_.size)), offset_in_granule((uint32_t)kGranule - 1));
    Value *first = differs_in(0, mask);
    Value *spill = b_.CreateLShr(mask, b_.getInt32(kGranule));
    Value *second = b_.CreateAnd(differs(1), cell_bits_if_touched(spill));
    return is_not_zero(b_.CreateOr(first, second));
  }

  // 9 to 16 bytes at any address: the middle cell is touched but not always whole.
  Value *across_three() {
    Value *mask = b_.CreateShl(b_.getInt32(byte_bits(access_.size)), offset_in_granule((uint32_t)kGranule - 1));
    Value *first = differs_in(0, mask);
    Value *middle = differs_in(1, b_.CreateAnd(b_.CreateLShr(mask, b_.getInt32(kGranule)), b_.getInt32(kByteBits)));
    Value *spill = b_.CreateLShr(mask, b_.getInt32(2 * kGranule));
    Value *last = b_.CreateAnd(differs(2), cell_bits_if_touched(spill));
    return is_not_zero(b_.CreateOr(first, b_.CreateOr(middle, last)));
  }

  Abi &abi_;
  const Access &access_;
  IRBuilder<> b_;
  Value *mine_, *plane_;
  Value *address_ = nullptr, *cell_ = nullptr;
  uint64_t align_ = 1;              // bytes, as far as known
  std::optional<uint64_t> offset_;  // address modulo 8, when known
};

void remark(Function &f, size_t inlined, size_t called) {
  if (inlined + called == 0 || !f.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
  OptimizationRemark r("godwit", "Budget", DiagnosticLocation(f.getSubprogram()), &f.getEntryBlock());
  r << DiagnosticInfoOptimizationBase::Argument("Inline", (unsigned)inlined) << " checks inline, "
    << DiagnosticInfoOptimizationBase::Argument("Called", (unsigned)called) << " called";
  f.getContext().diagnose(r);
}

}  // namespace

void place_checks(Function &f, Abi &abi, const std::vector<Access> &accesses) {
  DominatorTree dominators(f);
  std::vector<const Access *> called, candidates, inlined;
  for (const Access &access : accesses)
    if (dominators.isReachableFromEntry(access.at->getParent()))
      (access.length || access.size > kInlineBytes ? called : candidates).push_back(&access);
  Budget budget(f, dominators, candidates);
  for (const Access *access : candidates) (budget.affords_inline(*access) ? inlined : called).push_back(access);
  remark(f, inlined.size(), called.size());
  for (const Access *access : called) Check(abi, *access, Shared()).place_call();
  if (inlined.empty()) return;
  Regions regions(f, abi, dominators);
  std::vector<Shared> shared;
  shared.reserve(inlined.size());
  for (const Access *access : inlined) shared.push_back(regions.at(access->at, access->write));
  for (auto [access, where] : zip(inlined, shared)) Check(abi, *access, where).place();
  regions.settle();
}

}  // namespace godwit
