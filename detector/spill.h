/* What was displaced from a granule's cells: up to eight entries without a look into the table of victims.
 *
 * One entry stands in the spill plane.  When a second one comes both move into a *block*, two of those that contexts.h
 * has for mixed lines: one for the cells, one for what belongs to them.  A structure's fields of one and two bytes,
 * written and read at different times by several threads, need that many; to find them by hash each time made half of
 * memcached's slow path, and with room for four a fifteenth of its accesses had to.  What has no room in the block goes
 * into the table.  A block is given back when it is empty.
 *
 * A granule's cell in the spill plane is one of: 0 (nothing was displaced); an entry, the only one, whose context and
 * flag stand in the plane beside it; without bytes, the number of the block's first half (the plane beside it has the
 * second's), SPILL_MORE, or both.  So who shares no bytes with any of them needs to look at cells only.
 *
 * Locks: all of it belongs to whoever holds the line's lock.
 */
#ifndef GW_DETECTOR_SPILL_H
#define GW_DETECTOR_SPILL_H
#include "detector/contexts.h"
#include "detector/detector.h"
#include "detector/judge.h"
#include "detector/shadow.h"

enum { SPILLED = LINE_CELLS }; /* entries in a block */

static inline bool spill_is_block(uint32_t cell) { return !(cell & CELL_BYTES) && cell >> CELL_ID_SHIFT; }
/* Has the table some of the granule's? */
static inline bool spill_has_more(uint32_t cell) { return !(cell & CELL_BYTES) && cell & SPILL_MORE; }

/* Where a granule's entries are: in n places, of which some may be empty. */
struct spill {
  uint32_t *cell; /* of the first */
  uint32_t *word; /* in the plane beside the granule's cell: the entry's info, or where those of a block are */
  unsigned n;     /* 0: nobody has looked */
};

static inline struct spill spill_of(uintptr_t granule) {
  struct spill s = {shadow_cell(SPILL_PLANE, granule), shadow_ctx(SPILL_PLANE, granule), 1};
  if (!spill_is_block(*s.cell)) return s;
  s.cell = context_blocks[*s.cell >> CELL_ID_SHIFT].ctx;
  s.n = SPILLED;
  return s;
}

/* Of the first: context and SPILL_WRITE. */
static inline uint32_t *spill_info(const struct spill *s) { return s->n == 1 ? s->word : context_blocks[*s->word].ctx; }

/* All bytes, and what else is of no meaning, of the entries in the block that the cell names. */
static inline uint32_t spill_bytes(uint32_t cell) {
  const uint64_t *two = context_blocks[cell >> CELL_ID_SHIFT].two;
  const uint64_t all = two[0] | two[1] | two[2] | two[3];
  return (uint32_t)(all | all >> 32);
}

/* Finds a place for an entry; false if there is none: then the granule has no entry in the plane or a full block, or
 * there are no blocks. */
bool spill_add(struct det_thread *t, uintptr_t granule, uint32_t cell, uint32_t info);
/* After entries were taken away: a block that is empty goes back. */
void spill_tidy(struct det_thread *t, uintptr_t granule);
/* All of the granule's entries are dropped; true if the table has more. */
bool spill_forget(struct det_thread *t, uintptr_t granule);
/* For the collector, alone: f of every entry's cell. */
void spill_each(uintptr_t granule, void (*f)(uint32_t *cell, void *arg), void *arg);
/* Likewise: marks (composite.h) their contexts. */
void spill_mark(uintptr_t granule);

/* --- the short ways ------------------------------------------------------------------------------------------------
 */

struct spill_access {
  struct det_thread *t;
  const struct race_g *g;
  uintptr_t granule;
  uint32_t mask; /* its bytes */
  bool write, atomic;
};

/* What an access does to the entries. */
struct spill_way {
  struct spill at;
  unsigned less; /* bit i: the i-th loses the access's bytes */
  unsigned room; /* a place that is empty, or will be; at.n if there is none */
};

