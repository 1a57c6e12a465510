/* One member of each of many structures, as a loop accesses it: elements with gaps between them, which share what is
 * found out once.  Those that lie in one line are judged and recorded under one lock (row.h) where nothing rare is in
 * the way; else each goes the way of a single access.
 */
#include "detector/depot.h"
#include "detector/detector.h"
#include "detector/part.h"
#include "detector/row.h"
#include "detector/shadow.h"

struct elements {
  uintptr_t p, end; /* the next one; behind the last */
  size_t stride, size;
};

/* Bytes: of elements that are farther apart a line has two at most. */
enum { LINE_STRIDE_MAX = 32 };

/* The bytes of those that lie in the next one's line; how many there are. */
static inline unsigned gather(struct elements *e, uint8_t *mask) {
  const uintptr_t line_end = (e->p | 63) + 1;
  unsigned n = 0;
  for (; e->p < e->end && e->p + e->size <= line_end; e->p += e->stride, n++)
    for (uintptr_t granule = e->p >> 3; granule <= (e->p + e->size - 1) >> 3; granule++)
      mask[granule % LINE_CELLS] |= (uint8_t)bytes_in(granule, e->p, e->p + e->size);
  return n;
}

/* A line at a time where that can be done at once; `shape` is stride << 32 | size. */
void det_thunk_strided(uintptr_t p, size_t n, uint64_t shape, uintptr_t pc, uintptr_t fp, enum race_op op);
void det_thunk_strided(uintptr_t p, size_t n, uint64_t shape, uintptr_t pc, uintptr_t fp, enum race_op op) {
  struct elements e = {p, p + n, shape >> 32, (uint32_t)shape};
  struct det_thread *t = det_enter();
  struct race_g *g = t->g;
  if (UNLIKELY(!g)) g = race_self();
  const struct race_at at = {pc, fp};
  const bool write = op != RACE_READ;
  if (UNLIKELY(!g->epoch)) { /* it gets one by its first access */
    det_element(t, g, e.p, e.size, at, 0, write);
    e.p += e.stride;
  }
  const bool simple = g->epoch && !g->ignore && shadow_covered(p) && shadow_covered(e.end - 1);
  const uint32_t ctx = simple ? depot_context_plain(t, g, at) : 0;
  const bool lines = simple && e.stride <= LINE_STRIDE_MAX;
  while (e.p < e.end) {
    const uintptr_t first = e.p;
    uint8_t mask[LINE_CELLS] = {0};
    const unsigned k = lines ? gather(&e, mask) : 0;
    if (k > 1 && granules_access(t, g, first >> 6, mask, ctx, write)) {
      if (!write && (t->reads += k) >= READS_WINDOW) det_choose_plane(t);
      continue;
    }
    if (k == 0) e.p += e.stride;
    for (uintptr_t q = first; q < e.p; q += e.stride) det_element(t, g, q, e.size, at, ctx, write);
  }
  det_exit(t);
}
