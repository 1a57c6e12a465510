/* The mutex without the detector, for the primitives that are built on it. */
#ifndef GW_RUNTIME_MUTEX_H
#define GW_RUNTIME_MUTEX_H
#include "g.h"

/* The number of the goroutine that has m, less its upper half; 0 while nobody has it, and in whoever has just taken it
 * until he says so: his thread may be held up there for long, and the one before him be the next to wait. Relaxed: read
 * by who looks for deadlocks (deadlock.c). */
static inline void mutex_set_owner(gw_mutex *m, const struct g *g) {
  __atomic_store_n(&m->gw__owner, (uint32_t)g->id, __ATOMIC_RELAXED);
}

HIDDEN void mutex_lock(gw_mutex *m, enum reason why);
HIDDEN bool mutex_try_lock(gw_mutex *m);
/* False if it was not locked. */
HIDDEN bool mutex_unlock(gw_mutex *m);

#endif
