/* What was displaced from a granule's cells: up to four entries without a look into the table of victims.
 *
 * One entry stands in the spill plane.  When a second one comes both move into a *block*, one of those that contexts.h
 * has for mixed lines: a structure's fields of one and two bytes, written and read at different times, need that many,
 * and to find them by hash each time made half of memcached's slow path.  What has no room in the block goes into the
 * table.  A block is given back when it is empty.
 *
 * A granule's cell in the spill plane is one of: 0 (nothing was displaced); an entry, whose context and flags stand in
 * the plane beside it; SPILL_ONLY_MORE; SPILL_IN_BLOCK, with the block's number in place of a context.  SPILL_MORE is
 * in the plane whatever the cell says.
 *
 * Locks: all of it belongs to whoever holds the line's lock.
 */
#ifndef GW_DETECTOR_SPILL_H
#define GW_DETECTOR_SPILL_H
#include "detector/contexts.h"
#include "detector/detector.h"
#include "detector/shadow.h"

enum { SPILLED = LINE_CELLS / 2 }; /* entries in a block: a cell and a context with flags each */
/* As the cell of an entry without bytes, which is none. */
#define SPILL_IN_BLOCK (1u << CELL_ID_SHIFT)

/* Where a granule's entries are: in n places, of which some may be empty. */
struct spill {
  uint32_t *cell, *info; /* of the first; info: context and SPILL_WRITE */
  unsigned n;            /* 0: nobody has looked */
};

static inline struct spill spill_of(uintptr_t granule) {
  struct spill s = {shadow_cell(SPILL_PLANE, granule), shadow_ctx(SPILL_PLANE, granule), 1};
  if (*s.cell != SPILL_IN_BLOCK) return s;
  s.cell = context_blocks[*s.info & SPILL_CTX].ctx;
  s.info = s.cell + SPILLED;
  s.n = SPILLED;
  return s;
}

/* Finds a place for an entry; false if there is none. */
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
