/* Judging and recording an access: the slow path behind every inline check.
 *
 * The entries of a granule are its cell in the write plane, one in each read plane, and its victims.  A new access N
 * meets an entry E that shares bytes with it:
 *   - they race if one writes, not both are atomic, and E's segment doesn't happen before N;
 *   - E may be dropped (for the shared bytes) if E happens before N and N conflicts with all that E conflicts with: N
 * writes or E only read, and N is plain or E is atomic.  Whatever races with E later also races with N then: it doesn't
 *     happen before N (N was first), and if N happened before it, so did E.  After its race was reported E is dropped
 * too.
 *   - otherwise E stays; where N needs its cell it becomes a victim.
 * N need not be recorded if an entry of the same epoch covers its bytes and conflicts with all that N does.
 *
 * The cell of a read plane may name a set of readers (readers.h): then each of them is such an entry.
 *
 * The cell of the write plane may name a duo (duo.h), a write and the reads after it: it is parted before it is judged.
 *
 * All of this happens under the lock of the line, so of two simultaneous accesses one sees the other's entry.
 * A read that its own epoch's write covers is recorded all the same, where that displaces nothing, so that the inline
 * check (which looks at one plane) hits next time.  For the same reason a write leaves its own epoch's read in its
 * cell.
 */
#include "detector/composite.h"
#include "detector/contexts.h"
#include "detector/depot.h"
#include "detector/detector.h"
#include "detector/duo.h"
#include "detector/epoch.h"
#include "detector/judge.h"
#include "detector/lines.h"
#include "detector/readers.h"
#include "detector/report.h"
#include "detector/retired.h"
#include "detector/shadow.h"
#include "detector/spill.h"
#include "detector/victim.h"

struct access {
  struct det_thread *t;
  struct race_g *g;
  uint32_t own; /* open id and the atomic bit: the cell without its bytes */
  uint32_t ctx; /* 0: not walked yet */
  bool write, atomic;
  enum race_op op;
  uintptr_t p; /* the whole access */
  size_t n;
  unsigned plane; /* that it is recorded in */
  struct race_at at;
  struct { /* the own read among the victims that covers this one; NULL: none, or not one that may move */
    uint32_t *cell, *ctx;
  } mine;
  struct { /* an older atomic of its slot and kind among the victims, whose place this one takes; NULL: none */
    uint32_t *cell, *ctx;
  } place;
  struct held_line *held; /* a line that the caller has locked, who tells the races; or NULL */
  struct det_races races; /* so far, not told yet */
};

static uint32_t ctx_of(struct access *a) {
  if (!a->ctx)
    a->ctx = a->op == RACE_FREE || a->op == RACE_ALLOC ? depot_context(a->t, a->g, a->op, a->at)
                                                       : depot_context_plain(a->t, a->g, a->at);
  return a->ctx;
}

/* Does an entry of the own epoch stand for a new access to `mask` as well? */
static bool covers(const struct access *a, uint32_t cell, uint32_t mask) {
  return cell_same_id(cell, a->own) && (mask & ~cell) == 0 && (a->atomic || !(cell & CELL_ATOMIC));
}

static bool has_read(const struct access *a, uint32_t cell, uint32_t mask) {
  return covers(a, cell, mask) || (cell & CELL_BYTES && readers_have(a->g, cell, a->own, mask));
}

static void add_race(struct access *a, uintptr_t granule, uint32_t bytes, uint32_t cell, uint32_t ctx, bool write) {
  if (a->races.n == RACES_MAX) return; /* of one access: the rest shows when it is made again */
  if (a->write && UNLIKELY(det_left_behind(cell_id(cell)))) return;
  a->races.pair[a->races.n++] = (struct race_pair){.granule = granule,
                                                   .p = a->p,
                                                   .n = a->n,
                                                   .bytes = bytes,
                                                   .older_cell = cell,
                                                   .older_ctx = composite_resolve(ctx, bytes),
                                                   .older_write = write};
}

/* Those of a set whose bytes the access shares race with it as any entry does: a write, or an atomic write, which
 * leaves the others (they conflict with more than it does).  What is left of the cell. */
