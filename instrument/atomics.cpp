// Atomic operations become calls of the detector, which performs them, so that a value and its clock belong together.
//
// Every size from 1 to 16 bytes and every ordering; floating point and pointers travel as integers of their size.
// What abi.inc has no entry for (fadd, fmax, wrapping increments) becomes a loop of compare-exchanges first.
#include "atomics.h"

#include "abi.h"
#include "assembler.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/AtomicOrdering.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/LowerAtomic.h"

using namespace llvm;

namespace godwit {
namespace {

class Replacer {
 public:
  Replacer(Instruction *i, Abi &abi) : i_(i), abi_(abi), b_(i), layout_(abi.module().getDataLayout()) {}

  void run() {
    if (auto *load = dyn_cast<LoadInst>(i_)) {
      Type *type = load->getType();
      finish(from_bits(call("load", type, {load->getPointerOperand(), order(load->getOrdering())}), type));
    } else if (auto *store = dyn_cast<StoreInst>(i_)) {
      Value *value = store->getValueOperand();
      call("store", value->getType(), {store->getPointerOperand(), to_bits(value), order(store->getOrdering())});
      finish(nullptr);
    } else if (auto *cas = dyn_cast<AtomicCmpXchgInst>(i_)) {
      compare_exchange(*cas);
    } else if (auto *rmw = dyn_cast<AtomicRMWInst>(i_)) {
      read_modify_write(*rmw);
    } else {
      abi_.call(b_, "__gw_atomic_thread_fence", {order(cast<FenceInst>(i_)->getOrdering())});
      finish(nullptr);
    }
  }

 private:
  void compare_exchange(AtomicCmpXchgInst &cas) {
    Value *expected = cas.getCompareOperand();
    Type *type = expected->getType();
    Value *expected_bits = to_bits(expected);
    Value *old = call("compare_exchange", type,
                      {cas.getPointerOperand(), expected_bits, to_bits(cas.getNewValOperand()),
                       order(cas.getSuccessOrdering()), order(cas.getFailureOrdering())});
    Value *pair = b_.CreateInsertValue(PoisonValue::get(cas.getType()), from_bits(old, type), 0);
    finish(b_.CreateInsertValue(pair, b_.CreateICmpEQ(old, expected_bits), 1));
  }

  static const char *entry_for(AtomicRMWInst::BinOp op) {
    switch (op) {
      case AtomicRMWInst::Xchg:
        return "exchange";
      case AtomicRMWInst::Add:
        return "fetch_add";
      case AtomicRMWInst::Sub:
        return "fetch_sub";
      case AtomicRMWInst::And:
        return "fetch_and";
      case AtomicRMWInst::Or:
        return "fetch_or";
      case AtomicRMWInst::Xor:
        return "fetch_xor";
      case AtomicRMWInst::Nand:
        return "fetch_nand";
      case AtomicRMWInst::Max:
        return "fetch_max";
      case AtomicRMWInst::Min:
        return "fetch_min";
      case AtomicRMWInst::UMax:
        return "fetch_umax";
      case AtomicRMWInst::UMin:
        return "fetch_umin";
      default:
        return nullptr;
    }
  }

  void read_modify_write(AtomicRMWInst &rmw) {
    Value *pointer = rmw.getPointerOperand(), *operand = rmw.getValOperand();
    Type *type = operand->getType();
    if (const char *entry = entry_for(rmw.getOperation()))
      return finish(from_bits(call(entry, type, {pointer, to_bits(operand), order(rmw.getOrdering())}), type));
    finish(exchange_loop(rmw, pointer, operand, type));
  }

  // old = load relaxed; do { new = f(old) } while (!compare_exchange(&old, new))
  Value *exchange_loop(AtomicRMWInst &rmw, Value *pointer, Value *operand, Type *type) {
    Value *first = call("load", type, {pointer, order(AtomicOrdering::Monotonic)});
    BasicBlock *before = i_->getParent();
    BasicBlock *after = SplitBlock(before, i_);
    BasicBlock *loop = BasicBlock::Create(i_->getContext(), "gw.rmw", before->getParent(), after);
    before->getTerminator()->setSuccessor(0, loop);
    b_.SetInsertPoint(loop);
    PHINode *old = b_.CreatePHI(first->getType(), 2);
    old->addIncoming(first, before);
    Value *result = buildAtomicRMWValue(rmw.getOperation(), b_, from_bits(old, type), operand);
    AtomicOrdering failure = AtomicCmpXchgInst::getStrongestFailureOrdering(rmw.getOrdering());
    Value *seen =
        call("compare_exchange", type, {pointer, old, to_bits(result), order(rmw.getOrdering()), order(failure)});
    old->addIncoming(seen, loop);
    b_.CreateCondBr(b_.CreateICmpEQ(seen, old), after, loop);
    b_.SetInsertPoint(i_);
    return from_bits(seen, type);
  }

