/* Counts by stack that many threads add to at once: the block and the mutex profile.
 *
 * A bucket, once there, stays; lists only grow at their heads, by CAS.  Two threads that meet may make two buckets for
 * one stack, which the profile merges. */
#ifndef GW_PPROF_EVENTS_H
#define GW_PPROF_EVENTS_H
#include <stdint.h>

struct profile;

enum { EVENT_HEADS = 4096, EVENT_DEPTH = 64 };

struct bucket {
  struct bucket *next; /* constant once listed */
  uint64_t hash;
  uint64_t count_fixed; /* atomic: events times 2^16, as a sampled one stands for a broken number of them */
  int64_t delay_ns;     /* atomic */
  uint32_t depth;
  uintptr_t pcs[];
};

struct events {
  struct bucket *heads[EVENT_HEADS]; /* atomic; release by who adds, acquire by who looks */
};

void events_add(struct events *e, const uintptr_t *pcs, int n, uint64_t count_fixed, int64_t delay_ns);
/* Adds contentions and delay to p. */
void events_collect(const struct events *e, struct profile *p);

#endif
