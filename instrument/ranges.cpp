// Range checks of loops: an access that a loop makes at every turn, to addresses that follow one another without a gap,
// is checked once, before the loop, for all turns.
//
// A range check claims accesses before they happen.  It claims exactly those that will happen, and nothing between the
// claim and the last of them could tell the difference, because
// - the loop is *quiet*: nothing in it ends a region (no atomic, no call but of functions that only read memory or
//   compute, no assembly), and everything in it returns, without unwinding.  So no release lies between claim and
//   access (an access claimed before a release would seem ordered), no acquire (claimed before an acquire, it would
//   seem unordered) and no free;
// - it has one exit, and LLVM knows how often the way back is taken.  A block that dominates the latch runs at every
//   turn: once more than that if it stands before the exit, else just as often, which may be never;
// - the address is a start plus a constant stride per turn.  Either all turns together touch whole bytes from the first
//   to the last (the access is as long as the stride, or several ones of the same source line fill the gaps), or the
//   gaps are part of the claim: a strided check names the stride and what is touched of it.
// The program must reach the accesses: one that is killed by a bad address in the middle of a loop has claimed those
// after it, but reports nothing any more.  So has a signal handler that releases in the middle of the loop: see
// check.cpp.  Sizes are computed in 64 bits: to wrap, a loop would have to touch more than the address space.
//
// An access that stays at one address is checked once, before the loop.  A range that the same line also writes
// (`a[i] += x`) is checked as a write only, as access.cpp does within a block.
//
// A report shows the line of the range check's call: that of the accesses.  Accesses of different lines are therefore
// not merged.  Where columns, and the variables' names that hang on them, differ, the report has none.
//
// Left in the loop, some of it to runs.cpp: loops that are known to be short, loops around other loops, conditional
// accesses, strides with gaps that aren't whole words.  A range check that hits takes 2 to 3 ns (measured), as much as
// four to twelve inline checks that hit; one that misses takes the slow path once instead of once per granule.  A
// second copy of the loop for short counts was rejected: it doubles the code for the sake of the cheap case.
#include "ranges.h"

#include "abi.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"
#include "loops.h"
#include "names.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr uint64_t kTurnsMin = 4;           // turns; a loop that never makes so many keeps its checks
constexpr int64_t kFar = (int64_t)1 << 31;  // bytes: strides and distances beyond are not looked at
constexpr unsigned kCostMax = 12;           // of computing the number of turns: in LLVM's units, a guess
constexpr uint64_t kInlineBytes = 64;       // a range of known size up to this is an inline check

// The bytes that one access, or several that adjoin, touch in the first turn, relative to the stream's base.  Or of
// those, with gaps, that an unrolled loop touches in one turn: as many of `size` bytes as turns were made one.
struct Piece {
  int64_t lo, hi;
  SmallVector<size_t, 4> members;  // in the list of accesses
  uint64_t size = 0, step = 0;     // of an element; from one to the next: both 0 if there are no gaps in the piece
};

// Accesses that advance together: same stride, same number of turns, constant distances.
struct Stream {
  const SCEV *base;  // address in the first turn
  int64_t stride;    // bytes per turn
  bool each_turn;    // runs in the last, unfinished turn too
  std::vector<Piece> pieces;
};

class LoopRanges {
 public:
  LoopRanges(Loop &loop, ScalarEvolution &se, const DominatorTree &dominators, const Names &names,
             std::vector<Access> &accesses)
      : loop_(loop),
        se_(se),
        dominators_(dominators),
        names_(names),
        accesses_(accesses),
        preheader_(loop.getLoopPreheader()->getTerminator()),
        expander_(se, preheader_->getDataLayout(), "gw.range"),
        costs_(preheader_->getDataLayout()),
        entry_(loop) {}