static uint32_t judge_readers(struct access *a, uintptr_t granule, uint32_t mask, uint32_t cell, unsigned plane) {
  const struct reader_set *s = readers_of(cell_id(cell));
  bool raced = false;
  for (uint32_t i = 0; i < s->n; i++) {
    uint32_t shared = s->at[i].bytes & cell & mask & CELL_BYTES, one = s->at[i].id << CELL_ID_SHIFT | shared;
    if (!shared || ordered(a->t, a->g, one)) continue;
    add_race(a, granule, shared, one, s->at[i].ctx, false);
    raced = true;
  }
  if (!a->atomic) return cell & ~mask & CELL_BYTES ? cell & ~mask : 0;
  if (!raced) return cell;
  uint32_t ctx = 0, left = readers_without_racers(a->t, a->g, cell, mask, &ctx);
  if (ctx) context_set(a->t, plane, granule, ctx);
  return left;
}

/* Judges one entry; returns what is left of it. Its context, *ctx or (NULL) what the plane has, is looked at only if
 * they race. */
static uint32_t judge(struct access *a, uintptr_t granule, uint32_t mask, uint32_t cell, const uint32_t *ctx,
                      unsigned plane, bool write) {
  uint32_t shared = cell & mask & CELL_BYTES;
  if (!shared) return cell;
  const enum verdict v = judge_entry(a->t, a->g, cell, write, a->write, a->atomic);
  if (v == STAYS) return cell;
  if (v == RACES) {
    if (plane && readers_of(cell_id(cell))) return judge_readers(a, granule, mask, cell, plane);
    add_race(a, granule, shared, cell, (ctx ? *ctx : context_get(plane, granule)) & SPILL_CTX, write);
  }
  return without(cell, shared);
}

/* Is it an atomic that this one, of the same goroutine, replaces altogether?  Then nothing has to be displaced: two
 * goroutines that take turns at a counter would take each other's cell every time. */
static bool replaces(const struct access *a, uint32_t cell, uint32_t mask, bool write) {
  return a->atomic && a->write == write && cell & CELL_ATOMIC && !(cell & CELL_BYTES & ~mask) &&
         epochs.entry[cell_id(cell)].slot == a->g->clock.slot;
}

/* What judging victims needs, for victim_each_of. */
struct victim_judging {
  struct access *a;
  struct victim_list *list;
  uintptr_t granule;
  uint32_t mask;
  bool write;    /* the victims are writes */
  bool emptied;  /* one was dropped */
  bool may_move; /* they are plain reads, in no index */
};

/* True if it is of the own epoch and covers the new access. */
static bool judge_victim(struct victim *v, void *arg) {
  struct victim_judging *j = arg;
  if (!v->cell) return false;
  if ((j->write || !j->a->write) && covers(j->a, v->cell, j->mask)) {
    if (j->may_move) j->a->mine.cell = &v->cell, j->a->mine.ctx = &v->ctx;
    return true;
  }
  if (replaces(j->a, v->cell, j->mask, j->write)) {
    j->a->place.cell = &v->cell, j->a->place.ctx = &v->ctx;
    j->list->known_slot = CLOCK_NONE;
    return false;
  }
  v->cell = judge(j->a, j->granule, j->mask, v->cell, &v->ctx, 0, j->write);
  if (!v->cell) j->emptied = true;
  return false;
}

static bool judge_all(const struct victim_list *l, struct victim_judging *j) {
  for (uint32_t i = 0; i < l->n; i++)
    if (judge_victim(&l->at[i], j)) return true;
  return false;
}

/* All of the list is judged, and all of it stays, every time that something of the access's kind comes: so it leaves a
 * note when it found no race, and heeds that of whoever happened before it. */
static bool list_is_known(const struct access *a, const struct victim_list *l) {
  if (l->known_slot == CLOCK_NONE) return false;
  if (l->known_slot == a->g->clock.slot) return a->g->clock.clock >= l->known_clock;
  return clock_get(a->g->clock.tree, l->known_slot) >= l->known_clock;
}

static void note_if_all_ordered(struct access *a, struct victim_list *l) {
  for (uint32_t i = 0; i < l->n; i++)
    if (l->at[i].cell && !ordered(a->t, a->g, l->at[i].cell)) return;
  l->known_slot = a->g->clock.slot;
  l->known_clock = a->g->clock.clock;
}

