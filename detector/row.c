/* row.h: one granule; and what is a message, a structure, a block of memory: ranges that are shorter than lines.c is
 * made for.
 *
 * What was accessed as a whole before holds the same epoch in all its cells.  Then one look at the first and a
 * comparison judge the access, and it is recorded two cells at a time.  It decides as single.c does for each of the
 * granules:
 *   - an entry that stands in the write plane, or, for a write, in a read plane, happens before the access (or has
 * other bytes);
 *   - what goes is plain, or read and now written; in the access's own plane it goes altogether, as it has no bytes but
 *     the access's, or is the own epoch's, from the same place;
 *   - nothing was displaced there (the bit that says so of the line goes when nothing is any more);
 *   - a duo (duo.h) is only overwritten, altogether.
 * One granule may also have entries of other bytes, as two fields of four bytes take turns in a cell: what the access
 * leaves of its cell's is displaced (spill.h), what is displaced already loses the bytes that the access stands for.
 * All else is left to the caller, who has the line's lock then.  The common cases are apart from the rest because they
 * are half as long by themselves: they need few registers.
 */
#include "detector/row.h"

#include "detector/contexts.h"
#include "detector/depot.h"
#include "detector/duo.h"
#include "detector/judge.h"
#include "detector/readers.h"
#include "detector/shadow.h"
#include "detector/spill.h"

struct row {
  uintptr_t granule;    /* the first */
  unsigned k;           /* how many */
  uint32_t first, last; /* bytes of the first and of the last; of all others all */
};

/* What says so in two cells: all of them, or all but the bytes. */
#define ALL UINT64_MAX
#define IDS ~((pair)CELL_BYTES << 32 | CELL_BYTES)

/* Do all cells of the row hold this?  The last pair may share a cell with the one before. */
static inline __attribute__((always_inline)) bool row_is(uint32_t *c, unsigned k, uint32_t cell, pair mask) {
  const pair want = twice(cell);
  pair differ = (*pair_at(c) ^ want) | (*pair_at(c + k - 2) ^ want);
  for (unsigned i = 2; i + 2 < k; i += 2) differ |= *pair_at(c + i) ^ want;
  return (differ & mask) == 0;
}

static inline __attribute__((always_inline)) void set_ends(uint32_t *c, uint32_t own, struct row r) {
  __atomic_store_n(c, own | r.first, __ATOMIC_RELAXED);
  __atomic_store_n(c + r.k - 1, own | r.last, __ATOMIC_RELAXED);
}

/* Nothing, or one epoch's everywhere that happens before the access. */
static inline __attribute__((always_inline)) bool is_ordered(struct det_thread *t, const struct race_g *g, uint32_t *c,
                                                             unsigned k) {
  return row_is(c, k, *c, IDS) && (!*c || ordered(t, g, *c));
}

/* Has the row bytes of a granule at its ends that the access hasn't? */
static inline __attribute__((always_inline)) bool has_more(const uint32_t *c, struct row r) {
  return (((c[0] & ~r.first) | (c[r.k - 1] & ~r.last)) & CELL_BYTES) != 0;
}

/* Others' reads, judged by a write. */
static inline __attribute__((always_inline)) bool reads_are_ordered(struct det_thread *t, const struct race_g *g,
                                                                    struct row r, unsigned planes) {
  for (unsigned bits = planes; bits; bits &= bits - 1) {
    uint32_t *c = shadow_cell((unsigned)__builtin_ctz(bits) + 1, r.granule);
    if (!is_ordered(t, g, c, r.k) || has_more(c, r)) return false;
  }
  return true;
}

/* The own epoch's reads stay for the inline check. */
static inline __attribute__((always_inline)) void drop_reads(const struct race_g *g, struct row r, unsigned planes) {
  for (unsigned bits = planes; bits; bits &= bits - 1) {
    uint32_t *c = shadow_cell((unsigned)__builtin_ctz(bits) + 1, r.granule);
    if (*c && !cell_same_id(*c, g->epoch)) row_set(c, r.k, 0);
  }
}

/* Is all of it recorded by the own epoch, whose row this is? */
static inline __attribute__((always_inline)) bool is_recorded(const uint32_t *c, struct row r) {
  uint32_t all = CELL_BYTES;
  for (unsigned i = 1; i + 1 < r.k; i++) all &= c[i];
  return all == CELL_BYTES && !(r.first & ~c[0]) && !(r.last & ~c[r.k - 1]);
}

/* May the entry that stands in the access's own plane go? */
static inline __attribute__((always_inline)) bool may_go(struct det_thread *t, const struct race_g *g, uint32_t old) {
  return !old || (!(old & CELL_ATOMIC) && ordered(t, g, old));
}

static inline __attribute__((always_inline)) bool is_empty(unsigned plane, struct row r) {
  return row_is(shadow_cell(plane, r.granule), r.k, 0, ALL);
}

