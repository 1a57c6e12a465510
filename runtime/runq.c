/* Run queues: a ring per P with one producer and many consumers, and the global list behind sched.lock.
 *
 * Ring: entries [head, tail) are valid. The owner stores an entry and then releases tail; a consumer acquires tail,
 * reads entries, and then takes them by CAS on head.  An entry that was read but not taken is never used.  As in Go. */
#include "g.h"

static struct g *ring_load(struct p *p, uint32_t i) {
  return __atomic_load_n(&p->ring[i % RUNQ_SIZE], __ATOMIC_RELAXED); /* ordered by tail's acquire and head's CAS */
}
static void ring_store(struct p *p, uint32_t i, struct g *g) {
  __atomic_store_n(&p->ring[i % RUNQ_SIZE], g, __ATOMIC_RELAXED); /* published by tail's release */
}

void gqueue_put_list_locked(struct g *first, struct g *last, uint32_t n) {
  last->next = NULL;
  if (sched.queue.last)
    sched.queue.last->next = first;
  else
    sched.queue.first = first;
  sched.queue.last = last;
  __atomic_store_n(&sched.queue.n, sched.queue.n + n, __ATOMIC_RELAXED); /* a hint for who hasn't got the lock */
}

void gqueue_put_locked(struct g *g) { gqueue_put_list_locked(g, g, 1); }

static struct g *gqueue_pop_locked(void) {
  struct g *g = sched.queue.first;
  sched.queue.first = g->next;
  if (!g->next) sched.queue.last = NULL;
  __atomic_store_n(&sched.queue.n, sched.queue.n - 1, __ATOMIC_RELAXED);
  return g;
}

struct g *gqueue_get_locked(struct p *p, uint32_t max) {
  uint32_t n = sched.queue.n;
  if (n == 0) return NULL;
  uint32_t share = n / sched.procs + 1;
  if (share > n) share = n;
  if (max && share > max) share = max;
  if (share > RUNQ_SIZE / 2) share = RUNQ_SIZE / 2;
  struct g *g = gqueue_pop_locked();
  while (--share > 0) runq_put(p, gqueue_pop_locked(), false);
  return g;
}

/* Moves half of the full ring and g to the global queue; false if a thief made room meanwhile. */
static bool runq_put_slow(struct p *p, struct g *g, uint32_t head, uint32_t tail) {
  uint32_t n = (tail - head) / 2;
  struct g *batch[RUNQ_SIZE / 2 + 1];
  for (uint32_t i = 0; i < n; i++) batch[i] = ring_load(p, head + i);
  /* release: pairs with the acquire of head in runq_put, so that the entries are read before they are overwritten */
  if (!__atomic_compare_exchange_n(&p->head, &head, head + n, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) return false;
  batch[n] = g;
  for (uint32_t i = 0; i < n; i++) batch[i]->next = batch[i + 1];
  spin_lock(&sched.lock);
  gqueue_put_list_locked(batch[0], batch[n], n + 1);
  spin_unlock(&sched.lock);
  return true;
}

void runq_put(struct p *p, struct g *g, bool next) {
  if (next) {
    /* Thieves take runnext by CAS, so that it is exchanged: release publishes g to them. */
    g = __atomic_exchange_n(&p->runnext, g, __ATOMIC_ACQ_REL);
    if (!g) return;
  }
  for (;;) {
    uint32_t head = __atomic_load_n(&p->head, __ATOMIC_ACQUIRE); /* pairs with the consumers' CAS */
    uint32_t tail = p->tail;
    if (LIKELY(tail - head < RUNQ_SIZE)) {
      ring_store(p, tail, g);
      __atomic_store_n(&p->tail, tail + 1, __ATOMIC_RELEASE); /* pairs with the acquire in runq_get and steal */
      return;
    }
    if (runq_put_slow(p, g, head, tail)) return;
  }
}

enum { MAX_NEXTS = 64 }; /* guess: two Gs that wake each other run this long before the queue gets its turn */

struct g *runq_get(struct p *p) {
  struct g *next = __atomic_load_n(&p->runnext, __ATOMIC_RELAXED);
  if (next && p->nexts < MAX_NEXTS &&
      __atomic_compare_exchange_n(&p->runnext, &next, NULL, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    p->nexts++;
    return next;
  }
  p->nexts = 0;
  for (;;) {
    uint32_t head = __atomic_load_n(&p->head, __ATOMIC_ACQUIRE); /* pairs with thieves' CAS */
    if (p->tail == head) break;
    struct g *g = ring_load(p, head);
    if (__atomic_compare_exchange_n(&p->head, &head, head + 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) return g;
  }
  /* acquire: a G that was put there by this thread, or by another before it handed the P over */
  return __atomic_exchange_n(&p->runnext, NULL, __ATOMIC_ACQUIRE);
}

bool runq_empty(struct p *p) {
  /* runnext may be kicked into the ring between two loads: tail must be the same before and after. */
  for (;;) {
    uint32_t head = __atomic_load_n(&p->head, __ATOMIC_ACQUIRE);
    uint32_t tail = __atomic_load_n(&p->tail, __ATOMIC_ACQUIRE);
    struct g *next = __atomic_load_n(&p->runnext, __ATOMIC_ACQUIRE);
    if (tail == __atomic_load_n(&p->tail, __ATOMIC_ACQUIRE)) return head == tail && !next;
  }
}

bool runq_has_room(struct p *p) {
  return p->tail - __atomic_load_n(&p->head, __ATOMIC_RELAXED) <= RUNQ_SIZE / 2; /* head only moves up to tail */
}

struct g *runq_steal(struct p *p, struct p *from, bool take_next) {
  for (;;) {
    uint32_t head = __atomic_load_n(&from->head, __ATOMIC_ACQUIRE); /* pairs with other consumers' CAS */
    uint32_t tail = __atomic_load_n(&from->tail, __ATOMIC_ACQUIRE); /* pairs with the owner's release */
    uint32_t n = tail - head;
    n -= n / 2;
    if (n == 0) {
      struct g *next = __atomic_load_n(&from->runnext, __ATOMIC_RELAXED);
      if (!take_next || !next) return NULL;
      if (__atomic_compare_exchange_n(&from->runnext, &next, NULL, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return next;
      continue;
    }
    if (n > RUNQ_SIZE / 2) continue; /* head and tail don't belong together */
    uint32_t at = p->tail;
    for (uint32_t i = 0; i < n; i++) ring_store(p, at + i, ring_load(from, head + i));
    if (!__atomic_compare_exchange_n(&from->head, &head, head + n, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    n--;
    struct g *g = ring_load(p, at + n);
    if (n) __atomic_store_n(&p->tail, at + n, __ATOMIC_RELEASE);
    return g;
  }
}