  uint64_t bits_of(Type *type) const { return layout_.getTypeStoreSizeInBits(type).getFixedValue(); }
  Type *integer_of(Type *type) { return b_.getIntNTy((unsigned)bits_of(type)); }

  Value *to_bits(Value *value) { return b_.CreateBitOrPointerCast(value, integer_of(value->getType())); }
  Value *from_bits(Value *value, Type *type) { return b_.CreateBitOrPointerCast(value, type); }

  Value *order(AtomicOrdering ordering) {
    if (ordering == AtomicOrdering::Unordered) ordering = AtomicOrdering::Monotonic;
    return b_.getInt32((uint32_t)toCABI(ordering));
  }

  Value *call(StringRef operation, Type *type, ArrayRef<Value *> args) {
    return abi_.call(b_, ("__gw_atomic" + Twine(bits_of(type)) + "_" + operation).str(), args);
  }

  void finish(Value *result) {
    if (result) {
      i_->replaceAllUsesWith(result);
      if (isa<Instruction>(result)) result->takeName(i_);
    }
    i_->eraseFromParent();
  }

  Instruction *i_;
  Abi &abi_;
  IRBuilder<> b_;
  const DataLayout &layout_;
};

// The detector's order argument is an int, as the library's is.
struct Libcall {
  std::string operation;
  unsigned bits;
};

std::optional<Libcall> parse(StringRef name) {
  if (!name.consume_front("__atomic_")) return std::nullopt;
  auto [operation, size] = name.rsplit('_');
  unsigned bytes;
  if (size.getAsInteger(10, bytes) || bytes > 16 || !isPowerOf2_32(bytes)) return std::nullopt;
  bool known = StringSwitch<bool>(operation)
                   .Cases("load", "store", "exchange", "compare_exchange", true)
                   .Cases("fetch_add", "fetch_sub", "fetch_and", "fetch_or", "fetch_xor", "fetch_nand", true)
                   .Default(false);
  if (!known) return std::nullopt;
  return Libcall{operation.str(), bytes * 8};
}

}  // namespace

void replace_atomic(Instruction *instruction, Abi &abi) {
  if (auto *call = dyn_cast<CallBase>(instruction))
    bracket_assembler(call, abi);
  else
    Replacer(instruction, abi).run();
}

bool replace_atomic_libcall(CallBase *call, Abi &abi, Sharing &sharing, Work &work) {
  std::optional<Libcall> libcall = parse(call->getCalledFunction()->getName());
  if (!libcall || !isa<CallInst>(call)) return false;
  std::string entry = ("__gw_atomic" + Twine(libcall->bits) + "_" + libcall->operation).str();
  FunctionType *wanted = abi.function(entry)->getFunctionType();
  IRBuilder<> b(call);
  SmallVector<Value *, 5> args(call->args());
  if (libcall->operation == "compare_exchange") {
    // bool f(T *object, T *expected, T desired, int, int): the expected value lies in memory.
    if (args.size() != 5) return false;
    Value *expected_at = args[1];
    args[1] = b.CreateAlignedLoad(wanted->getParamType(1), expected_at, Align(1));
    Value *old = abi.call(b, entry, args);
    Value *same = b.CreateICmpEQ(old, args[1]);
    call->replaceAllUsesWith(b.CreateZExtOrTrunc(same, call->getType()));
    // Only a failure writes the expected value.
    IRBuilder<> failed(SplitBlockAndInsertIfThen(b.CreateNot(same), call, false));
    Instruction *store = failed.CreateAlignedStore(old, expected_at, Align(1));
    store->setDebugLoc(call->getDebugLoc());
    call->eraseFromParent();
    if (sharing.may_be_shared(expected_at)) {
      Align align = commonAlignment(Align(16), libcall->bits / 8);
      work.plain.push_back({cast<Instruction>(args[1]), expected_at, nullptr, libcall->bits / 8, align, false});
      work.plain.push_back({store, expected_at, nullptr, libcall->bits / 8, align, true});
    }
    return true;
  }
  if (args.size() != wanted->getNumParams() || call->getType() != wanted->getReturnType()) return false;
  for (unsigned i = 0; i < args.size(); i++)
    if (args[i]->getType() != wanted->getParamType(i)) return false;
  Value *result = abi.call(b, entry, args);
  if (!call->getType()->isVoidTy()) call->replaceAllUsesWith(result);
  call->eraseFromParent();
  return true;
}

}  // namespace godwit
