// Memory intrinsics and masked accesses as plain accesses.
//
// A copy of constant length up to kInlineCopy stays an intrinsic with checks before it; any other becomes a call of
// __gw_memcpy and its like, which check both ranges and do the work.  A range that no other thread can see is not
// checked.  Of a masked access only the active lanes count: an inactive one touches nothing.
#include "memory.h"

#include "abi.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr uint64_t kInlineCopy = 64;  // bytes: what the checks compare inline, and about what LLVM copies inline

void check_range(AnyMemIntrinsic *i, Value *pointer, MaybeAlign align, bool write, Work &work) {
  auto *constant = dyn_cast<ConstantInt>(i->getLength());
  if (constant && constant->isZero()) return;
  work.plain.push_back({i, pointer, constant ? nullptr : i->getLength(), constant ? constant->getZExtValue() : 0,
                        align.valueOrOne(), write});
}

// The accesses of one masked intrinsic, lane by lane.
class Lanes {
 public:
  // The checks go before `i`, and are blamed on the line of `blamed`.
  Lanes(Instruction *i, const Instruction *blamed, Work &work)
      : i_(i), blamed_(blamed), work_(work), layout_(i->getDataLayout()) {}

  // Consecutive lanes from `base` on; a compressed one advances by active lanes only.
  void consecutive(Value *base, Type *data, Value *mask, Align align, bool write, bool compressed) {
    auto *type = dyn_cast<FixedVectorType>(data);
    if (!type) return;
    size_ = layout_.getTypeStoreSize(type->getElementType()).getFixedValue();
    IRBuilder<> b(i_);
    Value *taken = b.getInt64(0);
    for (unsigned lane = 0; lane < type->getNumElements(); lane++) {
      b.SetInsertPoint(i_);
      Value *active = b.CreateExtractElement(mask, lane);
      Value *index = compressed ? taken : b.getInt64(lane);
      Value *address = b.CreateGEP(type->getElementType(), base, index);
      if (compressed) taken = b.CreateAdd(taken, b.CreateZExt(active, b.getInt64Ty()));
      one(active, address, commonAlignment(align, compressed ? size_ : lane * size_), write);
    }
  }

  void scattered(Value *pointers, Type *data, Value *mask, Align align, bool write) {
    auto *type = dyn_cast<FixedVectorType>(data);
    if (!type) return;
    size_ = layout_.getTypeStoreSize(type->getElementType()).getFixedValue();
    IRBuilder<> b(i_);
    for (unsigned lane = 0; lane < type->getNumElements(); lane++) {
      b.SetInsertPoint(i_);
      one(b.CreateExtractElement(mask, lane), b.CreateExtractElement(pointers, lane), align, write);
    }
  }

 private:
  void one(Value *active, Value *address, Align align, bool write) {
    Instruction *at = i_;
    if (auto *constant = dyn_cast<ConstantInt>(active)) {
      if (constant->isZero()) return;
    } else {
      at = SplitBlockAndInsertIfThen(active, i_, false);
      at->setDebugLoc(blamed_->getDebugLoc());
    }
    work_.plain.push_back({at, address, nullptr, size_, align, write});
  }

  Instruction *i_;
  const Instruction *blamed_;
  Work &work_;
  const DataLayout &layout_;
  uint64_t size_ = 0;  // bytes of one lane
};

Align align_argument(IntrinsicInst *i, unsigned index) {
  return cast<ConstantInt>(i->getArgOperand(index))->getMaybeAlignValue().valueOrOne();
}

}  // namespace

void lower_memory(AnyMemIntrinsic *i, Abi &abi, Sharing &sharing, Work &work) {
  auto *copy = dyn_cast<AnyMemTransferInst>(i);
  bool writes = sharing.may_be_shared(i->getRawDest());
  bool reads = copy && sharing.may_be_shared(copy->getRawSource());
  if (!writes && !reads) return;
  if (writes) work.mentions.push_back({i->getDebugLoc().get(), 'w'});
  if (reads) work.mentions.push_back({i->getDebugLoc().get(), 'r'});
  auto *length = dyn_cast<ConstantInt>(i->getLength());
  bool stays = (length && length->getZExtValue() <= kInlineCopy) || isa<AtomicMemIntrinsic>(i) ||
               isa<MemCpyInlineInst>(i) || isa<MemSetInlineInst>(i) || i->getDestAddressSpace() != 0 ||
               (copy && (copy->getSourceAddressSpace() != 0 || !writes || !reads));
  if (stays) {
    if (reads) check_range(i, copy->getRawSource(), copy->getSourceAlign(), false, work);
    if (writes) check_range(i, i->getRawDest(), i->getDestAlign(), true, work);
    return;
  }
  IRBuilder<> b(i);
  Value *size = b.CreateZExtOrTrunc(i->getLength(), b.getInt64Ty());
  if (copy) {
    // An intrinsic memcpy may have equal operands: as undefined for libc as it was for the intrinsic.
    abi.call(b, isa<AnyMemMoveInst>(i) ? "__gw_memmove" : "__gw_memcpy", {i->getRawDest(), copy->getRawSource(), size});
  } else {
    Value *byte = b.CreateZExt(cast<AnyMemSetInst>(i)->getValue(), b.getInt32Ty());
    abi.call(b, "__gw_memset", {i->getRawDest(), byte, size});
  }
  i->eraseFromParent();
}

void expand_masked(IntrinsicInst *i, Sharing &sharing, Work &work) {
  Value *first = i->getArgOperand(0);
  Lanes lanes(i, i, work);
  switch (i->getIntrinsicID()) {
    case Intrinsic::masked_load:  // (pointer, align, mask, passthru)
      if (!sharing.may_be_shared(first)) return;
      lanes.consecutive(first, i->getType(), i->getArgOperand(2), align_argument(i, 1), false, false);
      break;
    case Intrinsic::masked_store:  // (value, pointer, align, mask)
      if (!sharing.may_be_shared(i->getArgOperand(1))) return;
      lanes.consecutive(i->getArgOperand(1), first->getType(), i->getArgOperand(3), align_argument(i, 2), true, false);
      break;
    case Intrinsic::masked_gather:  // (pointers, align, mask, passthru)
      lanes.scattered(first, i->getType(), i->getArgOperand(2), align_argument(i, 1), false);
      break;
    case Intrinsic::masked_scatter:  // (value, pointers, align, mask)
      lanes.scattered(i->getArgOperand(1), first->getType(), i->getArgOperand(3), align_argument(i, 2), true);
      break;
    case Intrinsic::masked_expandload:  // (pointer, mask, passthru)
      if (!sharing.may_be_shared(first)) return;
      lanes.consecutive(first, i->getType(), i->getArgOperand(1), i->getParamAlign(0).valueOrOne(), false, true);
      break;
    case Intrinsic::masked_compressstore:  // (value, pointer, mask)
      if (!sharing.may_be_shared(i->getArgOperand(1))) return;
      lanes.consecutive(i->getArgOperand(1), first->getType(), i->getArgOperand(2), i->getParamAlign(1).valueOrOne(),
                        true, true);
      break;
    default:
      return;
  }
  work.mentions.push_back({i->getDebugLoc().get(), i->getType()->isVoidTy() ? 'w' : 'r'});
}

void expand_lanes(LoadInst *load, Value *mask, Instruction *at, Work &work) {
  Lanes lanes(at, load, work);
  lanes.consecutive(load->getPointerOperand(), load->getType(), mask, load->getAlign(), false, false);
}

}  // namespace godwit
