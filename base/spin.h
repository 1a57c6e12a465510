/* A spin lock for a few instructions: never held across anything that may block or call user code.  Its type says its
 * rank (rank.h). */
#ifndef GW_BASE_SPIN_H
#define GW_BASE_SPIN_H
#include <stdbool.h>
#include <stdint.h>

#include "paranoid.h"
#include "rank.h"

/* A full barrier.  clang makes mfence of the builtin, which takes twice as long as any locked instruction. */
static inline void fence_full(void) {
#if defined(__x86_64__)
  __asm__ volatile("lock orl $0, (%%rsp)" ::: "memory", "cc");
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static inline void spin_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static inline bool spin_try(uint32_t *held) {
  return !__atomic_load_n(held, __ATOMIC_RELAXED) && !__atomic_exchange_n(held, 1, __ATOMIC_ACQUIRE);
}

/* Waits for it: spin.c. */
void spin_wait_for(uint32_t *held);

static inline void spin_lock_at(uint32_t *held, enum rank rank, const struct paranoid_site *site) {
  paranoid_lock(held, rank, site);
  if (__builtin_expect(!spin_try(held), 0)) spin_wait_for(held);
}

static inline void spin_unlock_at(uint32_t *held) {
  paranoid_unlock(held);
  __atomic_store_n(held, 0, __ATOMIC_RELEASE); /* pairs with the acquire in spin_try */
}

/* s: a lock of any rank's type. */
#define spin_lock(s) spin_lock_at(&(s)->held, SPIN_RANK(s), PARANOID_SITE(#s))
#define spin_unlock(s) spin_unlock_at(&(s)->held)

#endif
