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

#include <deque>

#include "abi.h"
#include "budget.h"
#include "combining.h"
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
#include "llvm/Transforms/Utils/PromoteMemToReg.h"
#include "llvm/Transforms/Utils/SSAUpdater.h"
#include "masks.h"
#include "tls.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr uint64_t kGranule = 8;    // bytes of memory per cell
constexpr uint64_t kCellBytes = 4;  // bytes per cell
constexpr unsigned kCellBits = 32;
constexpr uint32_t kByteBits = 0xff;   // the byte mask within a cell
constexpr uint64_t kInlineBytes = 64;  // longest access that is checked inline: a cache line, or a vector register
constexpr uint64_t kReadOffset = 8;    // of read_off in struct gw_tls (abi.h)

// What the checks of one region share.
struct Shared {
  Value *mine = nullptr;   // of one cell (i32); of two neighbours (i64) in a function that compares any two at once
  Value *plane = nullptr;  // base of the plane that the access looks into
};

// Loads the shared values once per region and finds, for a place in the function, which of them hold there.
class Regions {
 public:
  Regions(Function &f, Abi &abi, DominatorTree &dominators, bool in_pairs)
      : f_(f), abi_(abi), dominators_(dominators), in_pairs_(in_pairs) {
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
    note_created({offset_, writes_});
    load_state(b, nullptr);
  }

  void note_created(ArrayRef<Value *> values) {
    for (Value *v : values) created_.push_back(cast<Instruction>(v));
  }

