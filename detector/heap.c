/* The book of heap blocks.
 *
 * One 8-byte cell stands for 32 bytes of address space: two blocks of a malloc with 16-byte alignment never begin in
 * the same 32 bytes, as each has a header of its own.  A block's first cell says all about it but a size of 64 or more:
 * that stands in the next cell, which then lies wholly in the block.  Cells come in leaves for 64 MB, made on first
 * use.
 *
 * Freed blocks stay in the book until others cover the place where they began: that is how a report names freed memory.
 * To find the block of an address, cells are walked backwards to the nearest live block that reaches it; a freed one is
 * the second choice.
 *
 * Invariants: a cell is one atomic word, written by whoever owns the block (between libc's malloc and libc's free), so
 * writers need no lock; readers may see a block come or go, but no half of one: the size cell is written first, and a
 * reader takes a start cell's size cell only if it is of kind SIZE.
 *
 * Rejected: a header in front of the block.  Uninstrumented code in a static program may hand the block to libc's own
 * realloc or free, aligned blocks need padding, and a report that reads it may fault when the block is unmapped.
 */
#include "detector/heap.h"

#include "base/prim.h"
#include "detector/depot.h"
#include "godwit/race.h"

#define GRAIN ((uintptr_t)32)
#define GRAIN_MASK (GRAIN - 1)
enum { CLEAR_BY_PAGES = 1 << 17 }; /* bytes of a block from which cells are given back by the page (guess) */
enum { GRAIN_SHIFT = 5, LEAF_SHIFT = 26, ADDRESS_BITS = 47, LEAF_CELLS = 1 << (LEAF_SHIFT - GRAIN_SHIFT) };
/* Cells walked back at most: a quarter of a second or so when all of it is one huge block (guess). */
#define WALK_MAX ((uint64_t)1 << 31)

/* A start cell: kind 2 | upper half of the grain 1 | big 1 | size 6 | goroutine 22 | context 32.
 * A size cell: kind 2 | size 40 | the goroutine's next 22 bits. */
enum kind { NONE = 0, LIVE = 1, FREED = 2, SIZE = 3 };
enum {
  HALF = 4,
  BIG = 8,
  SMALL_SHIFT = 4,
  SMALL_MAX = 63,
  GOROUTINE_SHIFT = 10,
  STACK_SHIFT = 32,
  SIZE_SHIFT = 2,
  HIGH_SHIFT = 42
};
#define GOROUTINE_MASK ((uint64_t)0x3fffff)
#define SIZE_MASK (((uint64_t)1 << 40) - 1)

static uint64_t *leaves[1 << (ADDRESS_BITS - LEAF_SHIFT)]; /* set once each; release in make_leaf, acquire in cell_at */

