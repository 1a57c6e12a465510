/* The mutex: a state word, and a queue for who can't have it at once.
 *
 * Normal mode: an unlock frees the lock and wakes the first waiter, which competes with newcomers and, when it loses,
 * goes back to the head of the queue.  One that has waited for over a millisecond by then (Go's number) turns
 * starvation mode on: there nobody takes the lock, and each unlock hands it to the first waiter, until one comes that
 * didn't wait as long, or is the last.
 *
 * State: LOCKED; WAITERS: the queue may not be empty (set and cleared under its lock); WOKEN: somebody who was woken,
 * or who spins, is about to try, so unlock need not wake another; STARVING: as said (set and cleared under the queue's
 * lock; then nobody is WOKEN). */
#include "mutex.h"
#include "waitq.h"

enum { LOCKED = 1, WAITERS = 2, WOKEN = 4, STARVING = 8, TAKEN = LOCKED | STARVING };
enum { SPINS = 4, PAUSES = 30 }; /* Go's */
enum { STARVING_NS = 1000000 };

/* acquire: pairs with the release in unlock */
static bool take_from(gw_mutex *m, uint32_t from, uint32_t to) {
  return __atomic_compare_exchange_n(&m->gw__state, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Takes it if it is free, whoever waits.  An exchange that fails because somebody does would cost more than the look.
 */
static inline bool take_free(gw_mutex *m) {
  uint32_t s = __atomic_load_n(&m->gw__state, __ATOMIC_RELAXED);
  while (LIKELY(!(s & TAKEN)))
    if (LIKELY(__atomic_compare_exchange_n(&m->gw__state, &s, s | LOCKED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
      return true;
  return false;
}

/* Spinning pays only while the owner can run on another processor and nobody waits for this one. */
static bool may_spin(struct m *m, int spins) {
  return spins < SPINS && m && m->p && __atomic_load_n(&sched.procs, __ATOMIC_RELAXED) > 1 &&
         __atomic_load_n(&sched.idle_procs, __ATOMIC_RELAXED) + 1 < __atomic_load_n(&sched.procs, __ATOMIC_RELAXED) &&
         runq_empty(m->p);
}

/* How one waits in lock_slow. */
struct locking {
  struct gw__waiter w;
  bool woken;  /* WOKEN is set on its behalf */
  bool queued; /* has been in the queue */
};

/* True if it took the lock. */
static bool take_while_spinning(gw_mutex *mu, struct locking *l) {
  uint32_t s = __atomic_load_n(&mu->gw__state, __ATOMIC_RELAXED);
  if (!(s & TAKEN)) return take_from(mu, s, (l->woken ? s & ~(uint32_t)WOKEN : s) | LOCKED);
  if (!l->woken && (s & (WAITERS | WOKEN | STARVING)) == WAITERS) l->woken = take_from(mu, s, s | WOKEN);
  return false;
}

/* Takes the lock if it is free, else queues and parks. True if the lock was taken or handed over. */
static bool take_or_wait(gw_mutex *mu, struct g *g, struct locking *l, enum reason why) {
  struct gw__waitq *q = &mu->gw__queue;
  struct gw__waiter *w = &l->w;
  waitq_lock_as(MUTEX, q);
  uint32_t s = __atomic_load_n(&mu->gw__state, __ATOMIC_RELAXED), to;
  uint32_t starving = l->queued && prim_now() - w->n > STARVING_NS ? STARVING : 0;
  do {
    uint32_t rest = l->woken ? s & ~(uint32_t)WOKEN : s;
    to = rest & TAKEN ? rest | WAITERS | starving : rest | LOCKED;
  } while (!__atomic_compare_exchange_n(&mu->gw__state, &s, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
  if (!(s & TAKEN)) {
    if (!q->gw__count && to & WAITERS) __atomic_and_fetch(&mu->gw__state, ~(uint32_t)WAITERS, __ATOMIC_RELAXED);
    waitq_unlock(q);
    return true;
  }
  w->g = g;
  w->ok = false;
  g->object = mu;
  w->since = measure_contention_begin();
  if (!l->queued) w->n = prim_now();
  if (l->queued)
    waitq_put_first(q, w);
  else
    waitq_put(q, w);
  l->queued = l->woken = true; /* as it will be when it runs again, unless it gets the lock with that */
  g_park_unlock(g, why, SPIN_ANY(WAITQ_LOCK(MUTEX, q)));
  return w->ok; /* set by a hand-over */
}

static __attribute__((noinline)) void lock_slow(gw_mutex *mu, enum reason why) {
  struct g *g = g_self();
  struct m *m = rt_enter(g);
  struct locking l = {.woken = false};
  for (int spins = 0; may_spin(m, spins); spins++) {
    for (int i = 0; i < PAUSES; i++) spin_pause();
    if (take_while_spinning(mu, &l)) {
      rt_exit(m);
      return;
    }
  }
  while (!take_or_wait(mu, g, &l, why)) continue;
  rt_exit(g->m);
}

void mutex_lock(gw_mutex *m, enum reason why) {
  if (UNLIKELY(!take_free(m))) lock_slow(m, why);
  mutex_set_owner(m, g_self());
}

void gw_mutex_lock(gw_mutex *m) {
  race_lock_wanted(race_self(), m, true, RACE_HERE());
  if (UNLIKELY(!take_free(m))) lock_slow(m, WAIT_MUTEX);
  mutex_set_owner(m, g_self());
  struct race_g *r = race_self();
  race_lock(r, m);
  race_lock_held(r, m, true, RACE_HERE());
}

bool mutex_try_lock(gw_mutex *m) {
  if (!take_free(m)) return false;
  mutex_set_owner(m, g_self());
  return true;
}

bool gw_mutex_try_lock(gw_mutex *m) {
  if (!mutex_try_lock(m)) return false;
  struct race_g *r = race_self();
  race_lock(r, m);
  race_lock_held(r, m, true, RACE_HERE());
  return true;
}

/* The lock was given up in starvation mode: until here nobody took it, nor left that mode. */
static struct gw__waiter *hand_over_locked(gw_mutex *mu) {
  struct gw__waitq *q = &mu->gw__queue;
  struct gw__waiter *w = waitq_get(q);
  w->ok = true;
  mutex_set_owner(mu, w->g);
  uint32_t s = __atomic_load_n(&mu->gw__state, __ATOMIC_RELAXED), to;
  bool last = !q->gw__count, over = last || prim_now() - w->n < STARVING_NS;
  do {
    to = (s | LOCKED) & ~(uint32_t)((last ? WAITERS : 0) | (over ? STARVING : 0));
  } while (!__atomic_compare_exchange_n(&mu->gw__state, &s, to, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
  return w;
}

/* The waiter to wake, or NULL when somebody else will see to it. */
static struct gw__waiter *wake_locked(gw_mutex *mu) {
  struct gw__waitq *q = &mu->gw__queue;
  uint32_t s = __atomic_load_n(&mu->gw__state, __ATOMIC_RELAXED);
  uint32_t left = q->gw__count > 1 ? WAITERS : 0;
  do {
    if (s & (LOCKED | WOKEN | STARVING) || !q->gw__count) return NULL;
  } while (!__atomic_compare_exchange_n(&mu->gw__state, &s, WOKEN | left, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return waitq_get(q);
}

/* The lock was given up with somebody waiting; maybe in starvation mode. */
static __attribute__((noinline)) void unlock_slow(gw_mutex *mu, bool starving) {
  struct g *g = g_self();
  struct m *m = rt_enter(g);
  struct gw__waitq *q = &mu->gw__queue;
  waitq_lock_as(MUTEX, q);
  struct gw__waiter *w = starving ? hand_over_locked(mu) : wake_locked(mu);
  struct g *wake = w ? w->g : NULL;
  int64_t since = w ? w->since : 0;
  waitq_unlock(q);
  if (UNLIKELY(since)) measure_contended(since);
  if (wake) g_ready(m, wake);
  rt_exit(m);
}

bool mutex_unlock(gw_mutex *m) {
  __atomic_store_n(&m->gw__owner, 0, __ATOMIC_RELAXED); /* before it is free: nobody else's number is in there yet */
  /* release: pairs with the acquire of the next who takes it */
  uint32_t s = __atomic_fetch_sub(&m->gw__state, LOCKED, __ATOMIC_RELEASE);
  if (LIKELY(s == LOCKED)) return true;
  if (!(s & LOCKED)) return false;
  if (!(s & WOKEN)) unlock_slow(m, s & STARVING); /* else somebody is about to try anyway */
  return true;
}

void gw_mutex_unlock(gw_mutex *m) {
  struct race_g *r = race_self();
  race_lock_dropped(r, m);
  if (GW_RACE && UNLIKELY(!(__atomic_load_n(&m->gw__state, __ATOMIC_RELAXED) & LOCKED)))
    fatal_error("sync: unlock of unlocked mutex", "GW1006", RACE_HERE());
  race_unlock(r, m);
  if (UNLIKELY(!mutex_unlock(m))) fatal_error("sync: unlock of unlocked mutex", "GW1006", RACE_HERE());
}
