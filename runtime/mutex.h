/* The mutex without the detector, for the primitives that are built on it. */
#ifndef GW_RUNTIME_MUTEX_H
#define GW_RUNTIME_MUTEX_H
#include "g.h"

/* A mutex's owner: the number of the page, less its uppermost bits, in which the frame lies that locked it.  Cheaper
 * than a goroutine's number, which would have to be looked up. */
static inline uint32_t stack_page(uintptr_t address) { return (uint32_t)(address / PRIM_PAGE); }
/* Relaxed: read by who looks for deadlocks, of goroutines that stand still (deadlock.c). */
#define MUTEX_OWNED(m) \
  __atomic_store_n(&(m)->gw__owner, stack_page((uintptr_t)__builtin_frame_address(0)), __ATOMIC_RELAXED)

HIDDEN void mutex_lock(gw_mutex *m, enum reason why);
HIDDEN bool mutex_try_lock(gw_mutex *m);
/* False if it was not locked. */
HIDDEN bool mutex_unlock(gw_mutex *m);

#endif
