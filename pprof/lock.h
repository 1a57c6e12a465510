/* A lock of this room for what may take long: waiters sleep.  For helper threads and for goroutines' threads, which it
 * blocks; nothing under it may wait for a goroutine. */
#ifndef GW_PPROF_LOCK_H
#define GW_PPROF_LOCK_H
#include <stdint.h>

#include "base/prim.h"

struct lock {
  uint32_t state; /* atomic, futex: 0 free, 1 taken, 2 taken and somebody may wait */
};

static inline void lock_take(struct lock *l) {
  uint32_t none = 0;
  if (__atomic_compare_exchange_n(&l->state, &none, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  while (__atomic_exchange_n(&l->state, 2, __ATOMIC_ACQUIRE)) prim_futex_wait(&l->state, 2, -1);
}

/* release: pairs with the acquires above */
static inline void lock_give(struct lock *l) {
  if (__atomic_exchange_n(&l->state, 0, __ATOMIC_RELEASE) == 2) prim_futex_wake(&l->state, 1);
}

#endif
