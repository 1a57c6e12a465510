/* The short way of the slow path: one plain access within one line, or across the end of one, and nothing rare in its
 * way.
 *
 * It decides as access.c does (whose head says why an entry may go), and gives up, before anything is changed, where
 * that takes more: a race, an atomic or concurrent entry that has to move, victims in the table, a range.  An entry
 * with other bytes of the granule is displaced here (spill.h): two fields of four bytes take turns in a cell.
 */
#include "base/paranoid.h"
#include "detector/composite.h"
#include "detector/contexts.h"
#include "detector/depot.h"
#include "detector/detector.h"
#include "detector/duo.h"
#include "detector/judge.h"
#include "detector/part.h"
#include "detector/readers.h"
#include "detector/row.h"
#include "detector/shadow.h"
#include "detector/spill.h"

/* What stands in the way of an access, and what will be left of it. */
struct way {
  struct det_thread *t;
  struct race_g *g;
  uintptr_t granule;
  uint32_t mask;          /* bytes of the access */
  uint32_t own;           /* the open id */
  uint32_t meta;          /* of the line; as a byte, what is stored here would be waited for when it is loaded again */
  bool range;             /* the access is, or may be, a part of a range */
  bool duo;               /* a read that may become part of a duo */
  struct spill_way spill; /* what becomes of the granule's displaced entries */
};

static struct spill_access spill_access_of(const struct way *w, bool write) {
  return (struct spill_access){w->t, w->g, w->granule, w->mask, write, false};
}

static __attribute__((noinline)) bool judge_displaced(struct way *w, bool write) {
  const struct spill_access a = spill_access_of(w, write);
  return spill_judge(&a, &w->spill) == SPILL_CLEAR;
}

/* Looks at what was displaced. */
static inline __attribute__((always_inline)) bool spill_is_simple(struct way *w, bool write) {
  if (UNLIKELY(w->meta & META_VICTIMS)) return judge_displaced(w, write);
  spill_none(w->granule, &w->spill);
  return true;
}

/* Is there room for what an access displaces? */
static inline __attribute__((always_inline)) bool may_displace(struct way *w, uint32_t rest) {
  return LIKELY(!rest) || spill_has_room(w->t, &w->spill);
}

/* What was displaced becomes what it was judged to be, and rest, of that plane, comes to it if it isn't 0. */
static __attribute__((noinline)) void settle(struct way *w, unsigned plane, uint32_t rest) {
  const struct spill_access a = spill_access_of(w, plane == 0);
  spill_settle(&a, &w->spill, rest, rest ? context_get(plane, w->granule) | (plane ? 0 : SPILL_WRITE) : 0);
  if (rest) w->meta |= META_VICTIMS;
}

/* Puts the access into its cell; what that held of other bytes is displaced: there is room. */
static inline __attribute__((always_inline)) void put(struct way *w, unsigned plane, uint32_t rest, uint32_t mine) {
  uint32_t *cell = shadow_cell(plane, w->granule);
  const uint8_t bit = (uint8_t)(META_WRITE << plane);
  if (UNLIKELY(rest | w->spill.less)) settle(w, plane, rest);
  __atomic_store_n(cell, w->own | w->mask, __ATOMIC_RELAXED);
  context_set(w->t, plane, w->granule, mine);
  if (UNLIKELY(!(w->meta & bit))) {
    w->meta |= bit;
    shadow_note_line(w->granule >> 3);
  }
}

/* One more of the own epoch, beside what the cell has. */
static inline __attribute__((always_inline)) void join_own(struct way *w, unsigned plane, uint32_t *cell, uint32_t old,
                                                           uint32_t mine) {
  uint32_t was = context_get(plane, w->granule);
  if (was != mine) context_set(w->t, plane, w->granule, composite_join(w->t, was, mine, w->mask));
  __atomic_store_n(cell, old | w->mask, __ATOMIC_RELAXED);
  if (UNLIKELY(w->spill.less)) settle(w, plane, 0);
}

static inline __attribute__((always_inline)) bool is_own(const struct way *w, uint32_t cell) {
  return (cell ^ w->own) < CELL_ATOMIC;
}

/* What an attempt to record a read in one plane came to. */
enum tried { DONE, TAKEN, RARE }; /* TAKEN: a concurrent reader's entry, or a set, stands there */

