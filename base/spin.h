/* A spin lock for a few instructions: never held across anything that may block or call user code. */
#ifndef GW_BASE_SPIN_H
#define GW_BASE_SPIN_H
#include <stdbool.h>
#include <stdint.h>

#include "prim.h"

struct spin {
  uint32_t held; /* 0 or 1 */
};

static inline void spin_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static inline bool spin_try_lock(struct spin *s) {
  return !__atomic_load_n(&s->held, __ATOMIC_RELAXED) && !__atomic_exchange_n(&s->held, 1, __ATOMIC_ACQUIRE);
}

static inline void spin_lock(struct spin *s) {
  for (int tries = 0; !spin_try_lock(s); tries++) {
    if (tries < 100) /* guess: about the time of a cache miss or two; then the holder was likely preempted */
      spin_pause();
    else
      prim_sched_yield();
  }
}

/* release: pairs with the acquire in spin_try_lock */
static inline void spin_unlock(struct spin *s) { __atomic_store_n(&s->held, 0, __ATOMIC_RELEASE); }

#endif
