/* What judging a recorded access needs on every way: is its segment ordered before what the goroutine does now? */
#ifndef GW_DETECTOR_JUDGE_H
#define GW_DETECTOR_JUDGE_H
#include "detector/detector.h"
#include "detector/epoch.h"
#include "detector/shadow.h"

/* What another goroutine found ordered says nothing. */
static inline void forget_ordered(struct det_thread *t, const struct race_g *g) {
  if (LIKELY(t->ordered_for == g->serial)) return;
  t->ordered_for = g->serial;
  t->ordered[0] = t->ordered[1] = 0;
}

/* Does the cell's segment happen before what g does now?  What was found ordered stays so: the thread remembers the
 * last ids that its goroutine found (until the collector gives ids another meaning). */
static inline bool ordered(struct det_thread *t, const struct race_g *g, uint32_t cell) {
  if (cell_same_id(cell, g->epoch)) return true;
  uint32_t id = cell_id(cell);
  if (id == t->ordered[0] || id == t->ordered[1]) return true;
  if (!epoch_before(g, id)) return false;
  t->ordered[1] = t->ordered[0];
  t->ordered[0] = id;
  return true;
}

#endif
