// Library functions that store results where a pointer says: see stores.cpp.
#ifndef GW_INSTRUMENT_STORES_H
#define GW_INSTRUMENT_STORES_H
#include "llvm/ADT/STLFunctionalExtras.h"

namespace llvm {
class CallBase;
class Type;
class Value;
}  // namespace llvm

namespace godwit {

// Tells each place that the call certainly stores to, and the type of what it stores.
void stores_of_library(llvm::CallBase &call, llvm::function_ref<void(llvm::Value *, llvm::Type *)> tell);

}  // namespace godwit
#endif
