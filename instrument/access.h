// What a function does to memory that other threads can see.
#ifndef GODWIT_INSTRUMENT_ACCESS_H
#define GODWIT_INSTRUMENT_ACCESS_H
#include <vector>

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Alignment.h"

namespace llvm {
class AllocaInst;
class AnyMemIntrinsic;
class CallBase;
class DILocation;
class Function;
class GlobalVariable;
class Instruction;
class IntrinsicInst;
class LoadInst;
class Value;
}  // namespace llvm

namespace godwit {

// What an access has touched since its last check: where 64 bytes begin, and a bit for each of those (combining.h).
struct Collected {
  llvm::AllocaInst *line = nullptr, *bytes = nullptr;  // registers in the end
};

// A plain access: the check goes directly before `at`, and is blamed on its source line.
struct Access {
  llvm::Instruction *at;
  llvm::Value *pointer;
  llvm::Value *length;  // bytes when `size` doesn't say all, else NULL
  uint64_t size;        // bytes; with a stride, of an element
  llvm::Align align;
  bool write;
  const llvm::DILocation *line = nullptr;  // to blame instead of that of `at`
  uint64_t stride = 0;                     // from element to element, bytes; 0: `length` has no gaps
  Collected collected = {};                // where a miss is noted instead of being told at once
};

// An access for the list of names: where it is, and 'r', 'w' or 'a'.
struct Mention {
  const llvm::DILocation *where;
  char op;
};

struct Work {
  std::vector<Access> plain;
  std::vector<llvm::Instruction *> atomics;     // atomic loads, stores, exchanges, fences
  std::vector<llvm::AnyMemIntrinsic *> memory;  // memcpy, memmove, memset
  std::vector<llvm::LoadInst *> guarded;        // loads whose value is chosen or dropped (guard.h)
  std::vector<llvm::IntrinsicInst *> masked;    // masked loads and stores, gathers, scatters
  std::vector<llvm::CallBase *> libcalls;       // __atomic_NAME_SIZE
  std::vector<Mention> mentions;
  unsigned skipped = 0;  // accesses that another check stands for

  // For what an ignore list names (ignore.h).
  void keep_atomics_only() {
    plain.clear();
    memory.clear();
    guarded.clear();
    masked.clear();
  }
};

// Decides which objects other threads can't see.  Its answers hold for the function as it was before instrumentation.
class Sharing {
 public:
  // False when no other thread can reach or change what `pointer` points to.
  bool may_be_shared(const llvm::Value *pointer);

 private:
  bool all_are_private(const llvm::Value *object);
  bool object_is_private(const llvm::Value *object);

  llvm::DenseMap<const llvm::Value *, bool> private_;
};

// True for what ends a region: any call that might release, acquire, block, or not return (see check.cpp).
bool ends_region(const llvm::Instruction &instruction);

// Collects what is to be instrumented; `keep_all` keeps the accesses that another check stands for.
Work collect(llvm::Function &function, Sharing &sharing, bool keep_all);

}  // namespace godwit
#endif
