/* All blocks in a list by address, and for each mapping that has some a table: the first block that reaches into a
 * granule.  A granule of a kilobyte has 32 blocks at most, of which half are looked at on average.
 *
 * Memory comes straight from the system, after the list of mappings was read: so it isn't in that list.  Tables are
 * touched only where blocks are.  Not thread-safe: one search at a time (leak.c).
 *
 * Rejected: asking the book for each word.  It walks back from an address to the block, a megabyte's worth of cells for
 * the middle of a megabyte, and a search asks for every word that looks like a pointer. */
#include "heapmap.h"

#include "maps.h"

enum { GRANULE_SHIFT = 10 };
#define ENTERED (UINT64_C(1) << 63) /* in a block's size: somebody has asked for it */

struct heap_block {
  uintptr_t base;
  uint64_t size; /* and ENTERED */
};

/* A mapping's blocks, from the first to the end of the last, which may lie in the next mapping. */
struct row {
  uintptr_t lo, hi;
  size_t first; /* in `granule`: that of lo */
};

static struct {
  struct heap_block *v; /* by address */
  size_t n, room;
  uint32_t *granule; /* 1 + the number of the first block that reaches into it; 0: none does */
  size_t granules;
  struct row *row; /* by address */
  size_t rows, rows_room;
  uintptr_t covered; /* heapmap_each_gap: end of the blocks so far */
} heap;

/* ---- the list ---- */

static void count_block(uintptr_t base, size_t n, bool freed, void *arg) {
  (void)base, (void)n, (void)arg;
  heap.room += !freed;
}

static void count_mapping(uintptr_t lo, uintptr_t hi) {
  size_t before = heap.room;
  race_heap_each(lo, hi, count_block, NULL);
  heap.rows_room += heap.room > before;
}

static void list_block(uintptr_t base, size_t n, bool freed, void *row) {
  struct row *r = row;
  if (freed || heap.n == heap.room) return; /* a thread that couldn't be stopped may have made more since */
  if (!r->hi) r->lo = base;
  r->hi = base + (n ? n : 1);
  heap.v[heap.n++] = (struct heap_block){base, n};
}

static void list_mapping(uintptr_t lo, uintptr_t hi) {
  if (heap.rows == heap.rows_room) return;
  race_heap_each(lo, hi, list_block, &heap.row[heap.rows]);
  heap.rows += heap.row[heap.rows].hi != 0;
}

/* ---- the tables ---- */

static size_t granule_of(const struct row *r, uintptr_t address) {
  return r->first + ((address >> GRANULE_SHIFT) - (r->lo >> GRANULE_SHIFT));
}

static bool make_tables(void) {
  for (size_t i = 0; i < heap.rows; i++) {
    heap.row[i].first = heap.granules;
    heap.granules = granule_of(&heap.row[i], heap.row[i].hi) + 1;
  }
  if (heap.granules == 0) return true;
  heap.granule = prim_map_unlisted(heap.granules * sizeof *heap.granule);
  return heap.granule != NULL;
}

static void fill_tables(void) {
  const struct row *r = heap.row;
  for (size_t i = 0; i < heap.n; i++) {
    uintptr_t base = heap.v[i].base, last = base + (heap.v[i].size ? heap.v[i].size - 1 : 0);
    while (base >= r->hi) r++;
    for (size_t g = granule_of(r, base); g <= granule_of(r, last); g++)
      if (!heap.granule[g]) heap.granule[g] = (uint32_t)i + 1;
  }
}

bool heapmap_begin(void) {
  heap.n = heap.room = heap.granules = heap.rows = heap.rows_room = 0;
  heap.v = NULL;
  heap.row = NULL;
  heap.granule = NULL;
  heap.covered = 0;
  if (!race_heap_known()) return true;
  maps_each_root(count_mapping);
  if (heap.room == 0) return true;
  if (heap.room >= UINT32_MAX) return false;
  heap.v = prim_map_unlisted(heap.room * sizeof *heap.v);
  heap.row = prim_map_unlisted(heap.rows_room * sizeof *heap.row);
  if (!heap.v || !heap.row) return false;
  maps_each_root(list_mapping);
  if (!make_tables()) return false;
  fill_tables();
  return true;
}

void heapmap_end(void) {
  if (heap.v) prim_unmap_unlisted(heap.v, heap.room * sizeof *heap.v);
  if (heap.row) prim_unmap_unlisted(heap.row, heap.rows_room * sizeof *heap.row);
  if (heap.granule) prim_unmap_unlisted(heap.granule, heap.granules * sizeof *heap.granule);
}

/* ---- asking ---- */

static const struct row *row_of(uintptr_t address) {
  size_t lo = 0, hi = heap.rows;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if (heap.row[mid].hi > address)
      hi = mid;
    else
      lo = mid + 1;
  }
  return lo < heap.rows && heap.row[lo].lo <= address ? &heap.row[lo] : NULL;
}

bool heapmap_enter(uintptr_t address, uintptr_t *base, size_t *size) {
  const struct row *r = row_of(address);
  uint32_t first = r ? heap.granule[granule_of(r, address)] : 0;
  if (!first) return false;
  for (size_t i = first - 1; i < heap.n && heap.v[i].base <= address; i++) {
    struct heap_block *b = &heap.v[i];
    if (address - b->base >= (b->size & ~ENTERED)) continue;
    if (b->size & ENTERED) return false;
    *base = b->base;
    *size = b->size;
    b->size |= ENTERED;
    return true;
  }
  return false;
}

/* A freed block ends where the next live one begins: what lies behind that may be anybody's. */
static void gap_before(uintptr_t base, size_t n, bool freed, void *arg) {
  void (**f)(uintptr_t, uintptr_t) = arg;
  if (base > heap.covered) (*f)(heap.covered, base);
  if (!freed || base + n > heap.covered) heap.covered = base + n;
}

void heapmap_each_gap(uintptr_t lo, uintptr_t hi, void (*f)(uintptr_t lo, uintptr_t hi)) {
  if (heap.covered < lo) heap.covered = lo;
  if (race_heap_known()) race_heap_each(lo, hi, gap_before, &f);
  if (heap.covered < hi) f(heap.covered, hi);
}
