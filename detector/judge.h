/* What judging a recorded access needs on every way: is its segment ordered before what the goroutine does now? */
#ifndef GW_DETECTOR_JUDGE_H
#define GW_DETECTOR_JUDGE_H
#include "detector/detector.h"
#include "detector/epoch.h"
#include "detector/shadow.h"

/* Does the cell's segment happen before what g does now?  What was found ordered stays so: the thread remembers by id
 * what goroutines found (until the collector gives ids another meaning).  The epoch's entry and the clock are two or
 * three cache misses: with 128 places trees look there for an eighth of their accesses, where two places left half,
 * memcached for a third. */
static __attribute__((noinline, unused)) bool ordered_anew(const struct race_g *g, uint32_t id, uint64_t *known,
                                                           uint64_t me) {
  if (!epoch_before(g, id)) return false;
  *known = me;
  return true;
}

/* The cell's id stands for a segment that happens before what g does now. */
static inline void ordered_note(struct det_thread *t, const struct race_g *g, uint32_t cell) {
  uint32_t id = cell_id(cell);
  t->ordered[id % ORDERED] = g->serial << CELL_ID_BITS | id;
}

static inline bool ordered(struct det_thread *t, const struct race_g *g, uint32_t cell) {
  if (cell_same_id(cell, g->epoch)) return true;
  uint32_t id = cell_id(cell);
  uint64_t *known = &t->ordered[id % ORDERED], me = g->serial << CELL_ID_BITS | id;
  return LIKELY(*known == me) || ordered_anew(g, id, known, me);
}

/* What becomes of the bytes that an entry shares with a new access: the rules, said once (why: access.c, file head). */
enum verdict { STAYS, GOES, RACES };

static inline __attribute__((always_inline)) enum verdict judge_entry(struct det_thread *t, const struct race_g *g,
                                                                      uint32_t cell, bool wrote, bool write,
                                                                      bool atomic) {
  const bool was_atomic = cell & CELL_ATOMIC;
  if (!ordered(t, g, cell)) return (wrote || write) && !(was_atomic && atomic) ? RACES : STAYS;
  return (wrote && !write) || (atomic && !was_atomic) ? STAYS : GOES;
}

/* Does an entry of the open epoch, `own`, stand for a new access of its goroutine to `mask` as well? */
static inline __attribute__((always_inline)) bool entry_covers(uint32_t cell, bool wrote, uint32_t own, uint32_t mask,
                                                               bool write, bool atomic) {
  return cell_same_id(cell, own) && !(mask & ~cell) && (wrote || !write) && (atomic || !(cell & CELL_ATOMIC));
}

/* What is left of an entry without some of its bytes. */
static inline __attribute__((always_inline)) uint32_t without(uint32_t cell, uint32_t bytes) {
  cell &= ~(bytes & CELL_BYTES);
  return cell & CELL_BYTES ? cell : 0;
}

#endif
