/* Accesses of granules that are side by side in a line and hold the same: judged and recorded in a few steps where
 * nothing else is there.  (Of one granule: part.h.) */
#ifndef GW_DETECTOR_ROW_H
#define GW_DETECTOR_ROW_H
#include "detector/contexts.h"
#include "detector/detector.h"

/* Two cells, or contexts, that begin anywhere in a line: each of them lies in four aligned bytes of its own, so nobody
 * who looks at one without the lock sees a half of it.  Volatile: loaded and stored in one instruction. */
typedef uint64_t __attribute__((may_alias, aligned(4))) pair;
static inline pair twice(uint32_t cell) { return (pair)cell << 32 | cell; }
static inline volatile pair *pair_at(uint32_t *cell) { return (volatile pair *)(void *)cell; }

/* The last pair may share a cell with the one before. */
static inline __attribute__((always_inline)) void row_set(uint32_t *c, unsigned k, uint32_t cell) {
  if (UNLIKELY(k == 1)) {
    __atomic_store_n(c, cell, __ATOMIC_RELAXED);
    return;
  }
  const pair v = twice(cell);
  for (unsigned i = 0; i + 2 < k; i += 2) *pair_at(c + i) = v;
  *pair_at(c + k - 2) = v;
}

/* What says so in two cells: all of them, or all but the bytes. */
#define ROW_ALL UINT64_MAX
#define ROW_IDS ~((pair)CELL_BYTES << 32 | CELL_BYTES)

/* Do all cells of the row hold this?  The last pair may share a cell with the one before. */
static inline __attribute__((always_inline)) bool row_is(uint32_t *c, unsigned k, uint32_t cell, pair mask) {
  const pair want = twice(cell);
  pair differ = (*pair_at(c) ^ want) | (*pair_at(c + k - 2) ^ want);
  for (unsigned i = 2; i + 2 < k; i += 2) differ |= *pair_at(c + i) ^ want;
  return (differ & mask) == 0;
}

/* The line's meta byte without META_VICTIMS if the line has none any more: who finds no victim of his own looks. */
static inline __attribute__((always_inline)) unsigned line_victims(uintptr_t granule, unsigned meta) {
  uint32_t *line = shadow_cell(SPILL_PLANE, granule & ~(uintptr_t)(LINE_CELLS - 1));
  return row_is(line, LINE_CELLS, 0, ROW_ALL) ? meta & ~(unsigned)META_VICTIMS : meta;
}

/* context_set_some for k granules. */
static inline __attribute__((always_inline)) void row_set_contexts(struct det_thread *t, unsigned plane,
                                                                   uintptr_t granule, unsigned k, uint32_t ctx) {
  const uint32_t w = *shadow_word(plane, granule >> 3);
  if (w == ctx) return;
  if (k == LINE_CELLS && !context_is_block(w))
    context_put_word(shadow_word(plane, granule >> 3), ctx);
  else if (k < LINE_CELLS && (w & CONTEXT_KIND) == CONTEXT_KIND)
    row_set(shadow_ctx(plane, granule), k, ctx);
  else
    context_set_some(t, plane, granule, granule + k - 1, ctx);
}

/* What row_access returns when nothing is left to do: no line's meta byte, as that has no META_LOCK while it is held.
 */
enum { ROW_DONE = 0x100 };

/* A plain access of two granules or more, all of one line.  Takes the line's lock, and gives it back if it is done;
 * else nothing has changed, the lock is the caller's, and what the line's meta byte holds is returned.  The caller sets
 * g->recorded. */
unsigned row_access(struct det_thread *t, const struct race_g *g, uintptr_t p, size_t n, uint32_t ctx, bool write);
/* A plain access of several lines; false if it takes more: what was recorded before it gave up is found recorded by the
 * next who tries. */
bool rows_access(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, uint32_t ctx, bool write);
enum { ROWS_MAX = 512 }; /* bytes for which that beats lines.c, which has eight lines at a time; guess */

#endif