  void load_state(IRBuilder<> &b, const Instruction *after) {
    Type *segment = b.getPtrTy(kThreadSegment);
    Value *epoch_at = b.CreateIntToPtr(offset_, segment);
    Value *epoch = b.CreateAlignedLoad(b.getInt32Ty(), epoch_at, Align(8), "gw.epoch");
    Value *mine = b.CreateOr(epoch, kByteBits, "gw.mine");
    note_created({epoch_at, epoch, mine});
    if (in_pairs_) {
      Value *low = b.CreateZExt(mine, b.getInt64Ty()), *high = b.CreateShl(low, kCellBits);
      mine = b.CreateOr(high, low, "gw.mines");
      note_created({low, high, mine});
    }
    Value *plane_at = b.CreateConstGEP1_64(b.getInt8Ty(), epoch_at, kReadOffset);
    Value *plane = b.CreateAlignedLoad(b.getInt64Ty(), plane_at, Align(8), "gw.plane");
    Value *reads = b.CreateGEP(b.getInt8Ty(), writes_, plane, "gw.reads");
    note_created({plane_at, plane, reads});
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
    mine_.Initialize(Type::getIntNTy(f_.getContext(), in_pairs_ ? 2 * kCellBits : kCellBits), "gw.mine");
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
  const bool in_pairs_;  // the shared `mine` is of two cells
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
  // To be made before the first check splits a block.
  Check(Abi &abi, const Access &access) : abi_(abi), access_(access), b_(abi.module().getContext()) { measure(); }

  // Whether it needs the shared values of a function that compares two cells at once.
  bool compares_two() const {
    return shape() == Shape::across || (shape() == Shape::whole && access_.size >= 2 * kGranule);
  }

  void place_call() {
    b_.SetInsertPoint(access_.at);
    b_.SetCurrentDebugLocation(line());
    call(b_, "__gw_check_", false);
  }

  // For accesses of up to kInlineBytes.
  void place(const Shared &shared) {
    b_.SetInsertPoint(access_.at);
    b_.SetCurrentDebugLocation(line());
    two_ = shared.mine->getType()->isIntegerTy(kCellBits) ? nullptr : shared.mine;
    mine_ = two_ ? nullptr : shared.mine;
    plane_ = shared.plane;
    Value *missing = condition();
    MDNode *weights = MDBuilder(b_.getContext()).createUnlikelyBranchWeights();
    Instruction *cold = SplitBlockAndInsertIfThen(missing, access_.at, false, weights);
    cold->getParent()->setName("gw.cold");
    if (access_.collected.line) return collect(abi_, access_, cold);
    IRBuilder<> cb(cold);
    cb.SetCurrentDebugLocation(line());
    call(cb, "__gw_", true);
  }

 private:
  // How an access may lie in its granules.
  enum class Shape {
    fixed,   // at a known offset, in one
    whole,   // from the beginning of one, or looked up only if it happens to be so
    within,  // anywhere in one, by its alignment
    across,  // anywhere
  };

  DebugLoc line() const { return access_.line ? DebugLoc(access_.line) : access_.at->getDebugLoc(); }

  bool is_power_of_two_up_to(uint64_t most) const { return isPowerOf2_64(access_.size) && access_.size <= most; }

  void call(IRBuilder<> &b, StringRef prefix, bool any_alignment) {
    std::string name = (prefix + (access_.write ? "write" : "read")).str();
    if (!access_.length && is_power_of_two_up_to(16) && (any_alignment || align_ >= access_.size)) {
      abi_.call(b, name + std::to_string(access_.size), {access_.pointer});
      return;
    }
    if (access_.stride) {
      abi_.call(b, name + "_strided",
                {access_.pointer, access_.length, Abi::strided_shape(b, access_.stride, access_.size)});
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

  Shape shape() const {
    uint64_t n = access_.size;
    if (offset_ && *offset_ + n <= kGranule) return Shape::fixed;
    if (align_ >= kGranule) return Shape::whole;
    if (is_power_of_two_up_to(4) && align_ >= n) return Shape::within;
    return n <= 2 * kGranule ? Shape::across : Shape::whole;
  }

  Value *condition() {
    switch (shape()) {
      case Shape::fixed:
        return is_not_zero(differs_in(0, byte_bits(access_.size) << offset_.value_or(0)));
      case Shape::whole:
        return align_ >= kGranule ? whole_cells() : whole_cells_if_aligned();
      case Shape::within:
        return within_granule();
      case Shape::across:
        return across();
    }
    llvm_unreachable("a shape");
  }

  static uint32_t byte_bits(uint64_t n) { return (uint32_t)((1u << n) - 1); }

  // What a cell should be.
  Value *mine() {
    if (!mine_) mine_ = b_.CreateTrunc(two_, b_.getInt32Ty());
    return mine_;
  }

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
  Value *differs(uint64_t index) { return b_.CreateXor(load_cell(index), mine()); }
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
    for (; i + 2 <= cells; i += 2) collect(b_.CreateXor(load_two_cells(i), two_));
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

  // Up to 16 bytes at any address.  The cells behind the first always exist: planes have two more than granules.
  Value *across() {
    unsigned words = cells_across(access_.size) - 1;
    Value *row = b_.CreateMul(b_.CreateAnd(address(), b_.getInt64(kGranule - 1)), b_.getInt64(words));
    Value *masks = b_.CreateGEP(b_.getInt64Ty(), mask_table(abi_.module(), access_.size), row);
    Value *all = nullptr;
    for (unsigned i = 0; i < words; i++) {
      Value *bits = b_.CreateAnd(b_.CreateXor(load_two_cells(i), two_), load_mask(masks, i));
      all = all ? b_.CreateOr(all, bits) : bits;
    }
    return is_not_zero(all);
  }

  Value *load_mask(Value *masks, unsigned index) {
    LoadInst *load = b_.CreateAlignedLoad(b_.getInt64Ty(), b_.CreateConstGEP1_64(b_.getInt64Ty(), masks, index),
                                          Align(8), "gw.mask");
    load->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(b_.getContext(), {}));
    return load;
  }

  Abi &abi_;
  const Access &access_;
  IRBuilder<> b_;
  Value *mine_ = nullptr, *two_ = nullptr, *plane_ = nullptr;
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

void place_inline(Function &f, Abi &abi, DominatorTree &dominators, ArrayRef<const Access *> accesses) {
  std::deque<Check> checks;
  for (const Access *access : accesses) checks.emplace_back(abi, *access);
  Regions regions(f, abi, dominators, any_of(checks, [](const Check &check) { return check.compares_two(); }));
  std::vector<Shared> shared;
  shared.reserve(checks.size());
  for (const Access *access : accesses) shared.push_back(regions.at(access->at, access->write));
  for (auto [check, where] : zip(checks, shared)) check.place(where);
  regions.settle();
}

void make_registers(Function &f, const std::vector<Access> &accesses) {
  std::vector<AllocaInst *> registers;
  for (const Access &access : accesses)
    for (AllocaInst *reg : {access.collected.line, access.collected.bytes})
      if (reg) registers.push_back(reg);
  if (registers.empty()) return;
  DominatorTree dominators(f);
  PromoteMemToReg(registers, dominators);
}

}  // namespace

void place_checks(Function &f, Abi &abi, const std::vector<Access> &accesses) {
  DominatorTree dominators(f);
  std::vector<const Access *> called, candidates, inlined;
  for (const Access &access : accesses)
    if (dominators.isReachableFromEntry(access.at->getParent()))
      (access.length || access.size > kInlineBytes ? called : candidates).push_back(&access);
  Budget budget(f, dominators, candidates);
  for (const Access *access : candidates)
    (access->collected.line || budget.affords_inline(*access) ? inlined : called).push_back(access);
  remark(f, inlined.size(), called.size());
  for (const Access *access : called) Check(abi, *access).place_call();
  if (!inlined.empty()) place_inline(f, abi, dominators, inlined);
  make_registers(f, accesses);
}

}  // namespace godwit
