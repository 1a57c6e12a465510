/* The short way of an atomic access: within one granule, and nothing rare in its way.
 *
 * It decides as access.c does (whose head says why an entry may go), and gives up, before anything is changed, where
 * that takes more: a race, victims in the table, other bytes of the own epoch in the cell.
 *
 * What atomics wrote stands beside what plain accesses did and other goroutines' atomics, neither of which it replaces.
 * So where the cell is another's the access itself goes where displaced ones are (spill.h): nothing has to be moved.
 * But for the plain write that most locations begin with: it stays for ever, and atomics replace one another, so the
 * cell is theirs as soon as there is a place beside it.
 */
#include "detector/atomic_cell.h"

#include "detector/contexts.h"
#include "detector/depot.h"
#include "detector/detector.h"
#include "detector/duo.h"
#include "detector/judge.h"
#include "detector/shadow.h"
#include "detector/spill.h"

/* The access, and what it found in the line. */
struct try {
  struct det_thread *t;
  struct race_g *g;
  uintptr_t granule;
  uint32_t mask, own; /* its bytes; the open id and the atomic bit */
  bool write;
  uint32_t meta; /* of the line */
};

static inline enum verdict judge(const struct try *a, uint32_t cell, bool wrote) {
  return cell & a->mask ? judge_entry(a->t, a->g, cell, wrote, a->write, true) : STAYS;
}

static inline bool is_own(const struct try *a, uint32_t cell) { return (cell ^ a->own) < CELL_ATOMIC; }

/* What an access finds in a cell. */
struct found {
  uint32_t *cell;
  unsigned plane; /* that the cell is of */
  uint32_t rest;  /* what will be left of it */
};

/* A write's look at the reads; false if there is a race. Planes to clear are in *drop. */
static inline bool judge_reads(const struct try *a, unsigned *drop) {
  *drop = 0;
  for (unsigned bits = a->meta >> 1 & ((1u << READ_PLANES) - 1); bits; bits &= bits - 1) {
    unsigned plane = (unsigned)__builtin_ctz(bits) + 1;
    uint32_t read = *shadow_cell(plane, a->granule);
    if (!read || (plane == a->t->plane && is_own(a, read))) continue;
    enum verdict v = judge(a, read, false);
    if (v == RACES) return false;
    if (v == GOES) *drop |= bits & -bits;
  }
  return true;
}

static inline void drop_reads(const struct try *a, unsigned drop) {
  for (; drop; drop &= drop - 1) {
    uint32_t *cell = shadow_cell((unsigned)__builtin_ctz(drop) + 1, a->granule);
    __atomic_store_n(cell, without(*cell, a->mask), __ATOMIC_RELAXED);
  }
}

enum outcome { COVERED, CLEAR, GIVEN_UP };

static inline enum outcome look(const struct try *a, struct found *f, bool wrote) {
  uint32_t cell = *f->cell;
  if (entry_covers(cell, wrote, a->own, a->mask, a->write, true)) return COVERED;
  enum verdict v = judge(a, cell, wrote);
  if (v == RACES) return GIVEN_UP;
  f->rest = v == GOES ? without(cell, a->mask) : cell;
  return CLEAR;
}

static struct spill_access spill_access_of(const struct try *a) {
  return (struct spill_access){a->t, a->g, a->granule, a->mask, a->write, true};
}

static inline enum outcome look_at_spill(const struct try *a, struct spill_way *spill) {
  if (!(a->meta & META_VICTIMS)) {
    spill_none(a->granule, spill);
    return CLEAR;
  }
  const struct spill_access s = spill_access_of(a);
  enum spill_verdict v = spill_judge(&s, spill);
  return v == SPILL_CLEAR ? CLEAR : v == SPILL_COVERED ? COVERED : GIVEN_UP;
}

static void settle(const struct try *a, const struct spill_way *spill, uint32_t cell, uint32_t info) {
  const struct spill_access s = spill_access_of(a);
  spill_settle(&s, spill, cell, info);
}

