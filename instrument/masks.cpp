// The masks of inline checks whose offset in the granule isn't known and which may reach into the next.
//
// Computed in registers they are some fifteen instructions, most of what such a check is; looked up they are two, and
// the look-up waits for nothing that the cell's own doesn't wait for.  A table is a line or two of the cache.  One per
// size and executable or library: it is hidden and in a group of its own.
#include "masks.h"

#include <string>

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr unsigned kGranule = 8;          // bytes of memory per cell
constexpr uint32_t kByteBits = 0xff;      // the byte mask within a cell
constexpr unsigned kCellBits = 32;        // of a cell
constexpr uint64_t kTableAlignment = 64;  // bytes: a line of the cache

// The bits to compare of cell number `index`.
uint64_t cell_mask(uint64_t bytes, unsigned offset, unsigned index) {
  uint64_t touched = ((((uint64_t)1 << bytes) - 1) << offset) >> (index * kGranule) & kByteBits;
  return touched ? touched | (uint32_t)~kByteBits : 0;
}

}  // namespace

GlobalVariable *mask_table(Module &m, uint64_t bytes) {
  std::string name = "__gw_masks" + std::to_string(bytes);
  if (GlobalVariable *known = m.getGlobalVariable(name)) return known;
  SmallVector<uint64_t, 16> words;
  for (unsigned offset = 0; offset < kGranule; offset++) {
    words.push_back(cell_mask(bytes, offset, 0) | cell_mask(bytes, offset, 1) << kCellBits);
    if (cells_across(bytes) > 2) words.push_back(cell_mask(bytes, offset, 2) << kCellBits);
  }
  Constant *table = ConstantDataArray::get(m.getContext(), words);
  auto *v = new GlobalVariable(m, table->getType(), true, GlobalValue::LinkOnceODRLinkage, table, name);
  v->setVisibility(GlobalValue::HiddenVisibility);
  v->setDSOLocal(true);
  v->setComdat(m.getOrInsertComdat(name));
  v->setAlignment(Align(kTableAlignment));
  return v;
}

}  // namespace godwit