static inline __attribute__((always_inline)) enum tried try_read_in(struct way *w, unsigned plane, uint32_t mine) {
  uint32_t *cell = shadow_cell(plane, w->granule), rest = 0;
  if (w->meta & META_WRITE << plane) {
    uint32_t old = *cell;
    if (old) {
      if (is_own(w, old)) {
        join_own(w, plane, cell, old, mine);
        return DONE;
      }
      if (old & CELL_ATOMIC) return RARE;
      if (old & w->mask && !ordered(w->t, w->g, old)) return TAKEN;
      rest = without(old, w->mask);
      if (UNLIKELY(rest) && readers_of(cell_id(rest))) return TAKEN;
      if (!may_displace(w, rest)) return RARE;
    }
  }
  put(w, plane, rest, mine);
  return DONE;
}

/* Beside those that have the cell: as one of their set. */
static bool join_readers(struct way *w, unsigned plane, uint32_t mine) {
  uint32_t *cell = shadow_cell(plane, w->granule), old = *cell;
  const struct readers_new read = {.own = w->own, .mask = w->mask, .ctx = mine, .granules = 1};
  uint32_t joined = readers_join(w->t, w->g, old, context_get(plane, w->granule), &read);
  if (!joined) return false;
  if (joined != old) __atomic_store_n(cell, joined, __ATOMIC_RELAXED);
  if (UNLIKELY(w->spill.less)) settle(w, plane, 0);
  return true;
}

/* The other reader leaves the cell. */
static bool displace_reader(struct way *w, unsigned plane, uint32_t mine) {
  const uint32_t old = *shadow_cell(plane, w->granule);
  if (readers_of(cell_id(old)) || !may_displace(w, old)) return false;
  put(w, plane, old, mine);
  return true;
}

/* Where a concurrent reader has the cell of the shared plane, a range's read becomes one of a set with it, as long as
 * sets pay to the thread (readers.h).  Other reads go to a plane of the thread's own, with room, mostly: of single
 * reads each would be a set of its own.  The inline check looks at one plane only and will miss, so a thread to which
 * that happens often turns to its own altogether.  Threads for which there is no plane left read as one of a set, or
 * displace one another; if it is one thread only, it takes the shared plane's cells, as the inline check doesn't find a
 * set. */
static __attribute__((noinline)) bool read_beside_others(struct way *w, uint32_t mine) {
  struct det_thread *t = w->t;
  if (w->range && t->plane != t->own_plane && readers_pay(t) && join_readers(w, t->plane, mine)) return true;
  if (!t->own_plane) t->own_plane = det_new_plane();
  t->displaced++;
  if (t->plane != t->own_plane) {
    enum tried r = try_read_in(w, t->own_plane, mine);
    if (r != TAKEN) return r == DONE;
  }
  if (det_has_shared_plane(t)) return displace_reader(w, t->own_plane, mine) || join_readers(w, t->own_plane, mine);
  return join_readers(w, t->own_plane, mine) || displace_reader(w, t->own_plane, mine);
}

/* Is the granule before it read as part of a duo?  A guess that needs no lock; where its cell may not exist, the next
 * one's does as well. */
static inline __attribute__((always_inline)) bool beside_duo(uintptr_t granule) {
  const uint32_t *cell = shadow_cell(0, granule);
  const bool first = granule % (PRIM_PAGE / sizeof *cell) == 0;
  return cell_is_duo(__atomic_load_n(first ? cell + 1 : cell - 1, __ATOMIC_RELAXED));
}

/* May a read there become part of a duo, by what the line's meta byte says?  For others than parts of long ranges it is
 * too dear to be asked by threads that have none. */
static inline __attribute__((always_inline)) bool is_for_duo(struct det_thread *t, uintptr_t granule, bool long_range) {
  if (LIKELY(!long_range && !t->duos)) return false;
  /* a guess: the lock isn't held */
  const unsigned meta = __atomic_load_n(shadow_meta(granule >> 3), __ATOMIC_RELAXED);
  if ((meta & (META_WRITE | META_READS)) != META_WRITE) return false;
  return long_range ? duo_pays(t) : UNLIKELY(beside_duo(granule));
}

/* The write that is there and this read of all its bytes become a duo; false, and nothing done, if that isn't to be
 * had. */
