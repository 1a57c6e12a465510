// Polls: where a goroutine that runs for long in a loop lets others run.
#ifndef GODWIT_INSTRUMENT_POLLS_H
#define GODWIT_INSTRUMENT_POLLS_H

#include "llvm/ADT/StringRef.h"

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace godwit {

class Abi;

// The call that keeps a place; none is left in the end.
constexpr llvm::StringLiteral kPollPlace = "__gw_poll_place";

// At the pipeline's start, before thread-locals are made opaque: keeps places for polls in functions that name
// thread-local variables, so that the optimiser knows that the thread may be another one behind them.
void keep_places_for_polls(llvm::Module &module);
// At its end: polls in the loops of a function.  Does nothing the second time.
void place_polls(llvm::Function &function, Abi &abi);

}  // namespace godwit
#endif
