// Accesses that loops around other loops make again and again at one address: the `n` of `i < p->n`.  (ranges.cpp sees
// to innermost loops.)
//
// An access in the header of a quiet loop (loops.h) to an address that the loop doesn't change is checked before the
// loop, once.  That claims no access that isn't made: the header runs whenever the loop is entered, and nothing before
// the access ends a region or fails to return.  All further turns make the same access in the same epoch, as in a quiet
// loop nothing ends a region either.
//
// An inline check in the loop would hit, mostly; but where threads read the same (a size, a pointer to the data), they
// take each other's cells, and every turn is a miss.
//
// Left in the loop: what stands behind the header, as an inner loop in front of it might not end; what an inner loop's
// header accesses at addresses that only the inner loop doesn't change is moved before that one.
#include "invariants.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Instructions.h"
#include "loops.h"

using namespace llvm;

namespace godwit {
namespace {

// Whether the loop's header makes the access at every turn, at one address.
bool is_hoistable(const Access &access, const Loop &loop, LoopFacts &facts) {
  return access.at->getParent() == loop.getHeader() && loop.isLoopInvariant(access.pointer) && !access.length &&
         loop.getLoopPreheader() && facts.is_quiet(loop);
}

}  // namespace

void hoist_invariants(LoopFacts &facts, std::vector<Access> &accesses) {
  for (Access &access : accesses) {
    const DILocation *line = access.line ? access.line : line_of(access);
    while (const Loop *loop = facts.loops.getLoopFor(access.at->getParent())) {
      if (loop->isInnermost() || !is_hoistable(access, *loop, facts)) break;
      access.at = loop->getLoopPreheader()->getTerminator();
      access.line = line;
    }
  }
}

}  // namespace godwit