  void run(ArrayRef<size_t> indices) {
    way_back_ = se_.getBackedgeTakenCount(&loop_);
    if (isa<SCEVCouldNotCompute>(way_back_) || se_.getTypeSizeInBits(way_back_->getType()) > 64) return;
    if (!can_be_computed(way_back_) || is_short()) return;
    way_back_ = se_.getNoopOrZeroExtend(way_back_, long_type());
    for (size_t index : indices) sort_in(index);
    for (Stream &stream : streams_) replace(stream);
    remark();
  }

 private:
  Type *long_type() { return Type::getInt64Ty(preheader_->getContext()); }

  bool is_short() {
    const auto *most = dyn_cast<SCEVConstant>(se_.getConstantMaxBackedgeTakenCount(&loop_));
    return most && most->getAPInt().ult(kTurnsMin - 1);
  }

  // Before the loop, and at little cost: without a division that the program doesn't make.
  bool can_be_computed(const SCEV *value) {
    return se_.isLoopInvariant(value, &loop_) && expander_.isSafeToExpandAt(value, preheader_) &&
           !expander_.isHighCostExpansion(value, &loop_, kCostMax, &costs_, preheader_);
  }

  // Finds or makes the stream of an access.
  void sort_in(size_t index) {
    const Access &access = accesses_[index];
    const BasicBlock *block = access.at->getParent();
    if (access.length || !dominators_.dominates(block, loop_.getLoopLatch())) return;
    bool each_turn = dominators_.dominates(block, loop_.getExitingBlock());
    const SCEV *address = se_.getSCEV(access.pointer), *start = address;
    int64_t stride = 0;
    if (!se_.isLoopInvariant(address, &loop_)) {
      const auto *moving = dyn_cast<SCEVAddRecExpr>(address);
      if (!moving || moving->getLoop() != &loop_ || !moving->isAffine()) return;
      const auto *step = dyn_cast<SCEVConstant>(moving->getStepRecurrence(se_));
      if (!step || step->getAPInt().getBitWidth() > 64) return;
      stride = step->getAPInt().getSExtValue();
      start = moving->getStart();
    }
    if (stride <= -kFar || stride >= kFar || access.size >= (uint64_t)kFar || !entry_.has(access.pointer)) return;
    for (Stream &stream : streams_) {
      if (stream.stride != stride || stream.each_turn != each_turn) continue;
      const auto *distance = dyn_cast<SCEVConstant>(se_.getMinusSCEV(start, stream.base));
      if (!distance || distance->getAPInt().abs().uge(kFar)) continue;
      return add_piece(stream, distance->getAPInt().getSExtValue(), index);
    }
    streams_.push_back({start, stride, each_turn, {}});
    add_piece(streams_.back(), 0, index);
  }

  void add_piece(Stream &stream, int64_t lo, size_t index) {
    distance_[index] = lo;
    stream.pieces.push_back({lo, lo + (int64_t)accesses_[index].size, {index}});
  }

  const Access &first(const Piece &piece) const { return accesses_[piece.members.front()]; }

  bool may_join(const Piece &a, const Piece &b) const {
    return first(a).write == first(b).write && same_line(first(a), first(b));
  }

  // Joins pieces of one line that overlap or adjoin; each has its members in the order of the program then.
  void join(Stream &stream) {
    std::vector<Piece> joined;
    llvm::sort(stream.pieces, [](const Piece &a, const Piece &b) {
      return std::make_pair(a.lo, a.members.front()) < std::make_pair(b.lo, b.members.front());
    });
    for (Piece &piece : stream.pieces) {
      auto onto = find_if(joined, [&](const Piece &p) { return may_join(p, piece) && piece.lo <= p.hi; });
      if (onto == joined.end()) {
        joined.push_back(std::move(piece));
        continue;
      }
      onto->hi = std::max(onto->hi, piece.hi);
      onto->members.append(piece.members);
    }
    for (Piece &piece : joined)
      llvm::sort(piece.members,
                 [&](size_t a, size_t b) { return a != b && dominators_.dominates(accesses_[a].at, accesses_[b].at); });
    stream.pieces = std::move(joined);
    for (size_t i = 0; i < stream.pieces.size(); i++) gather(stream, i);
  }

