/* A spin lock for a few instructions: never held across anything that may block or call user code. */
#ifndef GW_BASE_SPIN_H
#define GW_BASE_SPIN_H
#include <stdbool.h>
#include <stdint.h>

/* A full barrier.  clang makes mfence of the builtin, which takes twice as long as any locked instruction. */
static inline void fence_full(void) {
#if defined(__x86_64__)
  __asm__ volatile("lock orl $0, (%%rsp)" ::: "memory", "cc");
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

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

/* Waits for it: spin.c. */
void spin_lock_slow(struct spin *s);

static inline void spin_lock(struct spin *s) {
  if (__builtin_expect(!spin_try_lock(s), 0)) spin_lock_slow(s);
}

/* release: pairs with the acquire in spin_try_lock */
static inline void spin_unlock(struct spin *s) { __atomic_store_n(&s->held, 0, __ATOMIC_RELEASE); }

#endif
