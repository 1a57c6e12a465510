// Which bits of cells an access covers, by its offset in the granule.
#ifndef GODWIT_INSTRUMENT_MASKS_H
#define GODWIT_INSTRUMENT_MASKS_H
#include <cstdint>

namespace llvm {
class GlobalVariable;
class Module;
}  // namespace llvm

namespace godwit {

// Cells that an access of `bytes` at any address may touch: two, or three of more than 8 bytes.
constexpr unsigned cells_across(uint64_t bytes) { return bytes <= 8 ? 2 : 3; }

// A constant array of 8 rows, one for each offset.  A row is one i64 with the bits of the first two cells, the first
// one low; where three cells may be touched a second i64 has those of the third, in its upper half.  The bits of a cell
// that is touched are its bytes' and all of the id's; of another none.  `bytes` is 2 to 16.
llvm::GlobalVariable *mask_table(llvm::Module &module, uint64_t bytes);

}  // namespace godwit
#endif