static uint64_t *make_leaf(uint64_t **at) {
  uint64_t *leaf = prim_map(LEAF_CELLS * sizeof *leaf), *other = NULL;
  if (!leaf) return NULL; /* the report will do without a name */
  prim_no_huge_pages(leaf, LEAF_CELLS * sizeof *leaf);
  /* release: pairs with the acquire in cell_at */
  if (__atomic_compare_exchange_n(at, &other, leaf, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return leaf;
  prim_unmap(leaf, LEAF_CELLS * sizeof *leaf);
  return other;
}

/* The cell of an address; NULL if there is none (and, with make, none can be had). */
static inline uint64_t *cell_at(uintptr_t addr, bool make) {
  if (addr >> ADDRESS_BITS) return NULL;
  uint64_t **at = &leaves[addr >> LEAF_SHIFT];
  uint64_t *leaf = __atomic_load_n(at, __ATOMIC_ACQUIRE);
  if (__builtin_expect(!leaf, 0)) {
    if (!make || !(leaf = make_leaf(at))) return NULL;
  }
  return &leaf[(addr >> GRAIN_SHIFT) & (LEAF_CELLS - 1)];
}

static inline uint64_t cell_read(const uint64_t *cell) { return __atomic_load_n(cell, __ATOMIC_RELAXED); }
/* release: a start cell's reader finds the size cell (acquire in read_block) */
static inline void cell_write(uint64_t *cell, uint64_t v) { __atomic_store_n(cell, v, __ATOMIC_RELEASE); }
static inline enum kind kind_of(uint64_t cell) { return (enum kind)(cell & 3); }

static uintptr_t start_of(uintptr_t grain, uint64_t cell) { return grain | (cell & HALF ? 16 : 0); }

/* What began in (base, base+n) is no more. The last grain may hold the start of the next block as well. */
static void clear_inside(uintptr_t base, size_t n) {
  uintptr_t first = (base & ~GRAIN_MASK) + GRAIN, last = (base + n - 1) & ~GRAIN_MASK;
  if (last < first) return;
  uint64_t *cell = cell_at(last, false), v = cell ? cell_read(cell) : 0;
  if (v && (kind_of(v) == SIZE || start_of(last, v) < base + n)) cell_write(cell, 0);
  if (last - first >= CLEAR_BY_PAGES) {
    heap_forget(first, last);
    return;
  }
  for (uintptr_t grain = first; grain < last; grain += GRAIN) {
    cell = cell_at(grain, false);
    if (cell && cell_read(cell)) cell_write(cell, 0);
  }
}

void heap_born(uintptr_t base, size_t n, uint32_t context, uint64_t goroutine) {
  uint64_t *cell = cell_at(base, true);
  if (!cell) return;
  if (n > 0) clear_inside(base, n);
  uint64_t start = LIVE | (base & 16 ? HALF : 0) | (goroutine & GOROUTINE_MASK) << GOROUTINE_SHIFT |
                   (uint64_t)context << STACK_SHIFT;
  if (n <= SMALL_MAX) {
    start |= (uint64_t)n << SMALL_SHIFT;
    /* without the high bits a goroutine can't be told from another */
    if (goroutine > GOROUTINE_MASK) start &= ~(GOROUTINE_MASK << GOROUTINE_SHIFT);
  } else {
    uint64_t *second = cell_at(base + GRAIN, true);
    if (!second) return;
    cell_write(second, SIZE | (n & SIZE_MASK) << SIZE_SHIFT | goroutine >> 22 << HIGH_SHIFT);
    start |= BIG;
  }
  cell_write(cell, start);
}

/* Reads the block whose start cell is `start`, found in the grain at `grain`; false if it was just overwritten. */
static bool read_block(uintptr_t grain, uint64_t start, struct heap_block *out) {
  out->base = start_of(grain, start);
  out->goroutine = start >> GOROUTINE_SHIFT & GOROUTINE_MASK;
  out->stack = depot_stack_of((uint32_t)(start >> STACK_SHIFT));
  out->freed = kind_of(start) == FREED;
  out->size = start >> SMALL_SHIFT & SMALL_MAX;
  if (!(start & BIG)) return true;
  const uint64_t *at = cell_at(grain + GRAIN, false);
  uint64_t second = at ? __atomic_load_n(at, __ATOMIC_ACQUIRE) : 0; /* pairs with the release in cell_write */
  out->size = second >> SIZE_SHIFT & SIZE_MASK;
  out->goroutine |= second >> HIGH_SHIFT << 22;
  return kind_of(second) == SIZE;
}

bool heap_died(uintptr_t base, size_t *n) {
  uint64_t *cell = cell_at(base, false), start = cell ? cell_read(cell) : 0;
  if (kind_of(start) != LIVE || (start & HALF ? 16u : 0u) != (base & 16)) return false;
  struct heap_block b;
  if (!read_block(base & ~GRAIN_MASK, start, &b)) return false;
  *n = b.size;
  cell_write(cell, start ^ LIVE ^ FREED);
  return true;
}

/* True if the block holds addr; a block of no bytes holds its own address. */
static bool holds(const struct heap_block *b, uintptr_t addr) { return addr - b->base < (b->size ? b->size : 1); }

bool heap_find(uintptr_t addr, struct heap_block *out) {
  bool found = false;
  uintptr_t grain = addr & ~GRAIN_MASK;
  for (uint64_t walked = 0; walked < WALK_MAX; walked++, grain -= GRAIN) {
    const uint64_t *cell = cell_at(grain, false);
    if (!cell) { /* no leaf: on to the end of the one before */
      if (grain >> LEAF_SHIFT == 0) break;
      grain = (grain & ~(((uintptr_t)1 << LEAF_SHIFT) - 1));
      walked += LEAF_CELLS / 64;
      continue;
    }
    uint64_t start = cell_read(cell);
    if (kind_of(start) != LIVE && (kind_of(start) != FREED || found)) continue;
    struct heap_block b;
    if (!read_block(grain, start, &b) || b.base > addr) continue;
    bool here = holds(&b, addr);
    if (here) *out = b, found = true;
    /* the nearest live block either holds the address or ends before it: blocks don't overlap */
    if (!b.freed) return here || found;
  }
  return found;
}

/* The grain to look at after the one at `grain`, where b begins or (NULL) nothing does. */
static uintptr_t next_grain(uintptr_t grain, const struct heap_block *b) {
  if (!b || b->freed || b->size < GRAIN) return grain + GRAIN;
  return (b->base + b->size) & ~GRAIN_MASK; /* the next one may begin in the grain in which this one ends */
}

void race_heap_each(uintptr_t lo, uintptr_t hi, void (*f)(uintptr_t base, size_t size, bool freed, void *arg),
                    void *arg) {
  for (uintptr_t grain = lo & ~GRAIN_MASK; grain < hi;) {
    const uint64_t *cell = cell_at(grain, false);
    if (!cell) { /* no leaf */
      grain = ((grain >> LEAF_SHIFT) + 1) << LEAF_SHIFT;
      continue;
    }
    struct heap_block b;
    uint64_t start = cell_read(cell);
    bool known = (kind_of(start) == LIVE || kind_of(start) == FREED) && read_block(grain, start, &b);
    if (known && b.base >= lo && b.base < hi) f(b.base, b.size, b.freed, arg);
    grain = next_grain(grain, known ? &b : NULL);
  }
}

void heap_forget(uintptr_t lo, uintptr_t hi) {
  for (uintptr_t at = lo & ~GRAIN_MASK; at < hi;) {
    uintptr_t next = (at | (((uintptr_t)1 << LEAF_SHIFT) - 1)) + 1;
    uint64_t *cell = cell_at(at, false);
    size_t n = ((next < hi ? next : hi) - at + 31) >> GRAIN_SHIFT;
    at = next;
    if (!cell) continue;
    uintptr_t from = ((uintptr_t)cell + PRIM_PAGE - 1) & ~(uintptr_t)(PRIM_PAGE - 1);
    uintptr_t to = (uintptr_t)(cell + n) & ~(uintptr_t)(PRIM_PAGE - 1);
    for (uint64_t *c = cell; c < cell + n; c++) {
      if (from < to && (uintptr_t)c == from) c = (uint64_t *)to; /* whole pages go back to the system */
      if (c < cell + n && cell_read(c)) cell_write(c, 0);
    }
    if (from < to) prim_discard((void *)from, to - from);
  }
}
