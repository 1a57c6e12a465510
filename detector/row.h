/* The accesses that most are: some bytes of one granule, or some that are side by side in a line and hold the same;
 * judged and recorded in a few steps where nothing else is there. */
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
/* Likewise for the bytes in mask of one granule. */
unsigned granule_access(struct det_thread *t, const struct race_g *g, uintptr_t granule, uint32_t mask, uint32_t ctx,
                        bool write);
/* A read that is no part of a range: where a concurrent reader has the cell it goes to the thread's own plane, if it
 * has one (plane.c). */
unsigned granule_read(struct det_thread *t, const struct race_g *g, uintptr_t granule, uint32_t mask, uint32_t ctx);
/* Those of mask[i] of the i-th granule of a line, for all eight.  False, and nothing has changed, if that takes more.
 */
bool granules_access(struct det_thread *t, struct race_g *g, uintptr_t line, const uint8_t *mask, uint32_t ctx,
                     bool write);
/* [p, p+n), of one granule, as a cell's bytes. */
static inline uint32_t granule_bytes(uintptr_t p, size_t n) { return (0xffu >> (8 - n)) << (p & 7); }
/* A plain access of several lines; false if it takes more: what was recorded before it gave up is found recorded by the
 * next who tries. */
bool rows_access(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, uint32_t ctx, bool write);
enum { ROWS_MAX = 512 }; /* bytes for which that beats lines.c, which has eight lines at a time; guess */

#endif