/* One list of the granule's victims; true if one covers the access. */
static bool judge_list(struct access *a, uintptr_t granule, uint32_t mask, struct victim_list *l, unsigned kind) {
  struct victim_judging j = {.a = a, .list = l, .granule = granule, .mask = mask, .write = kind & VICTIM_WRITES};
  const bool atomic = kind & VICTIM_ATOMICS, conflict = (j.write || a->write) && !(atomic && a->atomic);
  const bool stays = (j.write && !a->write) || (a->atomic && !atomic); /* as in judge */
  if (l->index) {
    if (victim_each_of(l, a->g->clock.slot, judge_victim, &j)) return true;
    if (!conflict && l->n < l->look_at) return false;
    if (conflict && stays && list_is_known(a, l)) return false;
  }
  j.may_move = !l->index && kind == 0;
  bool covered = judge_all(l, &j);
  if (l->index && conflict && stays) note_if_all_ordered(a, l);
  if (j.emptied || (l->index && l->n >= l->look_at)) {
    victim_compact(l);
    a->mine.cell = a->place.cell = NULL; /* they may have moved */
  }
  return covered;
}

/* The granule's victims in the table; *left says whether there are any still. */
static bool judge_set(struct access *a, uintptr_t granule, uint32_t mask, bool *left) {
  struct victim_set *s = victim_find(granule);
  GW_CHECK(s);
  bool covered = false;
  for (unsigned kind = VICTIM_LISTS; kind-- > 0 && !covered;)
    if (s->list[kind].n) covered = judge_list(a, granule, mask, &s->list[kind], kind);
  *left = !victim_done(s);
  return covered;
}

/* One of those that need no table; true if it is of the own epoch and covers the new access. */
static bool judge_spilled(struct access *a, uintptr_t granule, uint32_t mask, uint32_t *cell, uint32_t *info) {
  const bool write = *info & SPILL_WRITE;
  if ((write || !a->write) && covers(a, *cell, mask)) {
    if (!write) a->mine.cell = cell, a->mine.ctx = info;
    return true;
  }
  if (replaces(a, *cell, mask, write))
    a->place.cell = cell, a->place.ctx = info;
  else
    *cell = judge(a, granule, mask, *cell, info, 0, write);
  return false;
}

/* Judges the victims; true if one of the own epoch covers the new access: then the rest needs no judging, as whoever
 * came after that one was recorded has been judged against it. */
static bool judge_victims(struct access *a, uintptr_t granule, uint32_t mask) {
  uint32_t *cell = shadow_cell(SPILL_PLANE, granule);
  if (!*cell) return false;
  const bool more = spill_has_more(*cell);
  const struct spill s = spill_of(granule);
  uint32_t *info = spill_info(&s);
  bool covered = false;
  for (unsigned i = 0; i < s.n && !covered; i++)
    if (s.cell[i] & CELL_BYTES) covered = judge_spilled(a, granule, mask, &s.cell[i], &info[i]);
  spill_tidy(a->t, granule);
  if (covered || LIKELY(!more)) return covered;
  bool left;
  covered = judge_set(a, granule, mask, &left);
  if (!left) *cell &= ~SPILL_MORE;
  return covered;
}

/* Puts an entry that stood in a cell among the victims: into the table if there is no other place.  What is in the
 * plane is the granule's only victim, so it goes there as well. */
static void displace_one(struct access *a, uintptr_t granule, uint32_t old, uint32_t old_ctx) {
  if (spill_add(a->t, granule, old, old_ctx | (a->write ? SPILL_WRITE : 0))) return;
  uint32_t *cell = shadow_cell(SPILL_PLANE, granule), info = *shadow_ctx(SPILL_PLANE, granule);
  victim_add(granule, old, old_ctx, a->write);
  if (*cell & CELL_BYTES) {
    victim_add(granule, *cell, info & SPILL_CTX, info & SPILL_WRITE);
    *cell = 0;
  }
  *cell |= SPILL_MORE;
}