static __attribute__((noinline)) bool join_duo(struct way *w, uint32_t mine) {
  uint32_t *cell = shadow_cell(0, w->granule), old = *cell;
  if ((old & CELL_BYTES) != w->mask || w->meta & META_READS) return false;
  if (!spill_is_none(&w->spill)) return false;
  if (!w->range && !duo_pays_single(w->t)) return false;
  const struct duo_read read = {.own = w->own, .ctx = mine, .granules = 1};
  const uint32_t joined = duo_join(w->t, w->g, old, &read);
  if (!joined) return false;
  if (joined != old) __atomic_store_n(cell, joined, __ATOMIC_RELAXED);
  return true;
}

static inline __attribute__((always_inline)) bool try_read(struct way *w, uint32_t mine) {
  if (w->meta & META_WRITE) {
    uint32_t written = *shadow_cell(0, w->granule);
    if (written & w->mask && !ordered(w->t, w->g, written)) return false;
    if (UNLIKELY(w->duo) && !cell_same_id(written, w->own) && join_duo(w, mine)) return true;
  }
  enum tried r = try_read_in(w, w->t->plane, mine);
  if (LIKELY(r == DONE)) return true;
  return r == TAKEN && read_beside_others(w, mine);
}

/* Entries of the read planes: may they go? */
static inline __attribute__((always_inline)) bool reads_are_ordered(struct way *w, unsigned planes) {
  for (unsigned bits = planes; bits; bits &= bits - 1) {
    uint32_t read = *shadow_cell((unsigned)__builtin_ctz(bits) + 1, w->granule);
    if (read & w->mask && !ordered(w->t, w->g, read)) return false;
  }
  return true;
}

/* The own epoch's reads stay for the inline check. */
static inline __attribute__((always_inline)) void drop_reads(struct way *w, unsigned planes) {
  for (unsigned bits = planes; bits; bits &= bits - 1) {
    uint32_t *cell = shadow_cell((unsigned)__builtin_ctz(bits) + 1, w->granule), read = *cell;
    if (read & w->mask && !cell_same_id(read, w->own)) __atomic_store_n(cell, without(read, w->mask), __ATOMIC_RELAXED);
  }
}

static inline __attribute__((always_inline)) bool try_write(struct way *w, uint32_t mine) {
  uint32_t *cell = shadow_cell(0, w->granule), old = 0, rest = 0;
  if (w->meta & META_WRITE) {
    old = *cell;
    if (old & CELL_ATOMIC || (old & w->mask && !ordered(w->t, w->g, old))) return false;
    if (!is_own(w, old)) {
      rest = without(old, w->mask);
      if (!may_displace(w, rest)) return false;
    }
  }
  unsigned planes = w->meta >> 1 & ((1u << READ_PLANES) - 1);
  if (!reads_are_ordered(w, planes)) return false;
  drop_reads(w, planes);
  if (old && is_own(w, old))
    join_own(w, 0, cell, old, mine);
  else
    put(w, 0, rest, mine);
  return true;
}

/* Has the open epoch recorded it already?  A range's first and last cells may be the only new ones. */
static inline __attribute__((always_inline)) bool is_recorded(const struct way *w, unsigned plane) {
  uint32_t cell = *shadow_cell(plane, w->granule);
  return is_own(w, cell) && !(w->mask & ~cell);
}

/* A duo stands in the granule's write cell.  True if nothing is left to do; else it is what an access may find there: a
 * write takes its place altogether, or it has been parted. */
static __attribute__((noinline)) bool settle_duo(struct way *w, uint32_t mine, bool write) {
  const uint32_t duo = *shadow_cell(0, w->granule);
  if (write) {
    if (!(duo & CELL_BYTES & ~w->mask) && ordered(w->t, w->g, duo)) return false;
  } else if (!(w->mask & ~duo) && duo_has(w->g, duo, w->own)) {
    if (w->range || duo_pays_single(w->t)) return true;
  } else if (spill_is_simple(w, false) && join_duo(w, mine)) {
    return true;
  }
  w->meta = duo_part(w->t, w->granule, w->meta);
  return !write && is_recorded(w, w->t->plane);
}

/* [p, p+n) is of one line, whose lock is held and its meta byte's other bits are `meta`; `mine` is the access's
 * context. What was recorded before it gave up is found recorded by the next who tries. */
