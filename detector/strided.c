/* What a loop accesses with gaps: one member of each of many structures, or some bytes of a line.  They share what is
 * found out once.  Those that lie in one line are judged and recorded under one lock (part.h) where nothing rare is in
 * the way; else each goes the way of a single access.
 */
#include "detector/depot.h"
#include "detector/detector.h"
#include "detector/part.h"
#include "detector/retired.h"
#include "detector/row.h"
#include "detector/shadow.h"

struct elements {
  uintptr_t p, end; /* the next one; behind the last */
  size_t stride, size;
};

/* Bytes: of elements that are farther apart a line has two at most. */
enum { LINE_STRIDE_MAX = 32 };

/* The bytes of those that lie in the next one's line; how many there are. */
static inline unsigned gather(struct elements *e, uint64_t *mask) {
  const uintptr_t line_end = (e->p | 63) + 1;
  unsigned n = 0;
  for (; e->p < e->end && e->p + e->size <= line_end; e->p += e->stride, n++)
    *mask |= UINT64_MAX >> (64 - e->size) << (e->p & 63);
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
    retired_pause(t);
    const uintptr_t first = e.p;
    uint64_t mask = 0;
    const unsigned k = lines ? gather(&e, &mask) : 0;
    if (k > 1 && granules_access(t, g, first >> 6, mask, ctx, write)) {
      if (!write && (t->reads += k) >= READS_WINDOW) det_choose_plane(t);
      continue;
    }
    if (k == 0) e.p += e.stride;
    for (uintptr_t q = first; q < e.p; q += e.stride) det_element(t, g, q, e.size, at, ctx, write);
  }
  det_exit(t);
}

/* The lowest bit of a mask that isn't 0, and those above it up to the first gap. */
static inline uint64_t lowest_run(uint64_t mask) { return mask & ~(mask + (mask & -mask)); }

/* May a read there become part of duos (duo.h)?  Single reads do; one mask of them would take a page of a read plane.
 */
static inline bool is_for_duos(const struct det_thread *t, uintptr_t p) {
  /* a guess: the lock isn't held */
  return t->duos && (__atomic_load_n(shadow_meta(p >> 6), __ATOMIC_RELAXED) & (META_WRITE | META_READS)) == META_WRITE;
}

/* The bytes of the line at `p` that `mask` names. */
static inline void access_mask(struct det_thread *t, struct race_g *g, uintptr_t p, uint64_t mask, struct race_at at,
                               bool write) {
  const bool simple = g->epoch && !g->ignore && shadow_covered(p);
  const uint32_t ctx = simple ? depot_context_plain(t, g, at) : 0;
  const bool whole = simple && (write || !is_for_duos(t, p));
  if (whole && granules_access(t, g, p >> 6, mask, ctx, write)) {
    if (!write && ++t->reads >= READS_WINDOW) det_choose_plane(t);
    mask = 0;
  }
  while (mask) {
    const uint64_t run = lowest_run(mask);
    const unsigned first = (unsigned)__builtin_ctzl(run), n = 64 - (unsigned)__builtin_clzl(run) - first;
    det_element(t, g, p + first, n, at, ctx, write);
    mask &= ~run;
  }
}

/* The bytes of the 64 at `p` that `mask` names: what a loop accessed there, in any order (instrument/combining.cpp).
 * They lie in two lines if p isn't the beginning of one. */
void det_thunk_mask(uintptr_t p, uint64_t mask, uintptr_t pc, uintptr_t fp, enum race_op op);
void det_thunk_mask(uintptr_t p, uint64_t mask, uintptr_t pc, uintptr_t fp, enum race_op op) {
  struct det_thread *t = det_enter();
  struct race_g *g = t->g;
  if (UNLIKELY(!g)) g = race_self();
  const struct race_at at = {pc, fp};
  const bool write = op != RACE_READ;
  const unsigned offset = p & 63;
  const uint64_t first = mask << offset, second = offset ? mask >> (64 - offset) : 0;
  if (LIKELY(first)) access_mask(t, g, p - offset, first, at, write);
  if (second) access_mask(t, g, p - offset + 64, second, at, write);
  det_exit(t);
}