/* Puts what stood in a cell among the victims. */
static void displace(struct access *a, uintptr_t granule, uint32_t old) {
  const struct reader_set *s = readers_of(cell_id(old));
  if (LIKELY(!s)) return displace_one(a, granule, old, context_get(a->plane, granule));
  for (uint32_t i = 0; i < s->n; i++) {
    uint32_t bytes = s->at[i].bytes & old & CELL_BYTES;
    if (bytes) displace_one(a, granule, s->at[i].id << CELL_ID_SHIFT | bytes, s->at[i].ctx);
  }
}

/* A plain read where others' stand that have nowhere else to go: as one of their set; false if that isn't to be had. */
static bool join_readers(struct access *a, uintptr_t granule, uint32_t mask, uint32_t *cell) {
  const uint32_t old = *cell;
  if (a->write || a->atomic || old & CELL_ATOMIC) return false;
  if (!(old & mask) && !readers_of(cell_id(old))) return false; /* other bytes: there is room in the spill plane */
  const struct readers_new read = {.own = a->own, .mask = mask, .ctx = a->ctx, .granules = 1};
  uint32_t joined = readers_join(a->t, a->g, old, context_get(a->plane, granule), &read);
  if (!joined) return false;
  __atomic_store_n(cell, joined, __ATOMIC_RELAXED);
  return true;
}

static void record(struct access *a, uintptr_t granule, uint32_t mask, uint8_t *meta) {
  uint32_t *cell = shadow_cell(a->plane, granule), old = *cell;
  uint32_t mine = a->ctx;
  a->g->recorded = true;
  if (a->place.cell) {
    *a->place.cell = a->own | mask;
    *a->place.ctx = mine | (*a->place.ctx & ~SPILL_CTX);
    return;
  }
  if (!(old & CELL_BYTES)) {
    context_set(a->t, a->plane, granule, mine);
    __atomic_store_n(cell, a->own | mask, __ATOMIC_RELAXED);
  } else if ((old ^ a->own) < CELL_ATOMIC) { /* the own epoch, of the same kind */
    uint32_t was = context_get(a->plane, granule);
    if (was != mine) context_set(a->t, a->plane, granule, composite_join(a->t, was, mine, mask));
    __atomic_store_n(cell, old | mask, __ATOMIC_RELAXED);
  } else if (!join_readers(a, granule, mask, cell)) {
    *meta |= META_VICTIMS;
    if (!a->write) a->t->displaced++;
    displace(a, granule, old);
    context_set(a->t, a->plane, granule, mine);
    __atomic_store_n(cell, a->own | mask, __ATOMIC_RELAXED);
  }
  if (!(*meta & META_WRITE << a->plane)) {
    *meta |= (uint8_t)(META_WRITE << a->plane);
    shadow_note_line(granule >> 3);
  }
}

static void judge_read_plane(struct access *a, uintptr_t granule, uint32_t mask, unsigned plane) {
  uint32_t *cell = shadow_cell(plane, granule), old = *cell;
  if (a->write && plane == a->t->plane && (old ^ a->own) < CELL_ATOMIC) return; /* leave it to the inline check */
  uint32_t left = judge(a, granule, mask, old, NULL, plane, false);
  if (left != old) __atomic_store_n(cell, left, __ATOMIC_RELAXED);
}

/* In its own plane a thread takes its cell back from one that was there for a while: their entries change places. */
static void swap_back(struct access *a, uintptr_t granule, uint32_t *cell) {
  uint32_t flags = *a->mine.ctx & ~SPILL_CTX, other = *cell, other_ctx = context_get(a->plane, granule);
  __atomic_store_n(cell, *a->mine.cell, __ATOMIC_RELAXED);
  context_set(a->t, a->plane, granule, *a->mine.ctx & SPILL_CTX);
  *a->mine.cell = other;
  *a->mine.ctx = other_ctx | flags;
}

/* A plain read that another entry of its epoch covers is recorded where that displaces nothing: for inline checks. */
static void record_for_inline(struct access *a, uintptr_t granule, uint32_t mask, uint8_t *meta) {
  if (a->write || a->atomic) return;
  uint32_t *cell = shadow_cell(a->plane, granule);
  if (!(*cell & CELL_BYTES) || cell_same_id(*cell, a->own))
    record(a, granule, mask, meta);
  else if (a->mine.cell && a->plane == a->t->own_plane && !(*cell & CELL_ATOMIC) && !readers_of(cell_id(*cell)))
    swap_back(a, granule, cell);
  else
    a->t->displaced++; /* the inline check will miss again: another reads the same */
}

