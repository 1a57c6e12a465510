// Selects the accesses to check.
//
// Left out, and why that is sound:
// - Memory that no other thread can name: stack objects and by-value parameters whose address doesn't escape.  Escape
//   is asked of the object, not of the address at hand: `&s.field` may stay here while `&s` has gone.
//   Thread-local variables of this module whose address is never taken.
// - Memory that nobody writes: constant globals.
// - errno, which belongs to the goroutine: it is saved and restored when a goroutine moves.
// - An access for which another one of the same basic block stands.  Between the two lies nothing that ends a region,
//   so the thread's clock is the same for both and whatever is unordered with one is unordered with the other:
//     a later access, when an earlier one covered its bytes and was a write or both are reads: whatever conflicts with
//     the later one conflicts with the earlier one too;
//     an earlier read without a source position of its own, or with that of a later write that covers its bytes
//     (`x += n`): whatever conflicts
//     with the read is a write, which conflicts with the write too; and the write happens, as nothing between them can
//     end or leave the function.
//   An earlier read never stands for a later write.
#include "access.h"

#include "assembler.h"
#include "guard.h"
#include "llvm/Analysis/CaptureTracking.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "stores.h"
#include "tls.h"

using namespace llvm;

namespace godwit {
namespace {

// Objects with more uses than this are taken to escape; LLVM's own default of 100 gives up on large functions.
constexpr unsigned kMaxUses = 2000;

// Objects that a pointer may point to, looked at one by one (a guess: a switch with some counters).
constexpr unsigned kMaxChoices = 32;

// Counters of coverage and profiling, and the entry points' own variables.
bool is_of_the_toolchain(const GlobalVariable &v) {
  StringRef name = v.getName();
  return name.starts_with("__gw_") || name.starts_with("__llvm") || name.starts_with("__prof") ||
         name.starts_with("llvm.") || (v.hasSection() && v.getSection().starts_with("__llvm_prf"));
}

bool is_errno_address(const Value *object) {
  const auto *call = dyn_cast<CallBase>(object);
  const Function *callee = call ? call->getCalledFunction() : nullptr;
  return callee && (callee->getName() == "__errno_location" || callee->getName() == "__h_errno_location");
}

// One basic block's accesses so far that no region end has followed, per address.
class Covered {
 public:
  void forget() {
    reads_.clear();
    writes_.clear();
  }
  bool stands_for(const Access &later) const {
    auto write = writes_.find(later.pointer);
    if (write != writes_.end() && write->second >= later.size) return true;
    auto read = reads_.find(later.pointer);
    return !later.write && read != reads_.end() && read->second.size >= later.size;
  }
  // The index of the earlier read for which `later` stands, or -1.
  long replaced_by(const Access &later, const std::vector<Access> &list) const {
    if (!later.write) return -1;
    auto read = reads_.find(later.pointer);
    if (read == reads_.end() || read->second.size > later.size) return -1;
    const DebugLoc &a = list[read->second.index].at->getDebugLoc(), &b = later.at->getDebugLoc();
    return a == b || !a || !a.getLine() ? (long)read->second.index : -1;
  }
  void note(const Access &access, size_t index) {
    if (access.write) {
      uint64_t &size = writes_[access.pointer];
      size = std::max(size, access.size);
    } else {
      Read &read = reads_[access.pointer];
      if (read.size <= access.size) read = {access.size, index};
    }
  }

 private:
  struct Read {
    uint64_t size = 0;  // bytes
    size_t index = 0;   // in Work::plain
  };
  DenseMap<const Value *, Read> reads_;
  DenseMap<const Value *, uint64_t> writes_;
};

class Collector {
 public:
  Collector(Function &f, Sharing &sharing, bool keep_all)
      : f_(f), layout_(f.getDataLayout()), sharing_(sharing), keep_all_(keep_all) {}

  Work run() {
    for (BasicBlock &block : f_) {
      covered_.forget();
      for (Instruction &i : block) visit(i);
    }
    drop_replaced();
    return std::move(work_);
  }

 private:
  void visit(Instruction &i) {
    if (auto *load = dyn_cast<LoadInst>(&i)) {
      if (load->isAtomic())
        atomic(i, load->getPointerOperand());
      else
        plain_load(*load);
    } else if (auto *store = dyn_cast<StoreInst>(&i)) {
      if (store->isAtomic())
        atomic(i, store->getPointerOperand());
      else
        plain(i, store->getPointerOperand(), store->getValueOperand()->getType(), store->getAlign(), true);
    } else if (auto *rmw = dyn_cast<AtomicRMWInst>(&i)) {
      atomic(i, rmw->getPointerOperand());
    } else if (auto *cas = dyn_cast<AtomicCmpXchgInst>(&i)) {
      atomic(i, cas->getPointerOperand());
    } else if (auto *fence = dyn_cast<FenceInst>(&i)) {
      // A single-thread fence orders a thread with its own signal handlers: only the compiler obeys it.
      if (fence->getSyncScopeID() != SyncScope::SingleThread) work_.atomics.push_back(&i);
    } else if (auto *call = dyn_cast<CallBase>(&i)) {
      visit_call(*call);
    }
    if (ends_region(i)) covered_.forget();
  }