enum { SIMPLE, RECORDED, BESIDE, OTHER };

/* Who finds no victim of his own looks whether the line has one still. */
static inline __attribute__((always_inline)) unsigned without_victims(uintptr_t granule, unsigned meta) {
  const struct row line = {granule & ~(uintptr_t)(LINE_CELLS - 1), LINE_CELLS, 0, 0};
  return is_empty(SPILL_PLANE, line) ? meta & ~(unsigned)META_VICTIMS : meta;
}

/* What there is to do; nothing is changed. */
static inline __attribute__((always_inline)) int judge(struct det_thread *t, const struct race_g *g, struct row r,
                                                       unsigned plane, unsigned meta) {
  uint32_t *mine = shadow_cell(plane, r.granule);
  if (meta & META_WRITE << plane) {
    const uint32_t old = *mine;
    if (!row_is(mine, r.k, old, IDS)) return OTHER;
    if ((old ^ g->epoch) < CELL_ATOMIC) return is_recorded(mine, r) ? RECORDED : OTHER;
    if (!may_go(t, g, old) || has_more(mine, r)) return OTHER;
  }
  if (UNLIKELY(meta & META_VICTIMS) && !is_empty(SPILL_PLANE, r)) return OTHER;
  if (plane == 0) return reads_are_ordered(t, g, r, meta >> 1 & ((1u << READ_PLANES) - 1)) ? SIMPLE : OTHER;
  if (!(meta & META_WRITE)) return SIMPLE;
  uint32_t *written = shadow_cell(0, r.granule);
  return !cell_is_duo(*written) && is_ordered(t, g, written, r.k) ? SIMPLE : OTHER;
}

static inline __attribute__((always_inline)) unsigned access_in(struct det_thread *t, const struct race_g *g,
                                                                struct row r, unsigned plane, uint32_t ctx) {
  const uintptr_t line = r.granule >> 3;
  uint8_t *m = shadow_meta(line);
  unsigned meta = line_lock(m);
  const int found = judge(t, g, r, plane, meta);
  if (found == OTHER) return meta;
  if (found == SIMPLE) {
    if (plane == 0) drop_reads(g, r, meta >> 1 & ((1u << READ_PLANES) - 1));
    row_set(shadow_cell(plane, r.granule), r.k, g->epoch | CELL_BYTES);
    if (UNLIKELY((r.first & r.last) != CELL_BYTES)) set_ends(shadow_cell(plane, r.granule), g->epoch, r);
    row_set_contexts(t, plane, r.granule, r.k, ctx);
    const unsigned bit = META_WRITE << plane;
    if (UNLIKELY(!(meta & bit))) shadow_note_line(line);
    meta |= bit;
    if (UNLIKELY(meta & META_VICTIMS)) meta = without_victims(r.granule, meta);
  }
  line_unlock(m, (uint8_t)meta);
  return ROW_DONE;
}

unsigned row_access(struct det_thread *t, const struct race_g *g, uintptr_t p, size_t n, uint32_t ctx, bool write) {
  const uintptr_t granule = p >> 3, end = p + n - 1;
  const struct row r = {granule, (unsigned)((end >> 3) - granule) + 1, CELL_BYTES << (p & 7) & CELL_BYTES,
                        CELL_BYTES >> (~end & 7)};
  return write ? access_in(t, g, r, 0, ctx) : access_in(t, g, r, t->plane, ctx);
}

/* --- one granule ---------------------------------------------------------------------------------------------------
 */

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

/* What is left of a granule's victims once the access is recorded: of the only one, or, if they are in a block and none
 * shares bytes with the access, what names it. */
struct left {
  uint32_t cell;
  bool known; /* else it takes more to say */
};

static inline __attribute__((always_inline)) struct left judge_spilled(struct det_thread *t, const struct race_g *g,
                                                                       struct part r, unsigned plane, unsigned meta) {
  const uint32_t cell = meta & META_VICTIMS ? *shadow_cell(SPILL_PLANE, r.granule) : 0;
  if (UNLIKELY(!cell)) return (struct left){0, true};
  if (!(cell & CELL_BYTES)) return (struct left){cell, !spill_has_more(cell) && !(spill_bytes(cell) & r.mask)};
  if (!(cell & r.mask)) return (struct left){cell, true};
  if (cell_same_id(cell, g->epoch) || !ordered(t, g, cell)) return (struct left){cell, false};
  if (plane && *shadow_ctx(SPILL_PLANE, r.granule) & SPILL_WRITE) return (struct left){cell, true};
  return (struct left){without(cell, r.mask), true};
}

/* What the access leaves of another epoch's entry in its cell is displaced; false, and nothing done, if that takes
 * more: a duo's two entries, and a set's, have places of their own. */
