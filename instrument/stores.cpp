// Library functions that store a result of one size where an argument points: a check before the call is all it takes,
// so that no program needs libm, or libc's functions that want shared libraries, for our sake.  A pointer to such a
// function isn't followed, nor a function of the program's own that has the name and takes something else.
#include "stores.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstrTypes.h"

using namespace llvm;

namespace godwit {
namespace {

// Parameters: x the number that `number` says, i an int, p a pointer that nothing is told of; X, I and P where such a
// thing is stored.
enum Number { NONE, DOUBLE, FLOAT, LONG_DOUBLE };
struct Stores {
  StringLiteral name;
  Number number;
  StringLiteral parameters;
};
constexpr Stores kStores[] = {
    {"frexp", DOUBLE, "xI"},       {"frexpf", FLOAT, "xI"},    {"frexpl", LONG_DOUBLE, "xI"},
    {"modf", DOUBLE, "xX"},        {"modff", FLOAT, "xX"},     {"modfl", LONG_DOUBLE, "xX"},
    {"sincos", DOUBLE, "xXX"},     {"sincosf", FLOAT, "xXX"},  {"sincosl", LONG_DOUBLE, "xXX"},
    {"remquo", DOUBLE, "xxI"},     {"remquof", FLOAT, "xxI"},  {"remquol", LONG_DOUBLE, "xxI"},
    {"lgamma_r", DOUBLE, "xI"},    {"lgammaf_r", FLOAT, "xI"}, {"lgammal_r", LONG_DOUBLE, "xI"},
    {"getaddrinfo", NONE, "pppP"},
};

Type *number_type(Number number, LLVMContext &context) {
  switch (number) {
    case FLOAT:
      return Type::getFloatTy(context);
    case LONG_DOUBLE:
      return Type::getX86_FP80Ty(context);
    default:
      return Type::getDoubleTy(context);
  }
}

Type *type_of(char parameter, Number number, LLVMContext &context) {
  switch (parameter) {
    case 'x':
    case 'X':
      return number_type(number, context);
    case 'i':
    case 'I':
      return Type::getInt32Ty(context);
    default:
      return PointerType::getUnqual(context);
  }
}

bool stored_to(char parameter) { return parameter < 'a'; }

bool fits(const CallBase &call, const Stores &stores) {
  if (call.arg_size() != stores.parameters.size()) return false;
  for (unsigned i = 0; i < call.arg_size(); i++) {
    const char parameter = stores.parameters[i];
    const Type *got = call.getArgOperand(i)->getType();
    if (stored_to(parameter) ? !got->isPointerTy() : got != type_of(parameter, stores.number, call.getContext()))
      return false;
  }
  return true;
}

}  // namespace

void stores_of_library(CallBase &call, function_ref<void(Value *, Type *)> tell) {
  const Function *callee = call.getCalledFunction();
  if (!callee || !callee->isDeclarationForLinker() || callee->isVarArg()) return;
  const auto *stores = find_if(kStores, [&](const Stores &s) { return s.name == callee->getName(); });
  if (stores == std::end(kStores) || !fits(call, *stores)) return;
  for (unsigned i = 0; i < call.arg_size(); i++)
    if (stored_to(stores->parameters[i]))
      tell(call.getArgOperand(i), type_of(stores->parameters[i], stores->number, call.getContext()));
}

}  // namespace godwit