  void visit_call(CallBase &call) {
    if (auto *memory = dyn_cast<AnyMemIntrinsic>(&call)) {
      work_.memory.push_back(memory);
      return;
    }
    if (auto *intrinsic = dyn_cast<IntrinsicInst>(&call)) {
      switch (intrinsic->getIntrinsicID()) {
        case Intrinsic::masked_load:
        case Intrinsic::masked_store:
        case Intrinsic::masked_gather:
        case Intrinsic::masked_scatter:
        case Intrinsic::masked_expandload:
        case Intrinsic::masked_compressstore:
          work_.masked.push_back(intrinsic);
          break;
        default:
          break;
      }
      return;
    }
    if (is_locked_assembler(call)) work_.atomics.push_back(&call);
    for (unsigned i = 0; i < call.arg_size(); i++)
      if (call.isByValArgument(i))
        plain(call, call.getArgOperand(i), call.getParamByValType(i), call.getParamAlign(i).valueOrOne(), false);
    stores_of_library(call, [&](Value *to, Type *what) { plain(call, to, what, layout_.getABITypeAlign(what), true); });
    if (const Function *callee = call.getCalledFunction(); callee && callee->getName().starts_with("__atomic_"))
      work_.libcalls.push_back(&call);
  }

  void atomic(Instruction &i, Value *pointer) {
    if (sharing_.may_be_shared(pointer)) work_.atomics.push_back(&i);
  }

  void plain_load(LoadInst &load) {
    if (!is_guarded(load))
      plain(load, load.getPointerOperand(), load.getType(), load.getAlign(), false);
    else if (sharing_.may_be_shared(load.getPointerOperand()))
      work_.guarded.push_back(&load);
  }

  void plain(Instruction &i, Value *pointer, Type *type, Align align, bool write) {
    TypeSize size = layout_.getTypeStoreSize(type);
    if (size.isScalable() || size.isZero() || !sharing_.may_be_shared(pointer)) return;
    Access access = {&i, pointer, nullptr, size.getFixedValue(), align, write};
    if (!keep_all_ && covered_.stands_for(access)) {
      work_.skipped++;
      return;
    }
    long replaced = keep_all_ ? -1 : covered_.replaced_by(access, work_.plain);
    if (replaced >= 0) replaced_.push_back((size_t)replaced);
    covered_.note(access, work_.plain.size());
    work_.plain.push_back(access);
  }

  void drop_replaced() {
    for (size_t index : replaced_)
      if (work_.plain[index].at) {
        work_.plain[index].at = nullptr;
        work_.skipped++;
      }
    erase_if(work_.plain, [](const Access &a) { return !a.at; });
  }

  Function &f_;
  const DataLayout &layout_;
  Sharing &sharing_;
  bool keep_all_;
  Covered covered_;
  std::vector<size_t> replaced_;
  Work work_;
};

// LLVM takes a volatile access through a pointer for a capture of it, as the address might be a device's.
bool is_volatile_access_to(const Use &use) {
  if (const auto *load = dyn_cast<LoadInst>(use.getUser())) return load->isVolatile();
  const auto *store = dyn_cast<StoreInst>(use.getUser());
  return store && store->isVolatile() && use.getOperandNo() == StoreInst::getPointerOperandIndex();
}

struct Captures : CaptureTracker {
  bool found = false;
  void tooManyUses() override { found = true; }
  bool captured(const Use *use) override {
    found |= !is_volatile_access_to(*use);
    return found;
  }
};

bool is_captured(const Value *object) {
  Captures captures;
  PointerMayBeCaptured(object, &captures, kMaxUses);
  return captures.found;
}

}  // namespace

bool ends_region(const Instruction &i) {
  if (i.isAtomic()) return true;
  const auto *call = dyn_cast<CallBase>(&i);
  if (!call || isa<IntrinsicInst>(call)) return false;
  if (const auto *code = dyn_cast<InlineAsm>(call->getCalledOperand()))
    return code->hasSideEffects() || call->mayReadOrWriteMemory();
  // The checks themselves and the detector's memory functions neither release nor switch.
  const Function *callee = call->getCalledFunction();
  if (!callee) return true;
  StringRef name = callee->getName();
  return !(name.starts_with("__gw_read") || name.starts_with("__gw_write") || name.starts_with("__gw_check") ||
           name.starts_with("__gw_mem"));
}

bool Sharing::object_is_private(const Value *object) {
  if (const auto *v = dyn_cast<GlobalVariable>(object)) return v->isConstant() || is_of_the_toolchain(*v);
  if (isa<AllocaInst>(object)) return !is_captured(object);
  if (const auto *argument = dyn_cast<Argument>(object)) return argument->hasByValAttr() && !is_captured(object);
  return is_errno_address(object);
}

bool Sharing::may_be_shared(const Value *pointer) {
  if (pointer->getType()->getPointerAddressSpace() != 0 || pointer->isSwiftError()) return false;
  if (is_private_thread_local(pointer)) return false;
  const Value *object = getUnderlyingObject(pointer, 0);
  if (auto known = private_.find(object); known != private_.end()) return !known->second;
  bool answer = all_are_private(object);
  private_[object] = answer;
  return !answer;
}

// The optimiser merges branches that count in different places into one access to the place that a phi or a select
// chose.
bool Sharing::all_are_private(const Value *object) {
  SmallVector<const Value *, kMaxChoices> choices{object};
  for (unsigned i = 0; i < choices.size(); i++) {
    auto add = [&choices](const Value *pointer) {
      const Value *o = getUnderlyingObject(pointer, 0);
      if (!is_contained(choices, o)) choices.push_back(o);
    };
    if (choices.size() > kMaxChoices) return false;
    if (const auto *phi = dyn_cast<PHINode>(choices[i])) {
      for_each(phi->incoming_values(), add);
    } else if (const auto *select = dyn_cast<SelectInst>(choices[i])) {
      add(select->getTrueValue()), add(select->getFalseValue());
    } else if (!object_is_private(choices[i])) {
      return false;
    }
  }
  return true;
}

Work collect(Function &f, Sharing &sharing, bool keep_all) { return Collector(f, sharing, keep_all).run(); }

}  // namespace godwit
