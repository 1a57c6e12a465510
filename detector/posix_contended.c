/* Waiting for a mutex that another thread holds.
 *
 * To hand a mutex over at each unlock costs what two system calls cost; under the detector all that it guards moves to
 * another processor with it, shadow memory included, and no inline check hits any more: two threads at a tree under one
 * lock took twice the time.  So threads wait here, by naps of a millisecond (what Go's mutex lets a waiter wait before
 * it counts as starving) and longer, and an unlock wakes none of them while its thread is seen to come back for the
 * mutex at once.  Otherwise it wakes one, if none is on its way.  Each nap is twice as long as the one before: so who
 * came back again and again and then is gone for good is waited for in vain no longer than he was with cause.
 *
 * Who has seldom found a mutex locked lately is somewhere else than at one that all want: there are many, or they are
 * held for short.  Whoever has this one will be gone in a moment, and brings it to another processor anyway.  So such a
 * thread looks again for a few microseconds before it naps, as two switches cost more than that.
 *
 * Nobody relies on being woken here: naps end by themselves, and after NAPS of them a thread waits inside libc, whose
 * unlock, by whatever code, wakes it.  Waits at condition variables let the mutex go inside libc: while there is one,
 * nobody naps for it.  Only plain mutexes are waited for in this way: what recursive, checking, robust,
 * priority-inheriting and shared ones promise is libc's to keep.
 */
#include "detector/posix.h"

/* Those who wait for any mutex of one hash. */
static struct lot {
  uint32_t waiting; /* atomic: threads that nap, or are about to */
  uint32_t wakes;   /* atomic: raised by each wake; what they sleep on */
  uint32_t waking;  /* atomic: somebody was woken who hasn't tried yet */
  uint32_t conds;   /* atomic: threads that wait at conditions */
} __attribute__((aligned(64))) lots[256];

enum {
  SPINS = 10,            /* before the first nap, and TRIES after each: measured on bench/tsan's trees and hashtable */
  QUIET = 16,            /* mutexes got at once, after which a thread tries SPINS_QUIET times: likewise; hashtable */
  SPINS_QUIET = 60,      /* naps less often, and saves a seventh, with 40 to 200; trees takes more with QUIET at 4 */
  TRIES = 20,            /* more of them hand over more often */
  NAPS = 5,              /* guess: 31 ms in all */
  NAP_NS = 1000 * 1000,  /* Go's sync.Mutex: starvation threshold; trees takes a quarter less than with equal naps */
  AT_ONCE_NS = 5 * 1000, /* comes back within: guess; a nap that was in vain costs 200 times that, once */
};

static struct lot *lot_of(const pthread_mutex_t *m) { return &lots[((uintptr_t)m >> 3) * 0x9E3779B97F4A7C15u >> 56]; }

static bool is_free(const pthread_mutex_t *m) { return !__atomic_load_n(&m->__data.__lock, __ATOMIC_RELAXED); }

static bool try_some(pthread_mutex_t *m, int times) {
  for (int i = 0; i < times; i++) {
    if (is_free(m) && gw__real.pthread_mutex_trylock(m) == 0) return true;
    spin_pause();
  }
  return false;
}

/* Relaxed: it only makes waits shorter. */
static void wake(struct lot *l) {
  if (!__atomic_load_n(&l->waiting, __ATOMIC_RELAXED)) return;
  if (__atomic_exchange_n(&l->waking, 1, __ATOMIC_RELAXED)) return;
  __atomic_fetch_add(&l->wakes, 1, __ATOMIC_RELAXED);
  prim_futex_wake(&l->wakes, 1);
}

static bool nap(struct lot *l, pthread_mutex_t *m, int64_t ns) {
  uint32_t seen = __atomic_load_n(&l->wakes, __ATOMIC_RELAXED);
  if (try_some(m, 1)) return true;
  prim_futex_wait(&l->wakes, seen, ns);
  __atomic_store_n(&l->waking, 0, __ATOMIC_RELAXED);
  return try_some(m, TRIES);
}

static __attribute__((noinline)) int wait_for(pthread_mutex_t *m) {
  int spins = posix_tls.quiet < QUIET ? SPINS : SPINS_QUIET;
  posix_tls.quiet = 0;
  if (try_some(m, spins)) return 0;
  struct lot *l = lot_of(m);
  __atomic_fetch_add(&l->waiting, 1, __ATOMIC_SEQ_CST); /* seq_cst: with contended_cond_begins, one sees the other */
  bool got = false;
  for (int i = 0; i < NAPS && !got && !__atomic_load_n(&l->conds, __ATOMIC_SEQ_CST); i++)
    got = nap(l, m, (int64_t)NAP_NS << i);
  __atomic_fetch_sub(&l->waiting, 1, __ATOMIC_RELAXED);
  __atomic_store_n(&l->waking, 0, __ATOMIC_RELAXED);
  return got ? 0 : gw__real.pthread_mutex_lock(m);
}

int contended_lock(pthread_mutex_t *m) {
  if (UNLIKELY(!is_free(m) || gw__real.pthread_mutex_trylock(m) != 0)) return wait_for(m);
  posix_tls.quiet++;
  return 0;
}

void contended_unlocked(const pthread_mutex_t *m) {
  struct lot *l = lot_of(m);
  if (LIKELY(!__atomic_load_n(&l->waiting, __ATOMIC_RELAXED))) return;
  posix_tls.left = m;
  posix_tls.left_at = prim_now();
  if (!posix_tls.comes_back) wake(l);
}

void contended_came_back(const pthread_mutex_t *m) {
  const pthread_mutex_t *left = posix_tls.left;
  posix_tls.left = NULL;
  if (left == m) {
    posix_tls.comes_back = prim_now() - posix_tls.left_at < AT_ONCE_NS;
  } else {
    if (posix_tls.comes_back) wake(lot_of(left));
    posix_tls.comes_back = false;
  }
}

void contended_cond_begins(const pthread_mutex_t *m) {
  struct lot *l = lot_of(m);
  __atomic_fetch_add(&l->conds, 1, __ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&l->waiting, __ATOMIC_SEQ_CST)) return;
  __atomic_fetch_add(&l->wakes, 1, __ATOMIC_RELAXED);
  prim_futex_wake(&l->wakes, INT32_MAX);
}

void contended_cond_ends(const pthread_mutex_t *m) { __atomic_fetch_sub(&lot_of(m)->conds, 1, __ATOMIC_RELAXED); }

void contended_after_fork(void) {
  for (size_t i = 0; i < sizeof lots / sizeof *lots; i++) lots[i] = (struct lot){0};
}
