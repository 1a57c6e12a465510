/* What holds whenever a lock is free, and what holds of an M that leaves the runtime: checked at each release and each
 * leaving in the preset "paranoid" (base/paranoid.h).
 *
 * Each check gets the lock and finds what it guards around it: so it can be tried on a planted object.  Long queues are
 * looked at near their ends only. */
#include <stddef.h>

#include "runtime/chan.h"
#include "runtime/net/desc.h"
#include "runtime/stack.h"

enum { LOOKS = 32 };

#define AROUND(type, member, at) ((const type *)(const void *)((const char *)(at) - offsetof(type, member)))

static void waiter_check(const struct gw__waiter *w) {
  GW_CHECK(w->queued);
  GW_CHECK(w->g != NULL);
}

/* Both ends, and all between of a short one. */
static void waitq_check_list(const struct gw__waitq *q) {
  GW_CHECK((q->gw__first == NULL) == (q->gw__count == 0));
  GW_CHECK((q->gw__last == NULL) == (q->gw__count == 0));
  if (!q->gw__count) return;
  GW_CHECK(q->gw__first->prev == NULL && q->gw__last->next == NULL);
  uint32_t n = 0;
  const struct gw__waiter *w = q->gw__first;
  for (; w && n < LOOKS; w = w->next, n++) {
    waiter_check(w);
    GW_CHECK(w->next ? w->next->prev == w : q->gw__last == w);
  }
  GW_CHECK(w ? q->gw__count > n : q->gw__count == n);
  n = 0;
  for (w = q->gw__last; w && n < LOOKS; w = w->prev, n++) waiter_check(w);
}

static void waitq_check(const void *lock) { waitq_check_list(AROUND(struct gw__waitq, gw__lock, lock)); }

/* Receivers wait only while the buffer is empty, senders only while it is full; both only of one select. */
static void chan_check_waiters(const struct gw__chan *c) {
  waitq_check_list(&c->receivers);
  waitq_check_list(&c->senders);
  const struct gw__waiter *r = c->receivers.gw__first, *s = c->senders.gw__first;
  GW_CHECK(!r || c->count == 0);
  GW_CHECK(!s || c->count == c->cap);
  GW_CHECK(!c->closed || (!r && !s));
  if (r && s) GW_CHECK(r->g == s->g && r->index >= 0 && s->index >= 0);
}

static void chan_check(const void *lock) {
  const struct gw__chan *c = AROUND(struct gw__chan, lock, lock);
  GW_CHECK(c->count <= c->cap);
  if (c->cap) {
    GW_CHECK(c->recv_at < c->cap && c->send_at < c->cap);
    GW_CHECK((c->recv_at + (uint64_t)c->count) % c->cap == c->send_at);
  }
  chan_check_waiters(c);
}

/* The bits of mutex.c. */
static void mutex_check(const void *lock) {
  enum { WAITERS = 2, WOKEN = 4, STARVING = 8 };
  const gw_mutex *m = AROUND(gw_mutex, gw__queue.gw__lock, lock);
  uint32_t s = __atomic_load_n(&m->gw__state, __ATOMIC_RELAXED);
  waitq_check_list(&m->gw__queue);
  GW_CHECK(!(s & WAITERS) == (m->gw__queue.gw__count == 0));
  GW_CHECK(!(s & STARVING) || (s & (WAITERS | WOKEN)) == WAITERS);
}

static void waitgroup_check(const void *lock) {
  const gw_waitgroup *w = AROUND(gw_waitgroup, gw__queue.gw__lock, lock);
  waitq_check_list(&w->gw__queue);
  GW_CHECK(!w->gw__credit || !w->gw__queue.gw__count);
}

static void sema_check(const void *lock) {
  const gw_sema *s = AROUND(gw_sema, gw__queue.gw__lock, lock);
  waitq_check_list(&s->gw__queue);
  GW_CHECK(s->gw__held >= 0);
  GW_CHECK(!s->gw__queue.gw__first || s->gw__free < s->gw__queue.gw__first->n);
}

static void desc_check(const void *lock) {
  const struct desc *d = AROUND(struct desc, lock, lock);
  for (int side = 0; side < 2; side++) waitq_check_list(&d->side[side].waiters);
  GW_CHECK(!d->closer || d->refs & CLOSING);
}

/* One place of the heap: earlier than its children, and known to its timer. */
static void timers_check_place(const struct timers *ts, uint32_t i) {
  const struct timer *t = ts->heap[i];
  GW_CHECK(t->in == ts && t->index == i);
  GW_CHECK(i == 0 || ts->heap[(i - 1) / 4]->when <= t->when);
}