static inline __attribute__((always_inline)) bool displace(struct det_thread *t, struct part r, unsigned plane,
                                                           uint32_t rest, struct left left) {
  if (UNLIKELY(plane ? readers_any() && readers_of(cell_id(rest)) : cell_is_duo(rest))) return false;
  const uint32_t info = context_get(plane, r.granule) | (plane ? 0 : SPILL_WRITE);
  if (left.cell) return left.cell == *shadow_cell(SPILL_PLANE, r.granule) && spill_add(t, r.granule, rest, info);
  *shadow_ctx(SPILL_PLANE, r.granule) = info;
  *shadow_cell(SPILL_PLANE, r.granule) = rest;
  return true;
}

/* There are entries of other bytes in the access's cell, or some that were displaced: two fields of four bytes take
 * turns in a cell.  Decides as access.c does. */
static inline __attribute__((always_inline)) unsigned access_beside(struct det_thread *t, const struct race_g *g,
                                                                    struct part r, unsigned plane, uint32_t ctx,
                                                                    unsigned meta) {
  const uint32_t old = meta & META_WRITE << plane ? *shadow_cell(plane, r.granule) : 0;
  const bool own = old && cell_same_id(old, g->epoch);
  if (!own && !is_before(t, g, old, r.mask)) return meta;
  const struct left left = judge_spilled(t, g, r, plane, meta);
  if (!left.known || !part_is_ordered(t, g, r, plane, meta)) return meta;
  const uint32_t rest = own ? 0 : without(old, r.mask);
  if (rest) {
    if (!displace(t, r, plane, rest, left)) return meta;
    meta |= META_VICTIMS;
  } else if (meta & META_VICTIMS) {
    uint32_t *cell = shadow_cell(SPILL_PLANE, r.granule);
    if (*cell != left.cell) *cell = left.cell;
  }
  if (own) {
    const uint32_t was = context_get(plane, r.granule);
    if (was != ctx) ctx = depot_composite(t, was, ctx, r.mask);
  }
  meta = put_part(t, g, r, plane, ctx, meta);
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
    if (UNLIKELY(meta & META_VICTIMS)) meta = without_victims(r.granule, meta);
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

/* Several granules, of which each has its own bytes; all are judged before one is changed. */
static __attribute__((noinline)) unsigned access_parts(struct det_thread *t, const struct race_g *g, uintptr_t granule,
                                                       const uint8_t *mask, unsigned plane, uint32_t ctx,
                                                       unsigned meta) {
  unsigned simple = 0;
  for (unsigned i = 0; i < LINE_CELLS; i++) {
    if (!mask[i]) continue;
    const int found = judge_part(t, g, (struct part){granule + i, mask[i]}, plane, ctx, meta);
    if (found != SIMPLE && found != RECORDED) return meta;
    simple |= (unsigned)(found == SIMPLE) << i;
  }
  for (; simple; simple &= simple - 1) {
    const unsigned i = (unsigned)__builtin_ctz(simple);
    meta = put_part(t, g, (struct part){granule + i, mask[i]}, plane, ctx, meta);
  }
  line_unlock(shadow_meta(granule >> 3), (uint8_t)meta);
  return ROW_DONE;
}

/* How many of them a concurrent reader has, where that counts. */
static unsigned taken_parts(struct det_thread *t, const struct race_g *g, uintptr_t granule, const uint8_t *mask,
                            unsigned meta) {
  unsigned n = 0;
  for (unsigned i = 0; i < LINE_CELLS; i++)
    if (mask[i]) n += is_taken(t, g, (struct part){granule + i, mask[i]}, meta);
  return n;
}

bool granules_access(struct det_thread *t, struct race_g *g, uintptr_t line, const uint8_t *mask, uint32_t ctx,
                     bool write) {
  const unsigned meta = line_lock(shadow_meta(line));
  const unsigned taken = write || LIKELY(!t->own_plane) ? 0 : taken_parts(t, g, line << 3, mask, meta);
  const unsigned plane = write ? 0 : taken ? t->own_plane : t->plane;
  const unsigned left = access_parts(t, g, line << 3, mask, plane, ctx, meta);
  if (left != ROW_DONE) {
    line_unlock(shadow_meta(line), (uint8_t)left);
    return false;
  }
  t->displaced += taken;
  g->recorded = true;
  return true;
}

/* --- several lines -------------------------------------------------------------------------------------------------
 */

bool rows_access(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, uint32_t ctx, bool write) {
  for (const uintptr_t end = p + n; p < end;) {
    const uintptr_t line_end = (p | 63) + 1, to = line_end < end ? line_end : end;
    const unsigned meta = (p & 7) + (to - p) > 8 ? row_access(t, g, p, to - p, ctx, write)
                                                 : granule_access(t, g, p >> 3, granule_bytes(p, to - p), ctx, write);
    if (UNLIKELY(meta != ROW_DONE)) {
      line_unlock(shadow_meta(p >> 6), (uint8_t)meta);
      return false;
    }
    g->recorded = true;
    p = to;
  }
  return true;
}