static inline __attribute__((always_inline)) bool try_granules(struct det_thread *t, struct race_g *g, uintptr_t p,
                                                               size_t n, uint32_t mine, unsigned meta, bool write,
                                                               bool range, bool duo) {
  struct way w = {.t = t, .g = g, .own = g->epoch, .range = range, .duo = duo, .meta = meta};
  const unsigned plane = write ? 0 : t->plane;
  const uint8_t bit = (uint8_t)(META_WRITE << plane);
  bool done = true;
  for (w.granule = p >> 3; done && w.granule <= (p + n - 1) >> 3; w.granule++) {
    w.mask = bytes_in(w.granule, p, p + n);
    if (w.meta & bit && is_recorded(&w, plane)) continue;
    if (!write && UNLIKELY(t->own_plane) && w.meta & META_WRITE << t->own_plane && is_recorded(&w, t->own_plane)) {
      if (t->plane != t->own_plane) t->displaced++;
      continue;
    }
    if (w.meta & META_WRITE && UNLIKELY(cell_is_duo(*shadow_cell(0, w.granule))) && settle_duo(&w, mine, write)) {
      g->recorded = true;
      continue;
    }
    done = spill_is_simple(&w, write) && (write ? try_write(&w, mine) : try_read(&w, mine));
    if (!done) break;
    g->recorded = true;
  }
  line_unlock(shadow_meta(p >> 6), (uint8_t)w.meta);
  return done;
}

/* By themselves: what comes before them is short, and needs few registers. */
static __attribute__((noinline)) bool try_reads(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n,
                                                uint32_t mine, unsigned meta, bool range, bool duo) {
  return try_granules(t, g, p, n, mine, meta, false, range, duo);
}

static __attribute__((noinline)) bool try_writes(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n,
                                                 uint32_t mine, unsigned meta) {
  return try_granules(t, g, p, n, mine, meta, true, true, false);
}

/* What may become a duo isn't for the short ways. */
static inline __attribute__((always_inline)) bool try_line(struct det_thread *t, struct race_g *g, uintptr_t p,
                                                           size_t n, uint32_t mine, bool write, bool range,
                                                           bool long_range) {
  if (!write && UNLIKELY(is_for_duo(t, p >> 3, long_range)))
    return try_reads(t, g, p, n, mine, line_lock(shadow_meta(p >> 6)), range, true);
  unsigned meta;
  if ((p & 7) + n > 8)
    meta = row_access(t, g, p, n, mine, write);
  else if (write || range)
    meta = granule_access(t, g, p >> 3, granule_bytes(p, n), mine, write);
  else
    meta = granule_read(t, g, p >> 3, granule_bytes(p, n), mine);
  if (UNLIKELY(meta != ROW_DONE))
    return write ? try_writes(t, g, p, n, mine, meta) : try_reads(t, g, p, n, mine, meta, range, false);
  g->recorded = true;
  return true;
}

/* What a range has of one line. */
static __attribute__((noinline)) bool try_part(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n,
                                               uint32_t ctx, bool write, bool long_range) {
  return try_line(t, g, p, n, ctx, write, true, long_range);
}

bool det_line_simply(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, uint32_t ctx, bool write) {
  return try_part(t, g, p, n, ctx, write, true);
}

static inline bool is_of_one_line(uintptr_t p, size_t n) { return (p & 63) + n <= 64; }

/* What lies across the end of a line: each part by itself. */
static __attribute__((noinline)) bool try_two_lines(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n,
                                                    uint32_t mine, bool write) {
  const uintptr_t second = (p | 63) + 1, end = p + n;
  return shadow_covered(end - 1) && try_part(t, g, p, second - p, mine, write, false) &&
         try_part(t, g, second, end - second, mine, write, false);
}

/* ctx: the access's context, or 0 if it isn't known yet. */
static inline __attribute__((always_inline)) bool try_access(struct det_thread *t, struct race_g *g, uintptr_t p,
                                                             size_t n, struct race_at at, uint32_t ctx, bool write) {
  if (UNLIKELY(n > ROWS_MAX || !g->epoch || g->ignore || !shadow_covered(p))) return false;
  const bool rows = n > 64;
  if (UNLIKELY(rows) && !shadow_covered(p + n - 1)) return false;
  uint32_t mine = ctx ? ctx : depot_context_plain(t, g, at);
  if (UNLIKELY(rows)) return rows_access(t, g, p, n, mine, write);
  if (UNLIKELY(!is_of_one_line(p, n))) return try_two_lines(t, g, p, n, mine, write);
  return try_line(t, g, p, n, mine, write, n > 16, false);
}

/* A read of what the own epoch wrote needs no record.  Now and then it gets one all the same, so that a loop's inline
 * check, which looks at the read plane only, hits. */
