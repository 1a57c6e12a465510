/* The record of an atomic access: its short way. */
#ifndef GW_DETECTOR_ATOMIC_CELL_H
#define GW_DETECTOR_ATOMIC_CELL_H
#include "detector/detector.h"
#include "detector/shadow.h"

struct atomic_access {
  uintptr_t p;
  uint32_t n;
  uint32_t mask; /* its bytes, if it lies in one granule that has shadow; else 0 */
  bool write;
  uint32_t ctx;      /* 0: unknown yet */
  uint32_t recorded; /* the epoch in which it was seen to be recorded; 0: none */
  struct race_at at;
};

static inline struct atomic_access atomic_access_of(uintptr_t p, uint32_t n, bool write, struct race_at at) {
  const bool simple = LIKELY((p & 7) + n <= 8 && shadow_covered(p));
  return (struct atomic_access){
      .p = p, .n = n, .mask = simple ? (CELL_BYTES >> (8 - n)) << (p & 7) : 0, .write = write, .at = at};
}

/* The open epoch of a goroutine whose accesses are recorded; 0: they aren't, or it has none yet. */
static inline uint32_t atomic_epoch(const struct race_g *g) { return LIKELY(!g->ignore) ? g->epoch : 0; }

/* Has the cell an atomic or plain access of that epoch to all those bytes? */
static inline bool atomic_cell_has(uint32_t cell, uint32_t epoch, uint32_t mask) {
  return cell_same_id(cell, epoch) && !(mask & ~cell);
}

/* Is it recorded in the open epoch?  Seen without the lock: only an access that races with it, or is ordered after it,
 * takes an entry of the open epoch away. */
static inline bool atomic_look(const struct det_thread *t, const struct race_g *g, struct atomic_access *a) {
  const uint32_t epoch = atomic_epoch(g);
  if (UNLIKELY(!a->mask || !epoch)) return false;
  const uintptr_t granule = a->p >> 3;
  if (!atomic_cell_has(__atomic_load_n(shadow_cell(0, granule), __ATOMIC_RELAXED), epoch, a->mask) &&
      (a->write || !atomic_cell_has(__atomic_load_n(shadow_cell(t->plane, granule), __ATOMIC_RELAXED), epoch, a->mask)))
    return false;
  a->recorded = epoch;
  return true;
}

/* Judges and records it; takes the line's lock if *held is none; false if it takes more than the short way. */
bool atomic_record(struct det_thread *t, struct race_g *g, const struct atomic_access *a, struct held_line *held);

#endif
