/* part.h: decides as single.c does, and gives up, before anything is changed, where that takes more.
 *
 * A granule may have entries of other bytes, as two fields of four bytes take turns in a cell: what the access leaves
 * of its cell's is displaced (spill.h), and what is displaced already loses the bytes that the access stands for.  So
 * where a structure's fields are accessed in turn, each in an epoch of its own, an access and an entry change places.
 */
#include "detector/part.h"

#include "detector/composite.h"
#include "detector/contexts.h"
#include "detector/duo.h"
#include "detector/judge.h"
#include "detector/readers.h"
#include "detector/shadow.h"
#include "detector/spill.h"

enum { SIMPLE, RECORDED, BESIDE, OTHER };

/* The bytes of one granule. */
struct part {
  uintptr_t granule;
  uint32_t mask;
};

static inline __attribute__((always_inline)) bool is_before(struct det_thread *t, const struct race_g *g, uint32_t cell,
                                                            uint32_t mask) {
  return !(cell & mask) || ordered(t, g, cell);
}

/* May it be recorded, as far as entries go that stand in planes which are not its own? */
static inline __attribute__((always_inline)) bool part_is_ordered(struct det_thread *t, const struct race_g *g,
                                                                  struct part r, unsigned plane, unsigned meta) {
  if (plane) {
    if (!(meta & META_WRITE)) return true;
    const uint32_t written = *shadow_cell(0, r.granule);
    return !cell_is_duo(written) && is_before(t, g, written, r.mask);
  }
  for (unsigned bits = meta >> 1 & ((1u << READ_PLANES) - 1); bits; bits &= bits - 1)
    if (!is_before(t, g, *shadow_cell((unsigned)__builtin_ctz(bits) + 1, r.granule), r.mask)) return false;
  return true;
}

static inline __attribute__((always_inline)) int judge_part(struct det_thread *t, const struct race_g *g, struct part r,
                                                            unsigned plane, uint32_t ctx, unsigned meta) {
  const uint32_t old = meta & META_WRITE << plane ? *shadow_cell(plane, r.granule) : 0;
  if (old) {
    if (old & CELL_ATOMIC) return OTHER;
    if (cell_same_id(old, g->epoch)) {
      if (!(r.mask & ~old)) return RECORDED;
      if (context_get(plane, r.granule) != ctx) return BESIDE;
    } else if (old & CELL_BYTES & ~r.mask) {
      return BESIDE;
    } else if (!ordered(t, g, old)) {
      return OTHER;
    }
  }
  if (UNLIKELY(meta & META_VICTIMS) && *shadow_cell(SPILL_PLANE, r.granule)) return BESIDE;
  return part_is_ordered(t, g, r, plane, meta) ? SIMPLE : OTHER;
}

/* As drop_reads. */
static inline __attribute__((always_inline)) void drop_part(const struct race_g *g, struct part r, unsigned planes) {
  for (unsigned bits = planes; bits; bits &= bits - 1) {
    uint32_t *c = shadow_cell((unsigned)__builtin_ctz(bits) + 1, r.granule), read = *c;
    if (!(read & r.mask) || cell_same_id(read, g->epoch)) continue;
    __atomic_store_n(c, without(read, r.mask), __ATOMIC_RELAXED);
  }
}

static inline __attribute__((always_inline)) unsigned put_part(struct det_thread *t, const struct race_g *g,
                                                               struct part r, unsigned plane, uint32_t ctx,
                                                               unsigned meta) {
  const unsigned bit = META_WRITE << plane;
  uint32_t *c = shadow_cell(plane, r.granule), mine = g->epoch | r.mask;
  if (plane == 0) drop_part(g, r, meta >> 1 & ((1u << READ_PLANES) - 1));
  if (meta & bit && cell_same_id(*c, mine)) mine |= *c;
  __atomic_store_n(c, mine, __ATOMIC_RELAXED);
  context_set(t, plane, r.granule, ctx);
  if (UNLIKELY(!(meta & bit))) shadow_note_line(r.granule >> 3);
  return meta | bit;
}

/* Can what the access leaves of another epoch's entry in its cell be displaced?  A duo's two entries, and a set's, have
 * places of their own. */