static inline void put(const struct try *a, const struct found *f, uint32_t ctx) {
  __atomic_store_n(f->cell, a->own | a->mask, __ATOMIC_RELAXED);
  context_set(a->t, f->plane, a->granule, ctx);
}

/* A plain write of the same bytes, by an earlier epoch, leaves the cell if the place in the spill plane is free.  One
 * of other bytes is a neighbour's, who comes back. */
static inline bool takes_place(const struct try *a, const struct found *f, const struct spill_way *spill) {
  if (f->plane || f->rest & CELL_ATOMIC || !(f->rest & a->mask) || cell_same_id(f->rest, a->own)) return false;
  return spill->at.n == 1 && spill->room == 0;
}

/* Records the access in its cell, else among the victims; false if neither has room. */
static inline bool record(struct try *a, const struct found *f, struct spill_way *spill, uint32_t ctx) {
  if (!f->rest) {
    if (spill->less) settle(a, spill, 0, 0);
    put(a, f, ctx);
    return true;
  }
  if (is_own(a, f->rest)) return false;
  if (takes_place(a, f, spill)) {
    settle(a, spill, f->rest, context_get(0, a->granule) | SPILL_WRITE);
    put(a, f, ctx);
    a->meta |= META_VICTIMS;
    return true;
  }
  if (!spill_has_room(a->t, spill)) return false;
  settle(a, spill, a->own | a->mask, ctx | (a->write ? SPILL_WRITE : 0));
  if (*f->cell != f->rest) __atomic_store_n(f->cell, f->rest, __ATOMIC_RELAXED);
  a->meta |= META_VICTIMS;
  if (!a->write) a->t->displaced++;
  return true;
}

static inline enum outcome try_granule(struct try *a, uint32_t ctx) {
  const unsigned plane = a->write ? 0 : a->t->plane;
  const uint8_t bit = (uint8_t)(META_WRITE << plane);
  struct found f = {shadow_cell(plane, a->granule), plane, 0};
  struct spill_way spill;
  enum outcome o = a->meta & bit ? look(a, &f, a->write) : CLEAR;
  if (o != CLEAR) return o;
  unsigned drop = 0;
  if (a->write) {
    if (!judge_reads(a, &drop)) return GIVEN_UP;
  } else if (a->meta & META_WRITE) {
    struct found written = {shadow_cell(0, a->granule), 0, 0};
    o = look(a, &written, true);
    if (o != CLEAR) return o;
  }
  o = look_at_spill(a, &spill);
  if (o != CLEAR) return o;
  if (!record(a, &f, &spill, ctx)) return GIVEN_UP;
  drop_reads(a, drop);
  if (UNLIKELY(!(a->meta & bit))) {
    a->meta |= bit;
    shadow_note_line(a->granule >> 3);
  }
  a->g->recorded = true;
  return CLEAR;
}

bool atomic_record(struct det_thread *t, struct race_g *g, const struct atomic_access *access, struct held_line *held) {
  const uint32_t epoch = atomic_epoch(g);
  if (UNLIKELY(!access->mask || !epoch)) return false;
  if (access->recorded == epoch) return true;
  const uint32_t ctx = access->ctx ? access->ctx : depot_context_plain(t, g, access->at);
  struct try a = {.t = t,
                  .g = g,
                  .granule = access->p >> 3,
                  .mask = access->mask,
                  .own = epoch | CELL_ATOMIC,
                  .write = access->write,
                  .meta = held->meta};
  if (a.meta & META_WRITE && UNLIKELY(cell_is_duo(*shadow_cell(0, a.granule)))) a.meta = duo_part(t, a.granule, a.meta);
  enum outcome o = try_granule(&a, ctx);
  held->meta = (uint8_t)a.meta;
  if (!a.write && o == CLEAR && UNLIKELY(++t->reads == READS_WINDOW || t->displaced >= det_displaced_many))
    det_choose_plane(t);
  return o != GIVEN_UP;
}