/* One granule, its line locked. */
static void access_granule(struct access *a, uintptr_t granule, uint32_t mask, uint8_t *meta) {
  uint32_t *w = shadow_cell(0, granule);
  uint32_t written = *meta & META_WRITE ? *w : 0;
  if (UNLIKELY(cell_is_duo(written))) {
    *meta = (uint8_t)duo_part(a->t, granule, *meta);
    written = *w;
  }
  a->mine.cell = a->place.cell = NULL;
  if (covers(a, written, mask)) return record_for_inline(a, granule, mask, meta);
  if (!a->write && *meta & META_WRITE << a->plane && has_read(a, *shadow_cell(a->plane, granule), mask)) return;
  uint32_t left = judge(a, granule, mask, written, NULL, 0, true);
  if (left != written) __atomic_store_n(w, left, __ATOMIC_RELAXED);
  if (a->write) {
    for (unsigned k = 1; k <= READ_PLANES; k++)
      if (*meta & META_WRITE << k) judge_read_plane(a, granule, mask, k);
  } else if (*meta & META_WRITE << a->plane) {
    judge_read_plane(a, granule, mask, a->plane);
  }
  if (*meta & META_VICTIMS && judge_victims(a, granule, mask)) return record_for_inline(a, granule, mask, meta);
  record(a, granule, mask, meta);
}

_Thread_local uintptr_t det_access_fp;

static void report_races(void *arg) {
  const struct det_races *r = arg;
  det_access_fp = r->fp;
  for (unsigned i = 0; i < r->n; i++)
    if (!det_thread_orders(r, &r->pair[i])) report_race(r->t, r->g, r->op, r->ctx, &r->pair[i]);
}

void det_tell_races(struct det_races *r) {
  if (LIKELY(!r->n)) return;
  det_call_aside(report_races, r);
  r->n = 0;
}

/* What a report needs beside the pairs. */
static void sign_races(struct access *a) {
  a->races.t = a->t;
  a->races.g = a->g;
  a->races.op = a->op;
  a->races.ctx = ctx_of(a);
  a->races.fp = at_plain(a->at).fp;
}

/* Is the granule's cell in the write plane a duo that has the open epoch's read? */
static bool is_read_in_duo(const struct access *a, uintptr_t granule, uint32_t *last) {
  const uint32_t cell = __atomic_load_n(shadow_cell(0, granule), __ATOMIC_RELAXED);
  if (!cell_is_duo(cell) || (cell & CELL_BYTES) != CELL_BYTES) return false;
  if (cell != *last && !duo_has(a->g, cell, a->own)) return false;
  *last = cell;
  return true;
}

static bool line_is_own(const struct access *a, uintptr_t granule, uintptr_t last) {
  const uint32_t full = a->own | CELL_BYTES;
  const bool plain_read = !a->write && !a->atomic;
  uint32_t duo = 0;
  for (; granule <= last; granule++) {
    const uint32_t cell = __atomic_load_n(shadow_cell(a->plane, granule), __ATOMIC_RELAXED);
    if (cell == full) continue;
    if (!plain_read) return false;
    if ((cell & CELL_BYTES) == CELL_BYTES && readers_hold(a->t, a->own, cell)) continue;
    if (!is_read_in_duo(a, granule, &duo)) return false;
  }
  return true;
}

static void access_line(struct access *a, uintptr_t p, uintptr_t end) {
  uintptr_t granule = p >> 3, last = (end - 1) >> 3;
  if (line_is_own(a, granule, last)) return;
  ctx_of(a);
  if (!a->atomic && det_line_simply(a->t, a->g, p, end - p, a->ctx, a->write)) return;
  uint8_t *m = shadow_meta(granule >> 3);
  const bool held = a->held && a->held->at == m;
  uint8_t meta = held ? a->held->meta : line_lock(m);
  for (; granule <= last; granule++) access_granule(a, granule, bytes_in(granule, p, end), &meta);
  if (held) a->held->meta = meta;
  if (!held) line_unlock(m, meta);
  if (LIKELY(!a->races.n)) return;
  sign_races(a);
  if (!a->held) det_tell_races(&a->races);
}