static inline __attribute__((always_inline)) bool may_displace(struct det_thread *t, const struct spill_way *w,
                                                               unsigned plane, uint32_t rest) {
  if (UNLIKELY(plane ? readers_any() && readers_of(cell_id(rest)) : cell_is_duo(rest))) return false;
  return spill_has_room(t, w);
}

/* There are entries of other bytes in the access's cell, or some that were displaced.  False, and nothing is done, if
 * that takes more. */
static inline __attribute__((always_inline)) bool put_beside(struct det_thread *t, const struct race_g *g,
                                                             struct part r, unsigned plane, uint32_t ctx,
                                                             unsigned *meta) {
  const uint32_t old = *meta & META_WRITE << plane ? *shadow_cell(plane, r.granule) : 0;
  const bool own = old && cell_same_id(old, g->epoch);
  if (!own && !is_before(t, g, old, r.mask)) return false;
  const struct spill_access a = {t, g, r.granule, r.mask, plane == 0, false};
  struct spill_way w;
  enum spill_verdict found = SPILL_CLEAR;
  if (*meta & META_VICTIMS)
    found = spill_judge(&a, &w);
  else
    spill_none(r.granule, &w);
  if (found != SPILL_CLEAR) return found == SPILL_COVERED;
  if (!part_is_ordered(t, g, r, plane, *meta)) return false;
  const uint32_t rest = own ? 0 : without(old, r.mask);
  if (rest) {
    if (UNLIKELY(!may_displace(t, &w, plane, rest))) return false;
    *meta |= META_VICTIMS;
  }
  spill_settle(&a, &w, rest, rest ? context_get(plane, r.granule) | (plane ? 0 : SPILL_WRITE) : 0);
  if (own) {
    const uint32_t was = context_get(plane, r.granule);
    if (was != ctx) ctx = composite_join(t, was, ctx, r.mask);
  }
  *meta = put_part(t, g, r, plane, ctx, *meta);
  return true;
}

static inline __attribute__((always_inline)) unsigned access_beside(struct det_thread *t, const struct race_g *g,
                                                                    struct part r, unsigned plane, uint32_t ctx,
                                                                    unsigned meta) {
  if (!put_beside(t, g, r, plane, ctx, &meta)) return meta;
  line_unlock(shadow_meta(r.granule >> 3), (uint8_t)meta);
  return ROW_DONE;
}

static __attribute__((noinline)) unsigned write_beside(struct det_thread *t, const struct race_g *g, struct part r,
                                                       uint32_t ctx, unsigned meta) {
  return access_beside(t, g, r, 0, ctx, meta);
}

static __attribute__((noinline)) unsigned read_beside(struct det_thread *t, const struct race_g *g, struct part r,
                                                      unsigned plane, uint32_t ctx, unsigned meta) {
  return access_beside(t, g, r, plane, ctx, meta);
}

static inline __attribute__((always_inline)) unsigned access_part(struct det_thread *t, const struct race_g *g,
                                                                  struct part r, unsigned plane, uint32_t ctx,
                                                                  unsigned meta) {
  const int found = judge_part(t, g, r, plane, ctx, meta);
  if (found == OTHER) return meta;
  if (found == BESIDE) return plane ? read_beside(t, g, r, plane, ctx, meta) : write_beside(t, g, r, ctx, meta);
  if (found == SIMPLE) {
    if (UNLIKELY(meta & META_VICTIMS)) meta = line_victims(r.granule, meta);
    meta = put_part(t, g, r, plane, ctx, meta);
  }
  line_unlock(shadow_meta(r.granule >> 3), (uint8_t)meta);
  return ROW_DONE;
}

unsigned granule_access(struct det_thread *t, const struct race_g *g, uintptr_t granule, uint32_t mask, uint32_t ctx,
                        bool write) {
  const struct part r = {granule, mask};
  const unsigned meta = line_lock(shadow_meta(granule >> 3));
  return write ? access_part(t, g, r, 0, ctx, meta) : access_part(t, g, r, t->plane, ctx, meta);
}

