/* Barriers: in each round all before all.
 *
 * A barrier has two clocks, for even and odd rounds: a thread that is already in the next round must not publish into
 * the clock that slow threads of the last one still take, or an edge would appear that doesn't exist.  With two that is
 * enough: nobody is two rounds ahead of a thread that hasn't left.  Which round it is follows from how many have
 * entered, as long as no more threads use the barrier at once than its count; else (legal, and rare) both clocks are
 * used for ever after.
 *
 * A barrier is known from pthread_barrier_init to pthread_barrier_destroy; table.lock guards the table and its entries.
 */
#include "detector/posix.h"

struct barrier {
  const pthread_barrier_t *at;
  struct barrier *next; /* in its bucket */
  unsigned count;       /* threads in a round */
  unsigned inside;      /* entered and not left */
  uint64_t entered;
  bool crowded;  /* more than count were inside at once: rounds can't be told any more */
  char clock[2]; /* their addresses name the two clocks */
};

enum { BUCKETS = 64 };
static struct {
  struct spin_POSIX lock;
  struct barrier *bucket[BUCKETS];
} table;

static struct barrier **find_locked(const pthread_barrier_t *at) {
  struct barrier **b = &table.bucket[((uintptr_t)at >> 3) * 0x9E3779B97F4A7C15u >> 58];
  while (*b && (*b)->at != at) b = &(*b)->next;
  return b;
}

static void forget(const pthread_barrier_t *at) {
  struct det_thread *inside = posix_lock(&table.lock);
  struct barrier **where = find_locked(at), *b = *where;
  if (b) *where = b->next;
  posix_unlock(&table.lock, inside);
  if (!b) return;
  race_forget(&b->clock[0]);
  race_forget(&b->clock[1]);
  arena_free(b, sizeof *b);
}

static void remember(const pthread_barrier_t *at, unsigned count) {
  forget(at); /* initialised again without a destroy */
  struct barrier *b = arena_alloc(sizeof *b);
  b->at = at;
  b->count = count;
  struct det_thread *inside = posix_lock(&table.lock);
  struct barrier **where = find_locked(at);
  *where = b;
  posix_unlock(&table.lock, inside);
}

/* Publishes into this round's clock; both are given back in *parity as bits. */
static struct barrier *enter(struct race_g *g, const pthread_barrier_t *at, unsigned *parity) {
  struct det_thread *inside = posix_lock(&table.lock);
  struct barrier *b = *find_locked(at);
  if (b) {
    if (b->inside++ == b->count) b->crowded = true;
    *parity = b->crowded ? 3 : 1u << (b->entered / b->count % 2);
    b->entered++;
  }
  posix_unlock(&table.lock, inside);
  for (int i = 0; b && i < 2; i++)
    if (*parity & 1u << i) race_release_merge(g, &b->clock[i]);
  return b;
}

static void leave(struct race_g *g, struct barrier *b, unsigned parity) {
  struct det_thread *inside = posix_lock(&table.lock);
  if (b->crowded) parity = 3;
  posix_unlock(&table.lock, inside);
  for (int i = 0; i < 2; i++)
    if (parity & 1u << i) race_acquire(g, &b->clock[i]);
  inside = posix_lock(&table.lock);
  b->inside--;
  posix_unlock(&table.lock, inside);
}

int __gw_i_pthread_barrier_init(pthread_barrier_t *b, const pthread_barrierattr_t *a, unsigned count) {
  struct race_g *g = posix_self();
  int err = gw__real.pthread_barrier_init(b, a, count);
  if (g && !err) {
    remember(b, count);
    posix_write(g, b, sizeof *b, RACE_HERE());
  }
  return err;
}

/* libc's destroy waits for those who are still leaving, and so must we. */
static void wait_until_left(const pthread_barrier_t *at) {
  for (bool empty = false; !empty;) {
    struct det_thread *inside = posix_lock(&table.lock);
    struct barrier *b = *find_locked(at);
    empty = !b || b->inside == 0;
    posix_unlock(&table.lock, inside);
    if (!empty) prim_sched_yield();
  }
}

/* Somebody waits in a round that is not complete: not who is about to leave the last one. */
static bool waited_for(const pthread_barrier_t *at) {
  struct det_thread *inside = posix_lock(&table.lock);
  struct barrier *b = *find_locked(at);
  bool yes = b && b->inside && !b->crowded && b->entered % b->count;
  posix_unlock(&table.lock, inside);
  return yes;
}

int __gw_i_pthread_barrier_destroy(pthread_barrier_t *b) {
  struct race_g *g = posix_self();
  if (g && waited_for(b)) race_finding("GW1008", "destruction of a barrier that is waited at", NULL, g, RACE_HERE());
  posix_write(g, b, sizeof *b, RACE_HERE());
  int err = gw__real.pthread_barrier_destroy(b);
  if (g && !err) wait_until_left(b), forget(b);
  return err;
}

int __gw_i_pthread_barrier_wait(pthread_barrier_t *b) {
  struct race_g *g = posix_self();
  unsigned parity = 0;
  struct barrier *known = g ? enter(g, b, &parity) : NULL;
  int r = gw__real.pthread_barrier_wait(b);
  if (known) leave(posix_self(), known, parity);
  return r;
}