  // Makes pieces of one size and line one, from the i-th on, if they follow one another from turn to turn as well as
  // within one.
  void gather(Stream &stream, size_t i) {
    const Piece &first = stream.pieces[i];
    auto is_like = [&](const Piece &p) { return size_of(p) == size_of(first) && may_join(p, first); };
    SmallVector<size_t, 8> like;
    for (size_t k = i; k < stream.pieces.size(); k++)
      if (is_like(stream.pieces[k])) like.push_back(k);
    const uint64_t step = stride_of(stream) / like.size(), size = size_of(first);
    if (like.size() == 1 || stride_of(stream) % like.size() || !Abi::has_strided(step, size)) return;
    for (auto [n, k] : enumerate(like))
      if (stream.pieces[k].lo != first.lo + (int64_t)(n * step)) return;
    Piece whole = {first.lo, stream.pieces[like.back()].hi, {}, size, step};
    for (size_t k : like) whole.members.append(stream.pieces[k].members);
    for (size_t k : reverse(like)) stream.pieces.erase(stream.pieces.begin() + (ptrdiff_t)k);
    stream.pieces.insert(stream.pieces.begin() + (ptrdiff_t)i, std::move(whole));
  }

  void replace(Stream &stream) {
    if (stream.stride != 0) join(stream);
    for (const Piece &piece : stream.pieces)
      if (has_check(stream, piece) && !stands_for_read(stream, piece)) place(stream, piece);
    for (const Piece &piece : stream.pieces) {
      if (!has_check(stream, piece)) continue;
      for (size_t index : piece.members) accesses_[index].at = nullptr;
      replaced_ += (unsigned)piece.members.size();
    }
  }

  static uint64_t size_of(const Piece &piece) { return (uint64_t)(piece.hi - piece.lo); }
  static uint64_t stride_of(const Stream &stream) { return (uint64_t)std::abs(stream.stride); }

  // Without gaps from turn to turn, or with such as strided checks are for.
  static bool has_check(const Stream &stream, const Piece &piece) {
    return piece.step || size_of(piece) >= stride_of(stream) || Abi::has_strided(stride_of(stream), size_of(piece));
  }

  // Whether another piece's check covers this one: a write at the same place in the source, or the same again.
  bool stands_for_read(const Stream &stream, const Piece &piece) const {
    for (const Piece &other : stream.pieces) {
      if (&other == &piece || other.lo > piece.lo || other.hi < piece.hi || !has_check(stream, other)) continue;
      if (other.step && (other.step != piece.step || other.size != piece.size || other.lo != piece.lo)) continue;
      const Access &a = first(piece), &b = first(other);
      if (b.write && !a.write && line_of(a) == line_of(b)) return true;
      bool same = a.write == b.write && line_of(a) == line_of(b) && other.hi - other.lo == piece.hi - piece.lo;
      if (same && &other < &piece) return true;
    }
    return false;
  }

  void place(const Stream &stream, const Piece &piece) {
    const SCEV *steps = stream.each_turn ? way_back_ : se_.getAddExpr(way_back_, constant(-1));
    const SCEV *bytes =
        se_.getAddExpr(se_.getMulExpr(steps, constant(std::abs(stream.stride))), constant(piece.hi - piece.lo));
    const SCEV *below = stream.stride < 0 ? se_.getMulExpr(steps, constant(stream.stride)) : constant(0);
    below = se_.getAddExpr(below, constant(piece.lo - distance_[piece.members.front()]));
    Value *pointer = entry_.of(first(piece).pointer);
    if (!below->isZero()) pointer = IRBuilder<>(preheader_).CreatePtrAdd(pointer, expand(below), "gw.range");
    Value *length = expand(bytes);
    if (!stream.each_turn && !runs_at_least_once()) length = none_if_never(length);
    const Access &model = first(piece);
    Access range = {preheader_, pointer, length, 0, Align(1), model.write, position_of(piece)};
    bool at_model = stream.stride >= 0 && piece.hi - piece.lo == (int64_t)model.size;
    if (at_model) range.align = model.align;
    if (piece.step)
      range.size = piece.size, range.stride = piece.step;
    else if (size_of(piece) < stride_of(stream))
      range.size = size_of(piece), range.stride = stride_of(stream);
    auto *known = dyn_cast<ConstantInt>(length);
    if (!range.stride && known && known->getZExtValue() <= kInlineBytes) {
      range.length = nullptr;
      range.size = known->getZExtValue();
    }
    accesses_.push_back(range);
    placed_++;
  }

