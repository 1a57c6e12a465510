/* The mutex: a state word, and a queue for who can't have it at once.
 *
 * Normal mode: an unlock frees the lock and wakes the first waiter, which competes with newcomers and, when it loses,
 * goes back to the head of the queue.  Starvation: when the first waiter has waited for over a millisecond (Go's
 * number), the unlock leaves the lock locked and hands it over.
 *
 * State: LOCKED; WAITERS: the queue may not be empty, so unlock must look (set and cleared under the queue's lock);
 * WOKEN: a woken waiter is on its way, so unlock need not wake another. */
#include "mutex.h"
#include "waitq.h"

enum { LOCKED = 1, WAITERS = 2, WOKEN = 4, SPINS = 4, PAUSES = 30 };
enum { STARVING_NS = 1000000 };

/* acquire: pairs with the release in unlock */
static bool take_fast(gw_mutex *m, uint32_t from, uint32_t to) {
  return __atomic_compare_exchange_n(&m->gw__state, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Spinning pays only while the owner can run on another processor and nobody waits for this one. */
static bool may_spin(struct m *m, int spins) {
  return spins < SPINS && m && m->p && __atomic_load_n(&sched.procs, __ATOMIC_RELAXED) > 1 &&
         __atomic_load_n(&sched.idle_procs, __ATOMIC_RELAXED) + 1 < __atomic_load_n(&sched.procs, __ATOMIC_RELAXED) &&
         runq_empty(m->p);
}

/* Takes the lock if it is free, else queues w and parks. True if the lock was taken or handed over. */
static bool take_or_wait(gw_mutex *mu, struct g *g, struct gw__waiter *w, enum reason why, bool again) {
  struct gw__waitq *q = &mu->gw__queue;
  waitq_lock(q);
  uint32_t s = __atomic_load_n(&mu->gw__state, __ATOMIC_RELAXED);
  if (again) s = __atomic_and_fetch(&mu->gw__state, ~(uint32_t)WOKEN, __ATOMIC_RELAXED);
  for (;;) {
    if (!(s & LOCKED)) {
      uint32_t waiters = q->gw__count ? WAITERS : 0;
      if (__atomic_compare_exchange_n(&mu->gw__state, &s, (s & WOKEN) | LOCKED | waiters, false, __ATOMIC_ACQUIRE,
                                      __ATOMIC_RELAXED)) {
        waitq_unlock(q);
        return true;
      }
    } else if (s & WAITERS || __atomic_compare_exchange_n(&mu->gw__state, &s, s | WAITERS, false, __ATOMIC_RELAXED,
                                                          __ATOMIC_RELAXED)) {
      break;
    }
  }
  w->g = g;
  w->ok = false;
  g->object = mu;
  w->since = measure_contention_begin();
  if (again) {
    waitq_put_first(q, w);
    g_park(g, why, waitq_unlock_arg, q);
  } else {
    w->n = prim_now();
    waitq_park(q, g, w, why);
  }
  return w->ok; /* set by a hand-over */
}

static __attribute__((noinline)) void lock_slow(gw_mutex *mu, enum reason why) {
  struct g *g = g_self();
  struct m *m = rt_enter(g);
  struct gw__waiter w = {0};
  for (int spins = 0; may_spin(m, spins); spins++) {
    for (int i = 0; i < PAUSES; i++) spin_pause();
    uint32_t s = __atomic_load_n(&mu->gw__state, __ATOMIC_RELAXED);
    if (!(s & LOCKED) && take_fast(mu, s, s | LOCKED)) {
      rt_exit(m);
      return;
    }
  }
  for (bool again = false; !take_or_wait(mu, g, &w, why, again);) again = true;
  rt_exit(g->m);
}

void mutex_lock(gw_mutex *m, enum reason why) {
  if (UNLIKELY(!take_fast(m, 0, LOCKED))) lock_slow(m, why);
  MUTEX_OWNED(m);
}

void gw_mutex_lock(gw_mutex *m) {
  if (UNLIKELY(!take_fast(m, 0, LOCKED))) lock_slow(m, WAIT_MUTEX);
  MUTEX_OWNED(m);
  struct race_g *r = race_self();
  race_lock(r, m);
  race_lock_held(r, m, true, RACE_HERE());
}

bool mutex_try_lock(gw_mutex *m) {
  uint32_t s = __atomic_load_n(&m->gw__state, __ATOMIC_RELAXED);
  while (!(s & LOCKED))
    if (__atomic_compare_exchange_n(&m->gw__state, &s, s | LOCKED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      MUTEX_OWNED(m);
      return true;
    }
  return false;
}

bool gw_mutex_try_lock(gw_mutex *m) {
  if (!mutex_try_lock(m)) return false;
  struct race_g *r = race_self();
  race_lock(r, m);
  race_lock_held(r, m, true, RACE_HERE());
  return true;
}

/* Somebody waits, or nobody holds it. */
static __attribute__((noinline)) bool unlock_slow(gw_mutex *mu) {
  struct g *g = g_self();
  struct m *m = rt_enter(g);
  struct gw__waitq *q = &mu->gw__queue;
  waitq_lock(q);
  struct gw__waiter *w = NULL;
  uint32_t s = __atomic_load_n(&mu->gw__state, __ATOMIC_RELAXED);
  if (!(s & LOCKED)) {
    waitq_unlock(q);
    rt_exit(m);
    return false;
  }
  if (q->gw__first && prim_now() - q->gw__first->n > STARVING_NS) {
    w = waitq_get(q);
    w->ok = true; /* the lock stays locked: it is w's */
    if (!q->gw__count) __atomic_and_fetch(&mu->gw__state, ~(uint32_t)WAITERS, __ATOMIC_RELAXED);
  } else {
    if (!(s & WOKEN)) w = waitq_get(q);
    uint32_t to;
    do {
      to = (s & WOKEN) | (w ? WOKEN : 0) | (q->gw__count ? WAITERS : 0);
    } while (!__atomic_compare_exchange_n(&mu->gw__state, &s, to, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
  }
  struct g *wake = w ? w->g : NULL;
  int64_t since = w ? w->since : 0;
  waitq_unlock(q);
  if (UNLIKELY(since)) measure_contended(since);
  if (wake) g_ready(m, wake);
  rt_exit(m);
  return true;
}

bool mutex_unlock(gw_mutex *m) {
  uint32_t locked = LOCKED;
  /* release: pairs with the acquire of the next who takes it */
  if (LIKELY(__atomic_compare_exchange_n(&m->gw__state, &locked, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)))
    return true;
  return unlock_slow(m);
}

void gw_mutex_unlock(gw_mutex *m) {
  struct race_g *r = race_self();
  race_lock_dropped(r, m);
  if (UNLIKELY(!(__atomic_load_n(&m->gw__state, __ATOMIC_RELAXED) & LOCKED)))
    fatal_error("sync: unlock of unlocked mutex", "GW1006", RACE_HERE());
  race_unlock(r, m);
  if (UNLIKELY(!mutex_unlock(m))) fatal_error("sync: unlock of unlocked mutex", "GW1006", RACE_HERE());
}
