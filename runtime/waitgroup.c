/* Wait groups, as in Go: count and waiters in one word; the add that brings the count to zero wakes all.
 *
 * For the detector: done merges into the group's clock, wait takes it.  An add from zero beside a wait is a race on the
 * group: the first add reads gw__word, the first waiter writes it. */
#include "waitq.h"

static uint64_t pack(int32_t count, uint32_t waiters) { return (uint64_t)(uint32_t)count << 32 | waiters; }

static void wake_all(gw_waitgroup *w, uint32_t n) {
  struct m *m = rt_enter(g_self());
  for (; n > 0; n--) {
    waitq_lock_as(WAITGROUP, &w->gw__queue);
    struct gw__waiter *one = waitq_get(&w->gw__queue);
    struct g *wake = one ? one->g : NULL;
    if (!one) w->gw__credit++; /* it has counted itself and is about to queue */
    waitq_unlock(&w->gw__queue);
    if (wake) g_ready(m, wake);
  }
  rt_exit(m);
}

/* The count became negative, or somebody waits. */
static __attribute__((noinline)) void add_slow(gw_waitgroup *w, int n, uint64_t s) {
  int32_t count = (int32_t)(s >> 32);
  if (count < 0) gw_panic("sync: negative WaitGroup counter");
  if (n > 0 && count == n) gw_panic("sync: WaitGroup misuse: Add called concurrently with Wait");
  if (count > 0) return;
  if (__atomic_load_n(&w->gw__state, __ATOMIC_RELAXED) != s)
    gw_panic("sync: WaitGroup misuse: Add called concurrently with Wait");
  __atomic_store_n(&w->gw__state, 0, __ATOMIC_RELAXED); /* nobody may add before the waiters have gone on */
  wake_all(w, (uint32_t)s);
}

static inline __attribute__((always_inline)) void add(gw_waitgroup *w, int n, struct race_at at) {
  struct race_g *r = race_self();
  if (n < 0) race_release_merge(r, w);
  /* acq_rel: the one who finds zero has all that came before every done */
  uint64_t s = __atomic_add_fetch(&w->gw__state, pack(n, 0), __ATOMIC_ACQ_REL);
  int32_t count = (int32_t)(s >> 32);
  if (n > 0 && count == n) race_access(r, &w->gw__word, sizeof w->gw__word, RACE_READ, at);
  if (UNLIKELY(count < 0 || (uint32_t)s != 0)) add_slow(w, n, s);
}

void gw_waitgroup_add(gw_waitgroup *w, int n) { add(w, n, RACE_HERE()); }
void gw_waitgroup_done(gw_waitgroup *w) { add(w, -1, RACE_HERE()); }

static void wait_queued(gw_waitgroup *w) {
  struct g *g = g_self();
  struct m *m = rt_enter(g);
  waitq_lock_as(WAITGROUP, &w->gw__queue);
  if (w->gw__credit) {
    w->gw__credit--;
    waitq_unlock(&w->gw__queue);
  } else {
    struct gw__waiter record = {.index = -1};
    g->object = w;
    waitq_park(&w->gw__queue, g, &record, WAIT_WAITGROUP);
    m = g->m;
  }
  rt_exit(m);
}

void gw_waitgroup_wait(gw_waitgroup *w) {
  struct race_g *r = race_self();
  uint64_t s = __atomic_load_n(&w->gw__state, __ATOMIC_ACQUIRE); /* pairs with the release of the last done */
  for (;;) {
    if ((int32_t)(s >> 32) == 0) break;
    if (!__atomic_compare_exchange_n(&w->gw__state, &s, s + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) continue;
    if ((uint32_t)s == 0) race_access(r, &w->gw__word, sizeof w->gw__word, RACE_WRITE, RACE_HERE());
    wait_queued(w);
    break;
  }
  race_acquire(r, w);
}