/* The lines in front that nothing is left to do for, or that can be done as a whole; the bytes that they have. */
static size_t access_whole_lines(struct access *a, uintptr_t line, size_t n) {
  struct lines_access la = {.t = a->t, .g = a->g, .own = a->own, .plane = a->plane};
  if (UNLIKELY(retired_any()) && n > RETIRED_LINES) n = RETIRED_LINES;
  size_t done = lines_own(&la, line, n);
  if (done < n) {
    la.ctx = ctx_of(a);
    size_t recorded = lines_access(&la, line + done, n - done);
    if (recorded) a->g->recorded = true;
    done += recorded;
  }
  return done << 6;
}

/* later: where races go that are told later; or NULL.  held: a line that the caller has locked; or NULL. */
static inline void access_all(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, enum race_op op,
                              struct race_at at, struct held_line *held, struct det_races *later) {
  if (UNLIKELY(g->ignore) || n == 0) return;
  if (UNLIKELY(!shadow_covered(p) || !shadow_covered(p + n - 1))) return;
  if (UNLIKELY(!g->epoch)) det_first_record(t, g);
  struct access a;
  a.t = t;
  a.g = g;
  a.op = op;
  a.p = p;
  a.n = n;
  a.write = op != RACE_READ && op != RACE_ATOMIC_READ;
  a.atomic = op == RACE_ATOMIC_READ || op == RACE_ATOMIC_WRITE;
  a.own = g->epoch | (a.atomic ? CELL_ATOMIC : 0);
  a.plane = a.write ? 0 : t->plane;
  a.ctx = 0;
  a.at = at;
  a.held = held;
  a.races.n = 0;
  for (uintptr_t end = p + n; p < end;) {
    if (p % 64 == 0 && end - p >= 64 && !a.atomic) p += access_whole_lines(&a, p >> 6, (end - p) >> 6);
    if (p == end) break;
    uintptr_t line_end = (p | 63) + 1;
    access_line(&a, p, line_end < end ? line_end : end);
    p = line_end;
    if (!held && retired_pause(t)) a.own = g->epoch | (a.own & CELL_ATOMIC);
  }
  if (!a.write && (++t->reads == READS_WINDOW || t->displaced >= det_displaced_many)) det_choose_plane(t);
  if (later && UNLIKELY(a.races.n)) *later = a.races;
}

void det_access(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, enum race_op op, struct race_at at) {
  access_all(t, g, p, n, op, at, NULL, NULL);
}

void det_access_atomic(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, bool write, struct race_at at,
                       struct held_line *held, struct det_races *races) {
  access_all(t, g, p, n, write ? RACE_ATOMIC_WRITE : RACE_ATOMIC_READ, at, held, races);
}

void det_record_fresh(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, uint32_t ctx) {
  if (g->ignore || n == 0 || !shadow_covered(p)) return;
  if (!g->epoch) det_first_record(t, g);
  for (uintptr_t end = p + n, granule = p >> 3; granule <= (end - 1) >> 3;) {
    uintptr_t line = granule >> 3;
    uint8_t *m = shadow_meta(line);
    uint8_t meta = line_lock(m);
    for (; granule >> 3 == line && granule <= (end - 1) >> 3; granule++) {
      uint32_t mask = bytes_in(granule, p, end), *cell = shadow_cell(0, granule);
      if (mask != CELL_BYTES && *cell & CELL_BYTES) {
        struct access a = {.t = t, .g = g, .own = g->epoch, .ctx = ctx, .write = true, .op = RACE_ALLOC};
        access_granule(&a, granule, mask, &meta);
        continue;
      }
      context_set(t, 0, granule, ctx);
      __atomic_store_n(cell, g->epoch | mask, __ATOMIC_RELAXED);
    }
    if (!(meta & META_WRITE)) shadow_note_line(line);
    line_unlock(m, meta | META_WRITE);
  }
  g->recorded = true;
}