  Value *expand(const SCEV *value) { return expander_.expandCodeFor(value, long_type(), preheader_); }

  const SCEV *constant(int64_t value) { return se_.getConstant(long_type(), (uint64_t)value, true); }

  bool runs_at_least_once() {
    return se_.isKnownNonZero(way_back_) ||
           se_.isLoopEntryGuardedByCond(&loop_, ICmpInst::ICMP_NE, way_back_, constant(0));
  }

  Value *none_if_never(Value *length) {
    IRBuilder<> b(preheader_);
    return b.CreateSelect(b.CreateICmpNE(expand(way_back_), b.getInt64(0)), length, b.getInt64(0));
  }

  const DILocation *position_of(const Piece &piece) {
    SmallVector<const Access *, 4> members;
    for (size_t index : piece.members) members.push_back(&accesses_[index]);
    return common_position(members, names_);
  }

  void remark() {
    const Function &f = *preheader_->getFunction();
    if (!replaced_ || !f.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
    OptimizationRemark r("godwit", "LoopRange", loop_.getStartLoc(), loop_.getHeader());
    r << DiagnosticInfoOptimizationBase::Argument("Replaced", replaced_) << " checks replaced by "
      << DiagnosticInfoOptimizationBase::Argument("Placed", placed_) << " before the loop";
    f.getContext().diagnose(r);
  }

  Loop &loop_;
  ScalarEvolution &se_;
  const DominatorTree &dominators_;
  const Names &names_;
  std::vector<Access> &accesses_;
  Instruction *preheader_;  // its terminator: where the checks go
  SCEVExpander expander_;
  TargetTransformInfo costs_;
  FirstTurn entry_;
  const SCEV *way_back_ = nullptr;  // how often the loop goes back to its header, 64 bits wide
  std::vector<Stream> streams_;
  DenseMap<size_t, int64_t> distance_;  // of each access from its stream's base, in the first turn
  unsigned replaced_ = 0, placed_ = 0;
};

using Candidates = MapVector<Loop *, SmallVector<size_t, 8>>;

// Innermost loops of the right form with accesses that run at every turn.
Candidates candidates(LoopFacts &facts, const std::vector<Access> &accesses) {
  Candidates found;
  const DominatorTree &dominators = facts.dominators;
  for (size_t i = 0; i < accesses.size(); i++) {
    const BasicBlock *block = accesses[i].at->getParent();
    Loop *loop = facts.loops.getLoopFor(block);
    if (loop && loop->isInnermost() && !accesses[i].length) found[loop].push_back(i);
  }
  found.remove_if([&](auto &item) {
    Loop &loop = *item.first;
    const BasicBlock *latch = loop.getLoopLatch(), *exiting = loop.getExitingBlock();
    if (!latch || !exiting || !loop.getLoopPreheader() || !dominators.dominates(exiting, latch)) return true;
    erase_if(item.second, [&](size_t i) { return !dominators.dominates(accesses[i].at->getParent(), latch); });
    return item.second.empty() || !facts.is_quiet(loop);
  });
  return found;
}

}  // namespace

void hoist_ranges(LoopFacts &facts, const Names &names, std::vector<Access> &accesses) {
  Candidates found = candidates(facts, accesses);
  for (auto &[loop, indices] : found)
    LoopRanges(*loop, facts.evolution(), facts.dominators, names, accesses).run(indices);
  erase_if(accesses, [](const Access &a) { return !a.at; });
}

}  // namespace godwit
