/* Between stack.c, which makes slots, and stackpool.c, which keeps them. */
#ifndef GW_RUNTIME_STACK_H
#define GW_RUNTIME_STACK_H
#include "g.h"

/* Gs of new slots, n <= STACK_BATCH at most; how many, at least one.  They share one kind of guard. */
HIDDEN uint32_t slots_cut(struct g **to, uint32_t n);
/* Gives the memory of dead Gs back, theirs as well.  slots_prepare makes them usable again. */
HIDDEN void slots_discard(struct g *const *g, uint32_t n);
HIDDEN void slots_prepare(struct g *const *g, uint32_t n, uint64_t canaries);

/* Dead Gs in a row, see stackpool.c. */
struct bundle {
  struct bundle *next;
  uint64_t canaries; /* of cold ones: bit i is g[i]->canary */
  struct g *g[STACK_BATCH];
};

/* A list of bundles. */
struct store {
  struct bundle *first;
  uint32_t n; /* bundles */
};

extern HIDDEN struct stackpool {
  struct spin_STACKPOOL lock;   /* guards all here but trim_at */
  struct store warm;            /* dead, and as they were left */
  struct store cold;            /* given back */
  struct g *loose[STACK_BATCH]; /* of those who have no P */
  uint32_t loose_n;
  uint32_t low;    /* least warm.n in this period */
  uint32_t excess; /* atomic for a quick look: bundles that the monitor still has to give back */
  uint32_t made;   /* atomic, relaxed: Gs ever made, about */
  int64_t trim_at; /* when this period ends; the monitor's alone */
} stackpool;

/* Around forks. */
HIDDEN void stackpool_lock(void);
HIDDEN void stackpool_unlock(void);

#endif
