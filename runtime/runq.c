/* Run queues: a ring per P with one producer and many consumers, and the global list behind sched.lock.
 *
 * Ring: entries [head, tail) are valid. The owner stores an entry and then releases tail; a consumer acquires tail,
 * reads entries, and then takes them by CAS on head.  An entry that was read but not taken is never used.  As in Go.
 *
 * runnext changes at every hand-over, so its owner uses plain loads and stores.  A thief takes it only while the owner
 * runs user code, from which it is kept meanwhile (m_keep_out); and then it has something to take: an owner that is in
 * the runtime will run it at once.  Rejected: exchanging it, as Go does: two atomic operations for each hand-over. */
#include "g.h"

static struct g *ring_load(struct p *p, uint32_t i) {
  return __atomic_load_n(&p->ring[i % RUNQ_SIZE], __ATOMIC_RELAXED); /* ordered by tail's acquire and head's CAS */
}
static void ring_store(struct p *p, uint32_t i, struct g *g) {
  __atomic_store_n(&p->ring[i % RUNQ_SIZE], g, __ATOMIC_RELAXED); /* published by tail's release */
}

struct g *gqueue_get_locked(struct p *p, uint32_t max) {
  uint32_t n = sched.queue.n;
  if (n == 0) return NULL;
  uint32_t share = n / sched.procs + 1;
  if (share > n) share = n;
  if (max && share > max) share = max;
  if (share > RUNQ_SIZE / 2) share = RUNQ_SIZE / 2;
  struct g *g = gqueue_pop(&sched.queue);
  while (--share > 0) runq_put(p, gqueue_pop(&sched.queue), false);
  if (n > RUNQ_SIZE) p->fetch_to = p->tail; /* they waited for long */
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
  spin_lock(&sched.lock);
  for (uint32_t i = 0; i <= n; i++) gqueue_put_locked(batch[i]);
  spin_unlock(&sched.lock);
  return true;
}

static struct g *next_get(struct p *p) { return __atomic_load_n(&p->runnext, __ATOMIC_RELAXED); }
static void next_set(struct p *p, struct g *g) { __atomic_store_n(&p->runnext, g, __ATOMIC_RELAXED); }

void runq_put(struct p *p, struct g *g, bool next) {
  if (next) {
    struct g *old = next_get(p);
    next_set(p, g);
    if (!old) return;
    g = old;
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

enum { FETCH_AHEAD = 4 }; /* measured */
enum { MAX_NEXTS = 64 };  /* guess: two Gs that wake each other run this long before the queue gets its turn */

struct g *runq_get(struct p *p) {
  struct g *next = next_get(p);
  if (next && p->nexts < MAX_NEXTS) {
    p->nexts++;
    next_set(p, NULL);
    return next;
  }
  p->nexts = 0;
  for (;;) {
    uint32_t head = __atomic_load_n(&p->head, __ATOMIC_ACQUIRE); /* pairs with thieves' CAS */
    if (p->tail == head) break;
    struct g *g = ring_load(p, head);
    if (!__atomic_compare_exchange_n(&p->head, &head, head + 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) continue;
    if (UNLIKELY((int32_t)(p->fetch_to - head) > FETCH_AHEAD)) g_fetch(ring_load(p, head + FETCH_AHEAD));
    return g;
  }
  next_set(p, NULL);
  return next;
}

/* How long a thief waits to see whether the owner takes its runnext by itself.  Two goroutines that wake each other
 * make something runnable all the time: who looks for work because of that should cost little, so he waits longer each
 * time that he wasn't needed.  Meanwhile he counts as spinning, so that nobody else is woken.  Measured; Go sleeps 3
 * us, which its threads' timer slack makes 50 and more. */
enum { PATIENCE_MIN_NS = 4000, PATIENCE_MAX_NS = 64000 };
static uint32_t patience_ns = PATIENCE_MIN_NS; /* atomic, relaxed */

/* The owner has been in user code for a while, and something waits in p->runnext. */
static bool next_waits(struct p *p) {
  static const uint32_t never;
  uint32_t tick = __atomic_load_n(&p->schedtick, __ATOMIC_RELAXED),
           ns = __atomic_load_n(&patience_ns, __ATOMIC_RELAXED);
  if (!next_get(p)) return false;
  paranoid_no_lock("a thief waits");
  prim_futex_wait(&never, 0, ns);
  bool waits = next_get(p) && __atomic_load_n(&p->schedtick, __ATOMIC_RELAXED) == tick;
  __atomic_store_n(&patience_ns, waits ? PATIENCE_MIN_NS : ns < PATIENCE_MAX_NS ? 2 * ns : ns, __ATOMIC_RELAXED);
  return waits;
}

static struct g *next_steal(struct p *from, const struct m *by) {
  struct m *m = __atomic_load_n(&from->m, __ATOMIC_ACQUIRE); /* pairs with p_acquire: m is whole */
  if (!m || !next_waits(from) || !m_keep_out(m, from, RETAKE_HELD, by)) return NULL;
  struct g *g = next_get(from);
  next_set(from, NULL);
  paranoid_note("steals: next of processor, 1 if any", from->id, g != NULL);
  __atomic_store_n(&m->retake, RETAKE_NONE, __ATOMIC_RELEASE); /* pairs with the acquire in rt_enter_slow */
  return g;
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

bool runq_full(struct p *p) {
  return p->tail - __atomic_load_n(&p->head, __ATOMIC_RELAXED) >= RUNQ_SIZE - 1; /* head only moves up to tail */
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
      return take_next ? next_steal(from, p->m) : NULL;
    }
    if (n > RUNQ_SIZE / 2) continue; /* head and tail don't belong together */
    uint32_t at = p->tail;
    for (uint32_t i = 0; i < n; i++) ring_store(p, at + i, ring_load(from, head + i));
    if (!__atomic_compare_exchange_n(&from->head, &head, head + n, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    n--;
    struct g *g = ring_load(p, at + n);
    if (n) __atomic_store_n(&p->tail, at + n, __ATOMIC_RELEASE);
    paranoid_note("steals: how many, from processor", n + 1, from->id);
    return g;
  }
}
