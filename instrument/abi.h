// The entry points of abi.inc as LLVM functions, declared in a module when first asked for.
#ifndef GODWIT_INSTRUMENT_ABI_H
#define GODWIT_INSTRUMENT_ABI_H
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/DerivedTypes.h"

namespace llvm {
class CallInst;
class Function;
class GlobalVariable;
class IRBuilderBase;
class Module;
class Value;
}  // namespace llvm

namespace godwit {

// Every entry point's name begins so; nothing of that name is instrumented or renamed.
constexpr llvm::StringLiteral kEntryPrefix = "__gw_";

class Abi {
 public:
  explicit Abi(llvm::Module &module) : module_(module) {}

  // The entry point `name`, which must stand in abi.inc.
  llvm::Function *function(llvm::StringRef name);
  // A call of it with the convention and attributes that abi.inc gives.
  llvm::CallInst *call(llvm::IRBuilderBase &builder, llvm::StringRef name, llvm::ArrayRef<llvm::Value *> args);
  // What the entry points for strided accesses get as their last argument.
  static llvm::Value *strided_shape(llvm::IRBuilderBase &builder, uint64_t stride, uint64_t size);
  // Whether there is an entry point for elements of that size, bytes.
  static bool has_strided(uint64_t stride, uint64_t size);
  // The process-wide variables beside the entry points (abi.h).
  llvm::GlobalVariable *shadow();
  llvm::GlobalVariable *version();
  llvm::GlobalVariable *tls();
  // This module's weak copy of the words that polls read.
  llvm::GlobalVariable *poll();

  // Code that may become part of a shared library: it can be loaded by a process without the runtime, so that all
  // references are weak (module.cpp turns their absence into one clear line).
  bool may_be_shared() const;

  llvm::Module &module() { return module_; }

 private:
  llvm::GlobalVariable *variable(llvm::StringRef name, llvm::Type *type, bool thread_local_);

  llvm::Module &module_;
};

}  // namespace godwit
#endif
