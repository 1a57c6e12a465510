/* Condition variables give no edge of their own: a waiter is ordered by the mutex, which it lets go and takes again.
 *
 * Those who wait and weren't signalled are counted, for who destroys one under them; libc's own count also holds those
 * who are on their way out, which is fine, and ours those who woke up for nothing: only what both say is told.
 * table.lock guards the table and its entries.
 */
#include "detector/posix.h"

struct counted {
  const pthread_cond_t *at;
  struct counted *next; /* in its bucket */
  uint32_t waiting;     /* and not signalled; at least 1 */
};

enum { BUCKETS = 256 };
static struct {
  struct spin_POSIX lock;
  struct counted *bucket[BUCKETS];
} table;

static struct counted **find_locked(const pthread_cond_t *at) {
  struct counted **c = &table.bucket[((uintptr_t)at >> 3) * 0x9E3779B97F4A7C15u >> 56];
  while (*c && (*c)->at != at) c = &(*c)->next;
  return c;
}

static void count_one(const pthread_cond_t *at) {
  struct det_thread *inside = posix_lock(&table.lock);
  struct counted **where = find_locked(at);
  if (!*where) {
    *where = arena_alloc(sizeof **where);
    (*where)->at = at;
  }
  (*where)->waiting++;
  posix_unlock(&table.lock, inside);
}

/* At most n of them wait no longer. */
static void uncount(const pthread_cond_t *at, uint32_t n) {
  struct det_thread *inside = posix_lock(&table.lock);
  struct counted **where = find_locked(at), *c = *where;
  if (c && c->waiting > n) {
    c->waiting -= n;
  } else if (c) {
    *where = c->next;
    arena_free(c, sizeof *c);
  }
  posix_unlock(&table.lock, inside);
}

static bool waited_for(const pthread_cond_t *c) {
  struct det_thread *inside = posix_lock(&table.lock);
  bool yes = *find_locked(c);
  posix_unlock(&table.lock, inside);
  return yes && __atomic_load_n(&c->__data.__wrefs, __ATOMIC_RELAXED) >> 3;
}

struct waiter {
  pthread_mutex_t *m;
  struct race_at at;             /* of the call that waits */
  const pthread_cond_t *counted; /* NULL: not counted, as its signals aren't seen */
  int err;                       /* of the wait; -1 until it returned (it may be cancelled) */
};

static void wait_ends(void *arg) {
  struct waiter *w = arg;
  if (w->counted && w->err) uncount(w->counted, 1);
  posix_mutex_wait_ends(w->m, w->at);
}

static int cond_waits(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *deadline) {
  if (!deadline) return gw__real.pthread_cond_wait(c, m);
  if (clock == -1) return gw__real.pthread_cond_timedwait(c, m, deadline);
  return gw__real.pthread_cond_clockwait(c, m, clock, deadline);
}

/* However it ends, the mutex is held again before anything of the program runs: cancellation included. */
static int wait_as(struct waiter *w, pthread_cond_t *c, clockid_t clock, const struct timespec *deadline) {
  posix_mutex_wait_begins(w->m, w->at);
  if (w->counted) count_one(c);
  pthread_cleanup_push(wait_ends, w);
  w->err = cond_waits(c, w->m, clock, deadline);
  pthread_cleanup_pop(1);
  return w->err;
}

int cond_wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *deadline,
              struct race_at at) {
  return wait_as(&(struct waiter){m, at, NULL, -1}, c, clock, deadline);
}

static int counted_wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *deadline,
                        struct race_at at) {
  return wait_as(&(struct waiter){m, at, posix_self() ? c : NULL, -1}, c, clock, deadline);
}

int __gw_i_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m) {
  return counted_wait(c, m, -1, NULL, RACE_HERE());
}
int __gw_i_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *deadline) {
  return counted_wait(c, m, -1, deadline, RACE_HERE());
}
int __gw_i_pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
                                  const struct timespec *deadline) {
  return counted_wait(c, m, clock, deadline, RACE_HERE());
}

int __gw_i_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a) {
  int err = gw__real.pthread_cond_init(c, a);
  posix_write(posix_self(), c, sizeof *c, RACE_HERE());
  return err;
}

int __gw_i_pthread_cond_destroy(pthread_cond_t *c) {
  struct race_g *g = posix_self();
  if (g && waited_for(c))
    race_finding("GW1008", "destruction of a condition variable that is waited for", NULL, g, RACE_HERE());
  posix_write(g, c, sizeof *c, RACE_HERE());
  return gw__real.pthread_cond_destroy(c);
}

/* Before it is done: who is woken may destroy it. */
int __gw_i_pthread_cond_signal(pthread_cond_t *c) {
  if (posix_self()) uncount(c, 1);
  return gw__real.pthread_cond_signal(c);
}
int __gw_i_pthread_cond_broadcast(pthread_cond_t *c) {
  if (posix_self()) uncount(c, UINT32_MAX);
  return gw__real.pthread_cond_broadcast(c);
}
