/* The release sequences that go on at an atomic location's current value (C11 5.1.2.4p10, 7.17.3): one head for each
 * goroutine, and what they come to together.
 *
 * An acquire takes all heads: that is `all`, kept joined, so it costs no walk over them.  A head by itself is needed
 * only when its own goroutine stores again, which ends the others' sequences and not its own.  So those of goroutines
 * that have ended go when the table has to grow, and a location that one goroutine heads alone, as after any store, has
 * no table.
 *
 * Guarded by what guards the location (atomic_table.h).
 */
#ifndef GW_DETECTOR_HEADS_H
#define GW_DETECTOR_HEADS_H
#include "detector/detector.h"

/* One head. */
struct sync_head {
  uint64_t goroutine;     /* its number; 0: free */
  struct clock_ref clock; /* what it published */
  uint32_t incarnation;   /* the goroutine's, to see whether it lives */
};

/* Open addressing by goroutine, at most half full. */
struct head_table {
  uint32_t n, log;
  struct sync_head at[];
};

struct sync_atomic {
  struct sync_atomic *next;   /* in its chain (atomic_table.h); atomic */
  uintptr_t addr;             /* 0: of none; atomic */
  struct clock_ref all;       /* has an own component only if it is one publication (as det_acquire_clock wants it) */
  uint64_t only;              /* number of the goroutine that heads all of it; 0: nobody does, or several */
  uint64_t version;           /* counts up before each change of the value, and never back; atomic: read by loads
                                 without the lock */
  uint32_t only_incarnation;  /* of `only` */
  uint32_t epoch;             /* an id, << 9, of which `all` holds the publication that closed it; 0: unknown */
  struct head_table *several; /* NULL: see `only` */
};
_Static_assert(offsetof(struct sync_atomic, several) == 64, "most look at one cache line");

/* A store by g: the sequences that others head end. */
void heads_end_others(struct det_thread *t, struct sync_atomic *a, const struct race_g *g);
/* g heads one with what it publishes now; the caller ticks when the lock is free.  `acquired`: it has just taken all.
 */
void heads_release(struct det_thread *t, struct sync_atomic *a, struct race_g *g, bool acquired);
/* Likewise with what its last release fence published. */
void heads_release_fence(struct det_thread *t, struct sync_atomic *a, const struct race_g *g);
/* g has acquired `all`. */
void heads_know_epoch(struct det_thread *t, const struct race_g *g, const struct sync_atomic *a);
/* A relaxed load by g saw the value: lays the clocks aside for its next acquire fence. */
void heads_lay_aside(struct det_thread *t, const struct sync_atomic *a, struct race_g *g);
void heads_clear(struct det_thread *t, struct sync_atomic *a);
/* For the collector, alone: every clock of it. */
void heads_each_clock(struct sync_atomic *a, void (*f)(struct clock_ref *c, void *arg), void *arg);

#endif
