// Reads abi.inc, the only list of entry points, into LLVM types.
//
// A THUNK or CHECK is `preserve_allcc`: the caller keeps everything but r11 in registers.  It is bound eagerly
// (nonlazybind), because the lazy binding stub of the dynamic linker keeps argument registers only.  It touches no
// memory that the program can see, so that link-time optimisers may move the program's own accesses across it.
// A POLL is such a call too, but anything may have happened behind it.
#include "abi.h"

#include "llvm/IR/Attributes.h"
#include "llvm/IR/CallingConv.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/ModRef.h"

using namespace llvm;

namespace godwit {
namespace {

enum Kind { VOID, PTR, SIZE, I8, I16, I32, I64, I128, INT, BOOL };
enum Convention { THUNK, CHECK, POLL, CCC };

struct Entry {
  Convention convention;
  Kind ret;
  const char *name;
  SmallVector<Kind, 5> args;
};

constexpr uint64_t kElementMax = 64;  // bytes: an element that is longer is a range itself, and its check worth a call

const std::vector<Entry> &entries() {
  static const std::vector<Entry> table = {
#define GW_ABI_LIST(...) {__VA_ARGS__}
#define GW_ABI(cc, ret, name, args) {cc, ret, #name, GW_ABI_LIST args},
#include "godwit/abi.inc"
  };
  return table;
}

Type *type_of(Kind kind, LLVMContext &context) {
  switch (kind) {
    case VOID:
      return Type::getVoidTy(context);
    case PTR:
      return PointerType::getUnqual(context);
    case I8:
    case BOOL:
      return Type::getInt8Ty(context);
    case I16:
      return Type::getInt16Ty(context);
    case I32:
    case INT:
      return Type::getInt32Ty(context);
    case SIZE:
    case I64:
      return Type::getInt64Ty(context);
    case I128:
      return Type::getInt128Ty(context);
  }
  llvm_unreachable("a kind of abi.inc");
}

// As clang does for C: what is narrower than int arrives extended.
bool is_narrow(Kind kind) { return kind == I8 || kind == I16 || kind == BOOL; }

const Entry &find(StringRef name) {
  for (const Entry &entry : entries())
    if (name == entry.name) return entry;
  report_fatal_error(Twine("godwit: no entry point ") + name + " in abi.inc");
}

}  // namespace

Function *Abi::function(StringRef name) {
  if (Function *known = module_.getFunction(name)) return known;
  LLVMContext &context = module_.getContext();
  const Entry &entry = find(name);
  SmallVector<Type *, 5> args;
  for (Kind kind : entry.args) args.push_back(type_of(kind, context));
  Function *f = Function::Create(
      FunctionType::get(type_of(entry.ret, context), args, false),
      may_be_shared() || entry.convention == POLL ? GlobalValue::ExternalWeakLinkage : GlobalValue::ExternalLinkage,
      name, module_);
  f->setDoesNotThrow();
  // The runtime is always part of the executable.
  if (!may_be_shared()) f->setDSOLocal(true);
  if (is_narrow(entry.ret)) f->addRetAttr(Attribute::ZExt);
  for (unsigned i = 0; i < entry.args.size(); i++)
    if (is_narrow(entry.args[i])) f->addParamAttr(i, Attribute::ZExt);
  if (entry.convention != CCC) {
    f->setCallingConv(CallingConv::PreserveAll);
    if (entry.convention != CHECK) f->addFnAttr(Attribute::Cold);
    if (may_be_shared()) f->addFnAttr(Attribute::NonLazyBind);
    if (entry.convention == POLL) return f;
    f->addFnAttr(Attribute::NoCallback);
    f->setMemoryEffects(MemoryEffects::inaccessibleMemOnly());
    f->addParamAttr(0, Attribute::NoCapture);
    f->addParamAttr(0, Attribute::ReadNone);
  }
  return f;
}

CallInst *Abi::call(IRBuilderBase &builder, StringRef name, ArrayRef<Value *> args) {
  Function *f = function(name);
  CallInst *call = builder.CreateCall(f, args);
  call->setCallingConv(f->getCallingConv());
  AttributeList declared = f->getAttributes();
  // Extension is read from the call by code generation.
  if (declared.hasRetAttr(Attribute::ZExt)) call->addRetAttr(Attribute::ZExt);
  for (unsigned i = 0; i < args.size(); i++)
    if (declared.hasParamAttr(i, Attribute::ZExt)) call->addParamAttr(i, Attribute::ZExt);
  return call;
}

Value *Abi::strided_shape(IRBuilderBase &builder, uint64_t stride, uint64_t size) {
  return builder.getInt64(stride << 32 | size);
}

bool Abi::has_strided(uint64_t stride, uint64_t size) {
  return stride % 8 == 0 && size < stride && size <= kElementMax && isUInt<31>(stride);
}

bool Abi::may_be_shared() const {
  return module_.getPICLevel() != PICLevel::NotPIC && module_.getPIELevel() == PIELevel::Default;
}

GlobalVariable *Abi::variable(StringRef name, Type *type, bool thread_local_) {
  if (GlobalVariable *known = module_.getGlobalVariable(name)) return known;
  auto *v = new GlobalVariable(module_, type, false,
                               may_be_shared() ? GlobalValue::ExternalWeakLinkage : GlobalValue::ExternalLinkage,
                               nullptr, name);
  if (thread_local_) v->setThreadLocalMode(GlobalValue::InitialExecTLSModel);
  if (!may_be_shared()) v->setDSOLocal(true);
  return v;
}

GlobalVariable *Abi::shadow() { return variable("__gw_shadow", PointerType::getUnqual(module_.getContext()), false); }

GlobalVariable *Abi::version() { return variable("__gw_abi_v3", Type::getInt32Ty(module_.getContext()), false); }

GlobalVariable *Abi::tls() {
  return variable("__gw_tls", ArrayType::get(Type::getInt64Ty(module_.getContext()), 3), true);
}

// In an executable it is at a constant distance from %fs, and compared in memory.
GlobalVariable *Abi::poll() {
  constexpr StringLiteral name = "__gw_poll";
  if (GlobalVariable *known = module_.getGlobalVariable(name)) return known;
  Type *words = ArrayType::get(Type::getInt32Ty(module_.getContext()), 2);
  auto *v = new GlobalVariable(module_, words, false, GlobalValue::WeakAnyLinkage, Constant::getNullValue(words), name);
  v->setThreadLocalMode(may_be_shared() ? GlobalValue::InitialExecTLSModel : GlobalValue::LocalExecTLSModel);
  v->setAlignment(Align(8));
  if (!may_be_shared()) v->setDSOLocal(true);
  return v;
}

}  // namespace godwit