enum { RECORD_EVERY = 8 }; /* guess */

static inline bool read_own_write(struct det_thread *t, uintptr_t p, size_t n) {
  if (n > 8) return false;
  const uint32_t *cell = (const uint32_t *)(__gw_shadow + (p >> 3 << 2));
  uint32_t want = ((1u << n) - 1) << (p & 7);
  if (want > CELL_BYTES) return false;
  if ((__atomic_load_n(cell, __ATOMIC_RELAXED) ^ (__gw_tls.epoch | CELL_BYTES)) & (~(uint32_t)CELL_BYTES | want))
    return false;
  return ++t->own_reads % RECORD_EVERY != 0;
}

/* Are all the bytes known to be read, by a set that the thread remembers (readers.h)?  Looks without the line's lock.
 */
static __attribute__((noinline)) bool read_is_held(const struct det_thread *t, const struct race_g *g, uintptr_t p,
                                                   size_t n) {
  if (n > 64 || !shadow_covered(p) || !shadow_covered(p + n - 1)) return false;
  for (uintptr_t granule = p >> 3; granule <= (p + n - 1) >> 3; granule++) {
    const uint32_t cell = __atomic_load_n(shadow_cell(t->plane, granule), __ATOMIC_RELAXED);
    if (bytes_in(granule, p, p + n) & ~cell || !readers_hold(t, g->epoch, cell)) return false;
  }
  return true;
}

/* What the inline checks compare with; whoever changes a goroutine's epoch for it has to tell the thread that runs it.
 */
static inline void check_epoch(const struct det_thread *t) {
  if (GW_PARANOID && t->g) GW_CHECK(__gw_tls.epoch == t->g->epoch);
}

static inline __attribute__((always_inline)) void read_one(struct det_thread *t, struct race_g *g, uintptr_t p,
                                                           size_t n, struct race_at at, uint32_t ctx) {
  if (UNLIKELY(readers_hold_any(t, g->epoch)) && read_is_held(t, g, p, n))
    det_count_held_read(t);
  else if (UNLIKELY(!try_access(t, g, p, n, at, ctx, false)))
    det_access(t, g, p, n, RACE_READ, at);
  else if (UNLIKELY(++t->reads == READS_WINDOW))
    det_choose_plane(t);
}

static inline __attribute__((always_inline)) void write_one(struct det_thread *t, struct race_g *g, uintptr_t p,
                                                            size_t n, struct race_at at, uint32_t ctx) {
  if (UNLIKELY(!try_access(t, g, p, n, at, ctx, true))) det_access(t, g, p, n, RACE_WRITE, at);
}

/* Called by the thunks: pc is the return address into instrumented code, fp that code's frame. */
void det_thunk_read(uintptr_t p, size_t n, uintptr_t pc, uintptr_t fp);
void det_thunk_read(uintptr_t p, size_t n, uintptr_t pc, uintptr_t fp) {
  struct det_thread *t = det_self;
  if (LIKELY(t != NULL) && read_own_write(t, p, n)) return;
  t = det_enter();
  struct race_g *g = t->g;
  if (UNLIKELY(!g)) g = race_self();
  read_one(t, g, p, n, (struct race_at){pc, fp}, 0);
  det_exit(t);
}

void det_thunk_write(uintptr_t p, size_t n, uintptr_t pc, uintptr_t fp);
void det_thunk_write(uintptr_t p, size_t n, uintptr_t pc, uintptr_t fp) {
  struct det_thread *t = det_enter();
  check_epoch(t);
  struct race_g *g = t->g;
  if (UNLIKELY(!g)) g = race_self();
  write_one(t, g, p, n, (struct race_at){pc, fp}, 0);
  det_exit(t);
}

void det_thunk_range(uintptr_t p, size_t n, uintptr_t pc, uintptr_t fp, enum race_op op);
void det_thunk_range(uintptr_t p, size_t n, uintptr_t pc, uintptr_t fp, enum race_op op) {
  if (op == RACE_READ)
    det_thunk_read(p, n, pc, fp);
  else
    det_thunk_write(p, n, pc, fp);
}

void det_element(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, struct race_at at, uint32_t ctx,
                 bool write) {
  if (write)
    write_one(t, g, p, n, at, ctx);
  else if (!read_own_write(t, p, n))
    read_one(t, g, p, n, at, ctx);
}
