// What an address is called in the source: the variable, or the type and field, that it goes through.
#ifndef GODWIT_INSTRUMENT_PLACE_H
#define GODWIT_INSTRUMENT_PLACE_H
#include <map>
#include <optional>
#include <string>

#include "llvm/ADT/DenseMap.h"

namespace llvm {
class DICompositeType;
class DIType;
class GEPOperator;
class Module;
class StructType;
class Value;
}  // namespace llvm

namespace godwit {

struct Place {
  std::string path;         // "var.field[3]", "tag.field"
  const char *source;       // as in report_format.h: "local", "global", "heap type"
  llvm::DIType *type;       // of what lies there; NULL when it is void
  unsigned subscripts = 0;  // that `path` has already given to the array `type`; it has one for each dimension
};

// Resolves addresses in IR as clang makes it, before any optimisation.
class Places {
 public:
  explicit Places(llvm::Module &module);
  // What an access of `bytes` touches; a scalar is one value, else it may be a whole array or struct.  Nothing when it
  // can't be told for certain.
  std::optional<Place> of_access(llvm::Value *pointer, uint64_t bytes, bool scalar);

 private:
  const std::optional<Place> &of(llvm::Value *pointer);
  std::optional<Place> resolve(llvm::Value *pointer);
  std::optional<Place> resolve_element(llvm::GEPOperator &gep);
  std::optional<Place> start_of(llvm::GEPOperator &gep, llvm::StructType *outer);
  std::optional<Place> of_tag(llvm::StructType *type);

  llvm::Module &module_;
  // By tag, or by typedef name for a struct without one; NULL when two types share it.
  std::map<std::string, llvm::DICompositeType *, std::less<>> records_;
  llvm::DenseMap<llvm::Value *, std::optional<Place>> known_;
};

}  // namespace godwit
#endif
