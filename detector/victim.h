/* The victim table: recorded accesses for which there is no cell, because another that doesn't cover them took it
 * (other bytes of the granule, concurrent readers of one plane, an atomic over a plain one) and whose place in the
 * spill plane is taken, too.  Nothing is lost to make room.
 *
 * A granule's victims are a set, hashed by line.  The chain of sets changes under the bucket's lock; a set's contents
 * belong to whoever holds the lock of its line.
 *
 * A granule that thousands of goroutines read concurrently has as many reads in its set, and a write must be judged
 * against each.  A read need not: it is judged against the writes, and meets of the reads only those of its own slot
 * (which it replaces); these are found through an index by slot.  Reads of other slots that happen before it stay until
 * the next write: no more than there are slots.
 */
#ifndef GW_DETECTOR_VICTIM_H
#define GW_DETECTOR_VICTIM_H
#include "detector/detector.h"
#include "detector/shadow.h"

struct victim {
  uint32_t cell; /* 0: nothing, kept for the next read of the same slot */
  uint32_t ctx;
};

struct victim_list {
  uint32_t n, cap;
  struct victim *at;
};

enum { VICTIMS_LINEAR = 16 }; /* guess: up to here a walk over all reads beats the index */

struct victim_set {
  struct victim_set *next;
  uintptr_t granule;
  struct victim_list writes, reads;
  struct {                /* open addressing; NULL while there are few reads */
    uint32_t slot_plus_1; /* 0: free */
    uint32_t read;        /* in reads.at */
  } *index;
  uint32_t index_log;
};

void victim_init(void);
/* All of these: the caller holds the line's lock. */
struct victim_set *victim_find(uintptr_t granule);
/* The caller sets SPILL_MORE. */
void victim_add(struct det_thread *t, uintptr_t granule, uint32_t cell, uint32_t ctx, bool write);
/* Calls f(read, arg) for the reads of one slot, through the index, until f gives true; true if it did. */
bool victim_reads_of(struct victim_set *s, uint32_t slot, bool (*f)(struct victim *v, void *arg), void *arg);
/* Takes the empty ones out; frees the set and gives NULL if nothing is left. */
struct victim_set *victim_compact(struct victim_set *s);
/* Drops all of the granules [first, last] of one line. */
void victim_forget(uintptr_t first, uintptr_t last);
/* For the collector, alone: every victim's cell. */
void victim_each(void (*f)(uint32_t *cell, void *arg), void *arg);

#endif
