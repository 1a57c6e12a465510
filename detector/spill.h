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

/* --- the short ways ------------------------------------------------------------------------------------------------
 */

/* An access, and what it will leave of the entries. */
struct spill_way {
  struct spill at;
  bool changed;           /* some of them will have less; else `left` isn't filled */
  uint32_t left[SPILLED]; /* of each, instead of what it has; empty places' are 0 */
};

struct spill_access {
  struct det_thread *t;
  struct race_g *g;
  uintptr_t granule;
  uint32_t mask, own; /* its bytes; the open id and, of an atomic one, that bit */
  bool write;
};

enum spill_verdict {
  SPILL_CLEAR,
  SPILL_COVERED, /* an entry of the own epoch stands for the access */
  SPILL_RARE     /* a race, or more in the table */
};

/* Judges the entries of a granule whose line has victims; changes nothing. */
enum spill_verdict spill_judge(const struct spill_access *a, struct spill_way *w);
/* Is there room for one more? */
bool spill_has_room(struct det_thread *t, const struct spill_way *w);
/* Leaves what spill_judge found, and adds an entry if cell isn't 0: there is room. */
void spill_settle(struct det_thread *t, uintptr_t granule, struct spill_way *w, uint32_t cell, uint32_t info);

#endif
