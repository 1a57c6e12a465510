/* The reader-writer mutex, as in Go: readers count themselves in and out; a writer takes the inner mutex, subtracts a
 * constant from the count, which stops new readers, and waits for those that are in.
 *
 * A wake-up may come before the one it is for has queued: then it is kept as a credit, under the queue's lock.
 *
 * Clocks: the rwmutex's own address carries the writers' unlocks; &gw__leaving the readers', merged. */
#include "mutex.h"
#include "waitq.h"

enum { MAX_READERS = 1 << 30 };

/* Who reads is noted for deadlock.c, beside which a locked instruction on the count is what costs time. */
static void reader_enters(const gw_rwmutex *rw) {
  struct g *g = g_self();
  for (int i = 0; i < READS; i++) {
    if (g->reads[i]) continue;
    __atomic_store_n(&g->reads[i], rw, __ATOMIC_RELAXED);
    return;
  }
}

/* It may have been another goroutine that locked it: then nothing is known of this lock until its readers have left. */
static void reader_leaves(const gw_rwmutex *rw) {
  struct g *g = g_self();
  for (int i = 0; i < READS; i++) {
    if (g->reads[i] != rw) continue;
    __atomic_store_n(&g->reads[i], NULL, __ATOMIC_RELAXED);
    return;
  }
}

static void queue_wait(gw_rwmutex *rw, struct gw__waitq *q, uint32_t *credit, enum reason why) {
  struct g *g = g_self();
  struct m *m = rt_enter(g);
  waitq_lock(q);
  if (*credit) {
    --*credit;
    waitq_unlock(q);
  } else {
    struct gw__waiter w = {.index = -1, .since = measure_contention_begin()};
    g->object = rw;
    waitq_park(q, g, &w, why);
    m = g->m;
  }
  rt_exit(m);
}

static void queue_wake(struct gw__waitq *q, uint32_t *credit, int32_t n) {
  struct m *m = rt_enter(g_self());
  for (; n > 0; n--) {
    waitq_lock(q);
    struct gw__waiter *w = waitq_get(q);
    struct g *wake = w ? w->g : NULL;
    int64_t since = w ? w->since : 0;
    if (!w) ++*credit;
    waitq_unlock(q);
    if (UNLIKELY(since)) measure_contended(since);
    if (wake) g_ready(m, wake);
  }
  rt_exit(m);
}

void gw_rwmutex_rlock(gw_rwmutex *rw) {
  race_lock_wanted(race_self(), rw, false, RACE_HERE());
  /* acquire: pairs with the release of the writer's unlock, which adds the constant back */
  if (UNLIKELY(__atomic_add_fetch(&rw->gw__readers, 1, __ATOMIC_ACQUIRE) < 0))
    queue_wait(rw, &rw->gw__rqueue, &rw->gw__rcredit, WAIT_RWMUTEX_R);
  reader_enters(rw);
  struct race_g *r = race_self();
  race_read_lock(r, rw, &rw->gw__leaving);
  race_lock_held(r, rw, false, RACE_HERE());
}

bool gw_rwmutex_try_rlock(gw_rwmutex *rw) {
  int32_t n = __atomic_load_n(&rw->gw__readers, __ATOMIC_RELAXED);
  do {
    if (n < 0) return false;
  } while (!__atomic_compare_exchange_n(&rw->gw__readers, &n, n + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
  reader_enters(rw);
  struct race_g *r = race_self();
  race_read_lock(r, rw, &rw->gw__leaving);
  race_lock_held(r, rw, false, RACE_HERE());
  return true;
}

static void runlock_slow(gw_rwmutex *rw, int32_t n, struct race_at at) {
  if (n + 1 == 0 || n + 1 == -MAX_READERS) fatal_error("sync: RUnlock of unlocked RWMutex", "GW1006", at);
  /* acq_rel: the last reader out wakes the writer after all readers' work */
  if (__atomic_sub_fetch(&rw->gw__leaving, 1, __ATOMIC_ACQ_REL) == 0) queue_wake(&rw->gw__wqueue, &rw->gw__wcredit, 1);
}

void gw_rwmutex_runlock(gw_rwmutex *rw) {
  reader_leaves(rw);
  struct race_g *r = race_self();
  race_lock_dropped(r, rw);
  race_read_unlock(r, &rw->gw__leaving);
  /* release: pairs with the writer's acquire of the count */
  int32_t n = __atomic_sub_fetch(&rw->gw__readers, 1, __ATOMIC_RELEASE);
  if (UNLIKELY(n < 0)) runlock_slow(rw, n, RACE_HERE());
}

static void write_locked(gw_rwmutex *rw, struct race_at at) {
  struct race_g *r = race_self();
  race_lock(r, rw);
  race_acquire(r, &rw->gw__leaving);
  race_lock_held(r, rw, true, at);
}

static void lock(gw_rwmutex *rw) {
  mutex_lock(&rw->gw__w, WAIT_RWMUTEX_W);
  int32_t in = __atomic_fetch_sub(&rw->gw__readers, MAX_READERS, __ATOMIC_ACQ_REL);
  if (in != 0 && __atomic_add_fetch(&rw->gw__leaving, in, __ATOMIC_ACQ_REL) != 0)
    queue_wait(rw, &rw->gw__wqueue, &rw->gw__wcredit, WAIT_RWMUTEX_W);
}

void gw_rwmutex_lock(gw_rwmutex *rw) {
  race_lock_wanted(race_self(), rw, true, RACE_HERE());
  lock(rw);
  write_locked(rw, RACE_HERE());
}

bool gw_rwmutex_try_lock(gw_rwmutex *rw) {
  if (!mutex_try_lock(&rw->gw__w)) return false;
  int32_t none = 0;
  if (!__atomic_compare_exchange_n(&rw->gw__readers, &none, -MAX_READERS, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    mutex_unlock(&rw->gw__w);
    return false;
  }
  write_locked(rw, RACE_HERE());
  return true;
}

void gw_rwmutex_unlock(gw_rwmutex *rw) {
  struct race_g *r = race_self();
  race_lock_dropped(r, rw);
  if (UNLIKELY(__atomic_load_n(&rw->gw__readers, __ATOMIC_RELAXED) >= 0))
    fatal_error("sync: Unlock of unlocked RWMutex", "GW1006", RACE_HERE());
  race_unlock(r, rw);
  /* release: pairs with the acquire in rlock */
  int32_t waiting = __atomic_add_fetch(&rw->gw__readers, MAX_READERS, __ATOMIC_RELEASE);
  if (waiting >= MAX_READERS) fatal_error("sync: Unlock of unlocked RWMutex", "GW1006", RACE_HERE());
  if (waiting) queue_wake(&rw->gw__rqueue, &rw->gw__rcredit, waiting);
  mutex_unlock(&rw->gw__w);
}
