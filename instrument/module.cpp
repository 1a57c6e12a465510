// What an instrumented object carries beside its code.
//
// - A reference to __gw_abi_v3: a runtime of another version doesn't have it, and the link fails.
// - __gw_cli_path: where bin/godwit is, so that the process finds its symboliser.  One copy per executable or library.
// - In code that may become part of a shared library every reference to the runtime is weak, and a constructor, one per
//   library, ends a process that has no runtime with one line and status 125.  The dynamic linker resolves the weak
//   thread-local and the thunks to zero, which nobody uses by then.
#include "module.h"

#include <dlfcn.h>

#include "abi.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr StringLiteral kNoRuntime =
    "godwit: this program was built without -race, but uses a library that was built with it: "
    "link the program with `godwit cc -race`\n";
constexpr int kExitNoRuntime = 125;

// bin/godwit of the tree that this plugin lies in: lib/godwit/godwit_pass.so, or deeper with a multiarch lib folder.
std::string cli_path() {
  Dl_info self;
  SmallString<256> plugin;
  if (!dladdr((const void *)&cli_path, &self) || sys::fs::real_path(self.dli_fname, plugin)) return "";
  StringRef folder = sys::path::parent_path(plugin);
  for (StringRef up = folder; !up.empty() && up != sys::path::root_path(up); up = sys::path::parent_path(up)) {
    SmallString<256> candidate(up);
    sys::path::append(candidate, "bin", "godwit");
    if (sys::fs::exists(candidate)) return candidate.str().str();
  }
  SmallString<256> usual(sys::path::parent_path(sys::path::parent_path(folder)));
  sys::path::append(usual, "bin", "godwit");
  return usual.str().str();
}

void add_cli_path(Module &m) {
  Constant *text = ConstantDataArray::getString(m.getContext(), cli_path());
  auto *v = new GlobalVariable(m, text->getType(), true, GlobalValue::WeakAnyLinkage, text, "__gw_cli_path");
  v->setComdat(m.getOrInsertComdat("__gw_cli_path"));
  appendToCompilerUsed(m, {v});
}

// Keeps the reference, without a word of run-time cost beyond one pointer per executable or library.
void require_version(Abi &abi) {
  Module &m = abi.module();
  auto *v = new GlobalVariable(m, PointerType::getUnqual(m.getContext()), true, GlobalValue::LinkOnceODRLinkage,
                               abi.version(), "__gw_needs_abi");
  v->setVisibility(GlobalValue::HiddenVisibility);
  v->setComdat(m.getOrInsertComdat("__gw_needs_abi"));
  appendToUsed(m, {v});
}

void add_runtime_check(Abi &abi) {
  Module &m = abi.module();
  LLVMContext &c = m.getContext();
  auto *f = Function::Create(FunctionType::get(Type::getVoidTy(c), false), GlobalValue::LinkOnceODRLinkage,
                             "__gw_needs_runtime", m);
  f->setVisibility(GlobalValue::HiddenVisibility);
  f->setComdat(m.getOrInsertComdat("__gw_needs_runtime"));
  f->addFnAttr(Attribute::NoInline);
  f->addFnAttr("frame-pointer", "all");
  BasicBlock *entry = BasicBlock::Create(c, "", f), *missing = BasicBlock::Create(c, "", f),
             *fine = BasicBlock::Create(c, "", f);
  IRBuilder<> b(entry);
  b.CreateCondBr(b.CreateIsNull(abi.version()), missing, fine);
  b.SetInsertPoint(missing);
  FunctionCallee write = m.getOrInsertFunction("write", b.getInt64Ty(), b.getInt32Ty(), b.getPtrTy(), b.getInt64Ty());
  FunctionCallee leave = m.getOrInsertFunction("_exit", b.getVoidTy(), b.getInt32Ty());
  b.CreateCall(write,
               {b.getInt32(2), b.CreateGlobalString(kNoRuntime, "gw.no_runtime"), b.getInt64(kNoRuntime.size())});
  b.CreateCall(leave, {b.getInt32(kExitNoRuntime)});
  b.CreateUnreachable();
  b.SetInsertPoint(fine);
  b.CreateRetVoid();
  appendToGlobalCtors(m, f, 0, f);
}

}  // namespace

void mark_plain_module(Module &m) {
  if (!m.getNamedValue("__gw_cli_path")) add_cli_path(m);
}

void mark_module(Abi &abi) {
  Module &m = abi.module();
  if (m.getNamedValue("__gw_needs_abi")) return;
  require_version(abi);
  add_cli_path(m);
  if (abi.may_be_shared()) add_runtime_check(abi);
}

}  // namespace godwit