/* Does a concurrent reader stand where the thread reads, who has a plane of his own beside that? */
static inline bool is_taken(struct det_thread *t, const struct race_g *g, struct part r, unsigned meta) {
  if (LIKELY(!t->own_plane) || t->own_plane == t->plane || !(meta & META_WRITE << t->plane)) return false;
  const uint32_t cell = *shadow_cell(t->plane, r.granule);
  return !(cell & CELL_ATOMIC) && !is_before(t, g, cell, r.mask);
}

unsigned granule_read(struct det_thread *t, const struct race_g *g, uintptr_t granule, uint32_t mask, uint32_t ctx) {
  const struct part r = {granule, mask};
  const unsigned meta = line_lock(shadow_meta(granule >> 3));
  if (LIKELY(!is_taken(t, g, r, meta))) return access_part(t, g, r, t->plane, ctx, meta);
  const uint32_t cell = *shadow_cell(t->own_plane, granule);
  const bool again = meta & META_WRITE << t->own_plane && (cell ^ g->epoch) < CELL_ATOMIC && !(mask & ~cell);
  const unsigned left = access_part(t, g, r, t->own_plane, ctx, meta);
  if (left == ROW_DONE && !again) t->displaced++;
  return left;
}

/* The first granule of a line that `mask` has bytes of, and these; they go from the mask. */
static inline struct part next_part(uintptr_t line, uint64_t *mask) {
  const unsigned i = (unsigned)__builtin_ctzl(*mask) / 8;
  const struct part r = {line << 3 | i, (uint8_t)(*mask >> 8 * i)};
  *mask &= ~((uint64_t)CELL_BYTES << 8 * i);
  return r;
}

/* Several granules, of which each has its own bytes.  If one takes more, those before it are recorded. */
static __attribute__((noinline)) bool write_parts(struct det_thread *t, const struct race_g *g, uintptr_t line,
                                                  uint64_t mask, uint32_t ctx, unsigned *meta) {
  while (mask) {
    const struct part r = next_part(line, &mask);
    const uint32_t old = *meta & META_WRITE ? *shadow_cell(0, r.granule) : 0;
    if (UNLIKELY(old & CELL_ATOMIC)) return false;
    if (old && cell_same_id(old, g->epoch) && !(r.mask & ~old)) continue;
    if (UNLIKELY(!put_beside(t, g, r, 0, ctx, meta))) return false;
  }
  if (*meta & META_VICTIMS) *meta = line_victims(line << 3, *meta);
  return true;
}

/* Reads are all judged before one is recorded: a line that has one in a read plane gets no duos any more. */
static __attribute__((noinline)) bool read_parts(struct det_thread *t, const struct race_g *g, uintptr_t line,
                                                 uint64_t mask, unsigned plane, uint32_t ctx, unsigned *meta) {
  uint64_t simple = 0;
  for (uint64_t rest = mask; rest;) {
    const uint64_t before = rest;
    const int found = judge_part(t, g, next_part(line, &rest), plane, ctx, *meta);
    if (found != SIMPLE && found != RECORDED) return false;
    if (found == SIMPLE) simple |= before ^ rest;
  }
  while (simple) *meta = put_part(t, g, next_part(line, &simple), plane, ctx, *meta);
  return true;
}

/* How many of them a concurrent reader has, where that counts. */
static unsigned taken_parts(struct det_thread *t, const struct race_g *g, uintptr_t line, uint64_t mask,
                            unsigned meta) {
  unsigned n = 0;
  while (mask) n += is_taken(t, g, next_part(line, &mask), meta);
  return n;
}

bool granules_access(struct det_thread *t, struct race_g *g, uintptr_t line, uint64_t mask, uint32_t ctx, bool write) {
  unsigned meta = line_lock(shadow_meta(line));
  const unsigned taken = write || LIKELY(!t->own_plane) ? 0 : taken_parts(t, g, line, mask, meta);
  const unsigned plane = taken ? t->own_plane : t->plane;
  const bool done = write ? write_parts(t, g, line, mask, ctx, &meta) : read_parts(t, g, line, mask, plane, ctx, &meta);
  line_unlock(shadow_meta(line), (uint8_t)meta);
  g->recorded |= write || done;
  if (done) t->displaced += taken;
  return done;
}
