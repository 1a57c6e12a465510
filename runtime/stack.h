/* Between stack.c, which makes slots, and stackpool.c, which keeps them. */
#ifndef GW_RUNTIME_STACK_H
#define GW_RUNTIME_STACK_H
#include "g.h"

/* Gs of new slots, n <= STACK_BATCH at most; how many, at least one.  They share one kind of guard. */
HIDDEN uint32_t slots_cut(struct g **to, uint32_t n);
/* Gives the memory of dead Gs back, theirs as well.  slots_prepare makes them usable again. */
HIDDEN void slots_discard(struct g *const *g, uint32_t n);
HIDDEN void slots_prepare(struct g *const *g, uint32_t n, uint64_t canaries);

/* Around forks. */
HIDDEN void stackpool_lock(void);
HIDDEN void stackpool_unlock(void);

#endif
