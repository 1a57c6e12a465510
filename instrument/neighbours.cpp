// Neighbours: accesses of one basic block and one line of the source that touch adjoining bytes (`p->re * p->re + p->im
// * p->im`, an unrolled copy) get one check, before the first of them.
//
// Soundness.  Between the first and the last lies nothing that ends a region (ends_region()), so nothing that releases,
// acquires, frees or doesn't return: if the first happens, all do, in one epoch, and whatever is unordered with the
// check is unordered with each of them.  Only accesses of one kind are joined, and only bytes that they touch.
#include "neighbours.h"

#include <tuple>

#include "check.h"
#include "llvm/ADT/APInt.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IRBuilder.h"
#include "loops.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr int64_t kLongest = 64;  // bytes: what an inline check compares (check.cpp)
constexpr int64_t kAcross = 16;   // bytes: likewise at any address
constexpr uint64_t kGranule = 8;  // bytes of memory per cell

struct Member {
  size_t index;    // in the list of accesses
  int64_t lo, hi;  // from the group's base, bytes
};

// Accesses of one kind at constant distances, in a stretch without region ends.
struct Group {
  Value *base;
  bool write;
  SmallVector<Member, 8> members;  // in the order of the program
};

class Joiner {
 public:
  Joiner(Function &f, const Names &names, std::vector<Access> &accesses)
      : f_(f), layout_(f.getDataLayout()), names_(names), accesses_(accesses) {
    for (size_t i = 0; i < accesses.size(); i++)
      if (!accesses[i].length && !accesses[i].line) of_[accesses[i].at].push_back(i);
  }

  void run() {
    for (BasicBlock &block : f_) {
      for (Instruction &i : block) {
        auto list = of_.find(&i);
        if (list != of_.end())
          for (size_t index : list->second) sort_in(index);
        if (ends_region(i)) finish();
      }
      finish();
    }
    erase_if(accesses_, [](const Access &a) { return !a.at; });
    remark();
  }

 private:
  void sort_in(size_t index) {
    const Access &access = accesses_[index];
    APInt distance(64, 0);
    Value *base = access.pointer->stripAndAccumulateConstantOffsets(layout_, distance, true);
    int64_t lo = distance.getSExtValue();
    Member member = {index, lo, lo + (int64_t)access.size};
    for (Group &group : groups_)
      if (group.base == base && group.write == access.write && same_line(access, accesses_[group.members[0].index])) {
        group.members.push_back(member);
        return;
      }
    groups_.push_back({base, access.write, {member}});
  }

  void finish() {
    for (Group &group : groups_)
      if (group.members.size() > 1) join(group);
    groups_.clear();
  }

  // Members that adjoin: many from a granule's beginning on, and elsewhere as many as a check at any address compares.
  void join(Group &group) {
    llvm::sort(group.members,
               [](const Member &a, const Member &b) { return std::tie(a.lo, a.index) < std::tie(b.lo, b.index); });
    for (size_t i = 0; i < group.members.size();) {
      size_t end = i + 1;
      int64_t lo = group.members[i].lo, hi = group.members[i].hi;
      const bool aligned = accesses_[group.members[i].index].align.value() >= kGranule;
      for (; end < group.members.size() && group.members[end].lo <= hi; end++) {
        int64_t further = std::max(hi, group.members[end].hi);
        if (further - lo > (aligned ? kLongest : kAcross)) break;
        hi = further;
      }
      if (end - i > 1) replace(group, ArrayRef(group.members).slice(i, end - i), hi - lo);
      i = end;
    }
  }

  void replace(const Group &group, ArrayRef<Member> members, int64_t size) {
    SmallVector<const Access *, 8> joined;
    size_t first = members[0].index;
    for (const Member &m : members) {
      joined.push_back(&accesses_[m.index]);
      if (accesses_[m.index].at->comesBefore(accesses_[first].at)) first = m.index;
    }
    Access whole = accesses_[first];
    whole.line = common_position(joined, names_);
    whole.size = (uint64_t)size;
    whole.align = accesses_[members[0].index].align;
    IRBuilder<> b(whole.at);
    b.SetCurrentDebugLocation(DebugLoc());
    whole.pointer = b.CreateConstGEP1_64(b.getInt8Ty(), group.base, (uint64_t)members[0].lo, "gw.neighbours");
    for (const Member &m : members) accesses_[m.index].at = nullptr;
    accesses_[first] = whole;
    joined_ += (unsigned)members.size();
    checks_++;
  }

  void remark() {
    if (!joined_ || !f_.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
    OptimizationRemark r("godwit", "Neighbours", DiagnosticLocation(f_.getSubprogram()), &f_.getEntryBlock());
    r << DiagnosticInfoOptimizationBase::Argument("Joined", joined_) << " checks of neighbours joined to "
      << DiagnosticInfoOptimizationBase::Argument("Checks", checks_);
    f_.getContext().diagnose(r);
  }

  Function &f_;
  const DataLayout &layout_;
  const Names &names_;
  std::vector<Access> &accesses_;
  DenseMap<const Instruction *, SmallVector<size_t, 1>> of_;
  SmallVector<Group, 8> groups_;
  unsigned joined_ = 0, checks_ = 0;  // checks that were replaced, and by how many
};

}  // namespace

void join_neighbours(Function &f, const Names &names, std::vector<Access> &accesses) {
  Joiner(f, names, accesses).run();
}

}  // namespace godwit
