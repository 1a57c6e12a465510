// Thread-local variables of code that may continue on another thread after a call.
//
// LLVM takes a thread-local address for a constant of the function: it merges llvm.threadlocal.address across calls,
// and code generation does so again where the optimiser was kept from it.  Therefore no such intrinsic is left:
//
// - in an executable the address is %fs:0 plus an offset.  The offset is a constant of the process and may be kept;
// %fs:0
//   is an ordinary load, which no stage moves over a call that may write memory.
// - in what may become a shared library the offset isn't known to be constant (dlopen), so a small function that is
//   never inlined asks the dynamic linker.  It reads memory that the program can't see, which any other call may
//   change: it is repeated after calls but not after stores.
#include "tls.h"

#include "llvm/Analysis/CaptureTracking.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"
#include "llvm/Support/ModRef.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr StringLiteral kPrivate = "godwit-private";
constexpr StringLiteral kHelper = "__gw_tls_address.";

// Of this module, and only ever loaded and stored by name.
bool stays_private(const GlobalVariable &v) {
  if (!v.hasLocalLinkage()) return false;
  for (const User *user : v.users()) {
    const auto *address = dyn_cast<IntrinsicInst>(user);
    if (!address || address->getIntrinsicID() != Intrinsic::threadlocal_address) return false;
    if (PointerMayBeCaptured(address, true, true)) return false;
  }
  return true;
}

Function *helper_of(Module &m, GlobalVariable &v) {
  std::string name = (kHelper + v.getName()).str();
  if (Function *known = m.getFunction(name)) return known;
  LLVMContext &c = m.getContext();
  auto *f =
      Function::Create(FunctionType::get(PointerType::getUnqual(c), false), GlobalValue::InternalLinkage, name, m);
  // optnone: nobody may find out that it is constant as far as one thread goes.
  for (auto kind : {Attribute::NoInline, Attribute::OptimizeNone, Attribute::NoUnwind, Attribute::WillReturn})
    f->addFnAttr(kind);
  f->setMemoryEffects(MemoryEffects::inaccessibleMemOnly(ModRefInfo::Ref));
  IRBuilder<> b(BasicBlock::Create(c, "", f));
  b.CreateRet(b.CreateThreadLocalAddress(&v));
  return f;
}

Value *address_in_executable(IRBuilder<> &b, GlobalVariable &v) {
  Value *self = ConstantPointerNull::get(b.getPtrTy(kThreadSegment));
  Value *base = b.CreateAlignedLoad(b.getPtrTy(), self, Align(8), "gw.thread");
  return b.CreateGEP(b.getInt8Ty(), base, thread_offset(b, v));
}

void replace(IntrinsicInst *address, GlobalVariable &v, bool may_be_shared_library) {
  IRBuilder<> b(address);
  Value *now = may_be_shared_library ? b.CreateCall(helper_of(*address->getModule(), v)) : address_in_executable(b, v);
  address->replaceAllUsesWith(now);
  address->eraseFromParent();
}

const GlobalVariable *named_by(const CallBase &call) {
  if (call.isInlineAsm()) return call.arg_size() == 1 ? dyn_cast<GlobalVariable>(call.getArgOperand(0)) : nullptr;
  const Function *callee = call.getCalledFunction();
  if (!callee || !callee->getName().starts_with(kHelper)) return nullptr;
  return callee->getParent()->getGlobalVariable(callee->getName().drop_front(kHelper.size()), true);
}

}  // namespace

CallInst *thread_offset(IRBuilderBase &b, GlobalVariable &v) {
  FunctionType *type = FunctionType::get(b.getInt64Ty(), {b.getPtrTy()}, false);
  // Not volatile, and reads nothing that ever changes: it may be moved and merged at will.
  auto *code = InlineAsm::get(type, "movq ${1:c}@GOTTPOFF(%rip), $0", "=r,s", false, false, InlineAsm::AD_ATT);
  CallInst *offset = b.CreateCall(type, code, {&v}, "gw.offset");
  offset->setDoesNotAccessMemory();
  offset->setDoesNotThrow();
  offset->addFnAttr(Attribute::WillReturn);
  return offset;
}

void make_thread_locals_opaque(Module &m, bool may_be_shared_library) {
  for (GlobalVariable &v : m.globals()) {
    if (!v.isThreadLocal() || v.getName().starts_with("__gw_")) continue;
    if (stays_private(v)) v.addAttribute(kPrivate);
    for (User *user : make_early_inc_range(v.users())) {
      auto *address = dyn_cast<IntrinsicInst>(user);
      if (!address || address->getIntrinsicID() != Intrinsic::threadlocal_address) continue;
      if (!address->getFunction()->getName().starts_with(kHelper)) replace(address, v, may_be_shared_library);
    }
  }
}

bool is_thread_address(const Instruction &i) {
  if (const auto *load = dyn_cast<LoadInst>(&i)) return load->getPointerAddressSpace() == kThreadSegment;
  const auto *call = dyn_cast<CallBase>(&i);
  const Function *callee = call ? call->getCalledFunction() : nullptr;
  return callee && callee->getName().starts_with(kHelper);
}

bool is_private_thread_local(const Value *pointer) {
  while (const auto *gep = dyn_cast<GEPOperator>(pointer)) {
    for (const Value *index : gep->indices())
      if (const auto *call = dyn_cast<CallBase>(index))
        if (const GlobalVariable *v = named_by(*call)) return v->hasAttribute(kPrivate);
    pointer = gep->getPointerOperand();
  }
  const auto *call = dyn_cast<CallBase>(pointer);
  const GlobalVariable *v = call ? named_by(*call) : nullptr;
  return v && v->hasAttribute(kPrivate);
}

}  // namespace godwit