static void timers_check(const void *lock) {
  const struct timers *ts = AROUND(struct timers, lock, lock);
  GW_CHECK(ts->n <= ts->room);
  GW_CHECK(ts->first == (ts->n ? ts->heap[0]->when : TIMER_NEVER));
  for (uint32_t i = 0; i < ts->n && i < LOOKS; i++) timers_check_place(ts, i);
  for (uint32_t i = ts->n > LOOKS ? ts->n - LOOKS : 0; i < ts->n; i++) timers_check_place(ts, i);
}

static void gqueue_check(const struct gqueue *q) {
  uint32_t n = 0;
  int chunks = 0;
  const struct gchunk *c = q->first;
  GW_CHECK((q->first == NULL) == (q->last == NULL));
  for (; c && chunks < LOOKS; c = c->next, chunks++) {
    GW_CHECK(c->from <= c->to && c->to <= GCHUNK);
    GW_CHECK(c->next || c == q->last);
    n += c->to - c->from;
    if (c->from < c->to) GW_CHECK(c->g[c->from] && c->g[c->to - 1]);
  }
  GW_CHECK(c ? n <= q->n : n == q->n);
}

static void sched_check(const void *lock) {
  const struct sched *s = AROUND(struct sched, lock, lock);
  gqueue_check(&s->queue);
  uint32_t n = 0;
  for (const struct p *p = s->idle_p; p; p = p->idle_next, n++) {
    GW_CHECK(n < MAX_PROCS);
    GW_CHECK(p->m == NULL);
    GW_CHECK(p->head == p->tail && !p->runnext); /* nobody would run them */
  }
  GW_CHECK(n == s->idle_procs);
  n = 0;
  for (const struct m *m = s->idle_m; m; m = m->idle_next, n++) GW_CHECK(n < s->ms && m != s->sleeper);
}

static void stackpool_check(const void *lock) {
  const struct stackpool *s = AROUND(struct stackpool, lock, lock);
  uint32_t n = 0;
  const struct bundle *b = s->warm.first;
  for (; b && n < LOOKS; b = b->next, n++) GW_CHECK(b->g[0] && b->g[STACK_BATCH - 1]);
  GW_CHECK(b ? n < s->warm.n : n == s->warm.n);
  for (n = 0, b = s->cold.first; b && n < LOOKS; b = b->next) n++;
  GW_CHECK(b ? n < s->cold.n : n == s->cold.n);
  GW_CHECK(s->low <= s->warm.n && s->loose_n <= STACK_BATCH);
  for (uint32_t i = 0; i < s->loose_n; i++) GW_CHECK(s->loose[i]->status == G_DEAD);
}

/* An entry of the ring that no thief has taken by the time that it was looked at. */
static void runq_check_entry(const struct p *p, uint32_t i) {
  const struct g *g = __atomic_load_n(&p->ring[i % RUNQ_SIZE], __ATOMIC_RELAXED);
  uint32_t status = g ? __atomic_load_n(&g->status, __ATOMIC_RELAXED) : G_DEAD;
  if ((int32_t)(__atomic_load_n(&p->head, __ATOMIC_ACQUIRE) - i) > 0) return; /* pairs with the thief's CAS */
  GW_CHECK(g != NULL && g != p->runnext);
  GW_CHECK(status == G_RUNNABLE);
}

static void runq_check(const struct p *p) {
  uint32_t head = __atomic_load_n(&p->head, __ATOMIC_ACQUIRE), tail = p->tail;
  GW_CHECK(tail - head <= RUNQ_SIZE);
  GW_CHECK(!p->runnext || p->runnext->status == G_RUNNABLE);
  for (uint32_t i = head; i != tail && i - head < LOOKS; i++) runq_check_entry(p, i);
  GW_CHECK(p->free_n <= FREE_MAX);
  if (p->free_n) GW_CHECK(p->free[p->free_n - 1]->status == G_DEAD);
}

static void m_check(const void *object) {
  const struct m *m = object;
  if (!m->p) return; /* its processor is taken: by the monitor, while it blocks */
  GW_CHECK(m->p->m == m && m->p->status == P_RUNNING);
  GW_CHECK(m->cur && m->cur->m == m && m->cur->status == G_RUNNING);
  runq_check(m->p);
}

__attribute__((constructor(101))) static void start(void) {
  paranoid_register(RANK_M, m_check);
  paranoid_register(RANK_CHAN, chan_check);
  paranoid_register(RANK_WAITQ, waitq_check);
  paranoid_register(RANK_MUTEX, mutex_check);
  paranoid_register(RANK_WAITGROUP, waitgroup_check);
  paranoid_register(RANK_SEMA, sema_check);
  paranoid_register(RANK_DESC, desc_check);
  paranoid_register(RANK_TIMERS, timers_check);
  paranoid_register(RANK_SCHED, sched_check);
  paranoid_register(RANK_STACKPOOL, stackpool_check);
}