enum spill_verdict {
  SPILL_CLEAR,
  SPILL_COVERED, /* an entry of the own epoch stands for the access */
  SPILL_RARE     /* a race, or more in the table */
};

/* Nothing was displaced from the granule. */
static inline __attribute__((always_inline)) void spill_none(uintptr_t granule, struct spill_way *w) {
  *w = (struct spill_way){{shadow_cell(SPILL_PLANE, granule), shadow_ctx(SPILL_PLANE, granule), 1}, 0, 0};
}
static inline bool spill_is_none(const struct spill_way *w) { return w->at.n == 1 && !*w->at.cell; }

/* Bit i: the i-th entry shares bytes with the access; is none. */
struct spill_seen {
  unsigned shared, empty;
};

/* Without a branch for each: which of eight are in use, and by whom, is like nothing that was there before. */
static inline __attribute__((always_inline)) struct spill_seen spill_look(const struct spill *s, uint32_t mask) {
  struct spill_seen seen = {(s->cell[0] & mask) != 0, !s->cell[0]};
  if (s->n == 1) return seen;
#pragma GCC unroll 8
  for (unsigned i = 1; i < SPILLED; i++) {
    seen.shared |= (unsigned)((s->cell[i] & mask) != 0) << i;
    seen.empty |= (unsigned)!s->cell[i] << i;
  }
  return seen;
}

/* Judges the entries of a granule whose line has victims; changes nothing. */
static inline __attribute__((always_inline)) enum spill_verdict spill_judge(const struct spill_access *a,
                                                                            struct spill_way *w) {
  spill_none(a->granule, w);
  const uint32_t first = *w->at.cell;
  if (!first) return SPILL_CLEAR;
  if (UNLIKELY(spill_has_more(first))) return SPILL_RARE;
  w->at = spill_of(a->granule);
  const struct spill_seen seen = spill_look(&w->at, a->mask);
  w->room = seen.empty ? (unsigned)__builtin_ctz(seen.empty) : w->at.n;
  if (!seen.shared) return SPILL_CLEAR;
  const uint32_t *info = spill_info(&w->at);
  for (unsigned shared = seen.shared; shared; shared &= shared - 1) {
    const unsigned i = (unsigned)__builtin_ctz(shared);
    const uint32_t cell = w->at.cell[i];
    const bool wrote = info[i] & SPILL_WRITE;
    if (UNLIKELY(entry_covers(cell, wrote, a->g->epoch, a->mask, a->write, a->atomic))) return SPILL_COVERED;
    const enum verdict v = judge_entry(a->t, a->g, cell, wrote, a->write, a->atomic);
    if (v == RACES) return SPILL_RARE;
    if (v == STAYS) continue;
    w->less |= 1u << i;
    if (!without(cell, a->mask)) w->room = i;
  }
  return SPILL_CLEAR;
}

/* Is there room for one more? */
static inline bool spill_has_room(struct det_thread *t, const struct spill_way *w) {
  return LIKELY(w->room < w->at.n) || (w->at.n < SPILLED && context_blocks_ready(t));
}

/* Leaves what spill_judge found, and adds an entry if cell isn't 0: there is room. */
static inline __attribute__((always_inline)) void spill_settle(const struct spill_access *a, const struct spill_way *w,
                                                               uint32_t cell, uint32_t info) {
  for (unsigned less = w->less; less; less &= less - 1) {
    uint32_t *entry = &w->at.cell[__builtin_ctz(less)];
    *entry = without(*entry, a->mask);
  }
  if (!cell) {
    if (w->less && w->at.n == SPILLED) spill_tidy(a->t, a->granule);
  } else if (LIKELY(w->room < w->at.n)) {
    spill_info(&w->at)[w->room] = info;
    w->at.cell[w->room] = cell;
  } else {
    spill_add(a->t, a->granule, cell, info);
  }
}

#endif
