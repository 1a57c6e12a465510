/* The victim table: recorded accesses for which there is no cell, because another that doesn't cover them took it
 * (other bytes of the granule, concurrent readers of one plane, an atomic over a plain one).  Nothing is lost to make
 * room.
 *
 * Kept in chains by line. A chain changes only under the bucket's lock, and its entries for one line only under that
 * line's lock as well.
 */
#ifndef GW_DETECTOR_VICTIM_H
#define GW_DETECTOR_VICTIM_H
#include "detector/detector.h"
#include "detector/shadow.h"

struct victim {
  struct victim *next;
  uintptr_t granule;
  uint32_t cell;
  uint32_t ctx;
  uint32_t write; /* 0: a read */
  uint32_t unused;
};

struct victim_bucket {
  struct spin lock;
  uint32_t unused;
  struct victim *first;
};

void victim_init(void);
struct victim_bucket *victim_bucket(uintptr_t line);
/* The caller holds the line's lock and sets SPILL_MORE. */
void victim_add(struct det_thread *t, uintptr_t granule, uint32_t cell, uint32_t ctx, bool write);
/* Drops all of the granules [first, last] of one line. */
void victim_forget(struct det_thread *t, uintptr_t first, uintptr_t last);
/* For the collector, alone: every victim. f may change cell; 0 drops it. */
void victim_each(struct det_thread *t, void (*f)(struct victim *v, void *arg), void *arg);

#endif
