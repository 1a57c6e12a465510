// Loops that count, as polls (polls.h) look at them.
#ifndef GODWIT_INSTRUMENT_STRIPS_H
#define GODWIT_INSTRUMENT_STRIPS_H
#include <cstdint>
#include <optional>

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/InstrTypes.h"

namespace llvm {
class BasicBlock;
class Instruction;
class Loop;
class PHINode;
class Use;
class Value;
}  // namespace llvm

namespace godwit {

// A loop that ends when what moves by `step` at every turn meets a bound.
struct Strip {
  llvm::BasicBlock *header, *latch;
  llvm::PHINode *moving;           // of the header
  llvm::Value *bound;              // the same at every turn
  llvm::Instruction *test;         // the comparison at the end of `latch`, for being equal or not
  unsigned bound_operand;          // of `test`
  llvm::CmpInst::Predicate stays;  // of what moves to the bound while the loop goes on
  int64_t step;                    // in units of `moving`, or bytes of a pointer
  int64_t ahead;                   // what is compared is `moving` plus this
};

llvm::SmallVector<llvm::BasicBlock *, 4> exiting_blocks(const llvm::Loop &loop);
// How many turns the loop makes at most, as this exit says; nothing if it doesn't tell.
std::optional<uint64_t> turns_until(const llvm::Loop &loop, llvm::BasicBlock &exiting);
// What vectorising left for the turns at the end.
bool is_remainder(const llvm::Loop &loop);
// Whether an exit depends on a variable that moves by a constant; or `somehow`, as a pointer does that is followed.
bool progresses(const llvm::Loop &loop, bool somehow);
// Whether it goes over memory, with an address that changes from turn to turn.
bool walks_memory(const llvm::Loop &loop);
// Nothing if the loop hasn't the form.
std::optional<Strip> find_strip(const llvm::Loop &loop);
// Makes it two loops; returns where the outer one goes back.
llvm::Instruction *cut_into_strips(const Strip &strip);

}  // namespace godwit
#endif
