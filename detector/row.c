/* row.h: what is a message, a structure, a block of memory: ranges that are shorter than lines.c is made for.
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
 * A read may also find entries that differ from granule to granule, and one that was displaced in each, as loops leave
 * them that write here and there: all of them are judged, in one pass.
 * All else is left to the caller, who has the line's lock then.  The common case is apart from the rest because it is
 * half as long by itself: it needs few registers.
 */
#include "detector/row.h"

#include "detector/contexts.h"
#include "detector/duo.h"
#include "detector/judge.h"
#include "detector/part.h"
#include "detector/shadow.h"
#include "detector/spill.h"

struct row {
  uintptr_t granule;    /* the first */
  unsigned k;           /* how many */
  uint32_t first, last; /* bytes of the first and of the last; of all others all */
};

static inline __attribute__((always_inline)) void set_ends(uint32_t *c, uint32_t own, struct row r) {
  __atomic_store_n(c, own | r.first, __ATOMIC_RELAXED);
  __atomic_store_n(c + r.k - 1, own | r.last, __ATOMIC_RELAXED);
}

/* Nothing, or one epoch's everywhere that happens before the access. */
static inline __attribute__((always_inline)) bool is_ordered(struct det_thread *t, const struct race_g *g, uint32_t *c,
                                                             unsigned k) {
  return row_is(c, k, *c, ROW_IDS) && (!*c || ordered(t, g, *c));
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
  return row_is(shadow_cell(plane, r.granule), r.k, 0, ROW_ALL);
}

/* The row's bytes in its i-th granule. */
static inline uint32_t bytes_of(struct row r, unsigned i) {
  return i == 0 ? r.first : i + 1 == r.k ? r.last : CELL_BYTES;
}

/* May a read be recorded where the entries of one plane aren't the same in all its granules?  In its own plane, if each
 * may go; what was written, and displaced, has to happen before it. */
static __attribute__((noinline)) bool mixed_are_ordered(struct det_thread *t, const struct race_g *g, struct row r,
                                                        unsigned plane, unsigned meta) {
  const uint32_t *mine = shadow_cell(plane, r.granule), *written = shadow_cell(0, r.granule);
  const uint32_t *displaced = shadow_cell(SPILL_PLANE, r.granule);
  for (unsigned i = 0; i < r.k; i++) {
    const uint32_t old = meta & META_WRITE << plane ? mine[i] : 0;
    if (old && (cell_same_id(old, g->epoch) || old & CELL_BYTES & ~bytes_of(r, i) || !may_go(t, g, old))) return false;
    const uint32_t w = meta & META_WRITE ? written[i] : 0;
    if (w && (UNLIKELY(cell_is_duo(w)) || !ordered(t, g, w))) return false;
    const uint32_t d = meta & META_VICTIMS ? displaced[i] : 0;
    if (d && (!(d & CELL_BYTES) || !ordered(t, g, d))) return false; /* several of one granule are left to single.c */
  }
  return true;
}

/* Such a read stands for those of the displaced that are reads as well. */
static __attribute__((noinline)) void drop_displaced_reads(struct row r) {
  uint32_t *cell = shadow_cell(SPILL_PLANE, r.granule), *info = shadow_ctx(SPILL_PLANE, r.granule);
  for (unsigned i = 0; i < r.k; i++)
    if (cell[i] && !(info[i] & SPILL_WRITE)) cell[i] = without(cell[i], bytes_of(r, i));
}

enum { SIMPLE, RECORDED, OTHER };

/* What there is to do; nothing is changed. */
static inline __attribute__((always_inline)) int judge(struct det_thread *t, const struct race_g *g, struct row r,
                                                       unsigned plane, unsigned meta) {
  uint32_t *mine = shadow_cell(plane, r.granule);
  if (meta & META_WRITE << plane) {
    const uint32_t old = *mine;
    if (!row_is(mine, r.k, old, ROW_IDS)) return plane && mixed_are_ordered(t, g, r, plane, meta) ? SIMPLE : OTHER;
    if ((old ^ g->epoch) < CELL_ATOMIC) return is_recorded(mine, r) ? RECORDED : OTHER;
    if (!may_go(t, g, old) || has_more(mine, r)) return OTHER;
  }
  const bool victims = UNLIKELY(meta & META_VICTIMS) && !is_empty(SPILL_PLANE, r);
  if (plane == 0) return !victims && reads_are_ordered(t, g, r, meta >> 1 & ((1u << READ_PLANES) - 1)) ? SIMPLE : OTHER;
  uint32_t *written = shadow_cell(0, r.granule);
  if (victims || (meta & META_WRITE && !row_is(written, r.k, *written, ROW_IDS)))
    return mixed_are_ordered(t, g, r, plane, meta) ? SIMPLE : OTHER;
  if (!(meta & META_WRITE) || !*written) return SIMPLE;
  return !cell_is_duo(*written) && ordered(t, g, *written) ? SIMPLE : OTHER;
}

static inline __attribute__((always_inline)) unsigned access_in(struct det_thread *t, const struct race_g *g,
                                                                struct row r, unsigned plane, uint32_t ctx) {
  const uintptr_t line = r.granule >> 3;
  uint8_t *m = shadow_meta(line);
  unsigned meta = line_lock(m);
  const int found = judge(t, g, r, plane, meta);
  if (found == OTHER) return meta;
  if (found == SIMPLE) {
    if (plane == 0)
      drop_reads(g, r, meta >> 1 & ((1u << READ_PLANES) - 1));
    else if (UNLIKELY(meta & META_VICTIMS))
      drop_displaced_reads(r);
    row_set(shadow_cell(plane, r.granule), r.k, g->epoch | CELL_BYTES);
    if (UNLIKELY((r.first & r.last) != CELL_BYTES)) set_ends(shadow_cell(plane, r.granule), g->epoch, r);
    row_set_contexts(t, plane, r.granule, r.k, ctx);
    const unsigned bit = META_WRITE << plane;
    if (UNLIKELY(!(meta & bit))) shadow_note_line(line);
    meta |= bit;
    if (UNLIKELY(meta & META_VICTIMS)) meta = line_victims(r.granule, meta);
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
