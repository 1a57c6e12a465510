/* Queues of Gs that may get long: FIFO, in chunks of pointers, so that no G is touched to put it in or to take it out:
 * of a million that a closed channel wakes each would cost a cache miss and a TLB miss every time.  A queue is its
 * owner's to guard; the global run queue is sched.lock's. */
#include "base/arena.h"
#include "g.h"

static void set_n(struct gqueue *q, uint32_t n) {
  __atomic_store_n(&q->n, n, __ATOMIC_RELAXED); /* a hint for who hasn't got the lock */
}

void gqueue_put(struct gqueue *q, struct g *g) {
  if (!q->last || q->last->to == GCHUNK) {
    struct gchunk *c = arena_alloc(sizeof *c);
    if (q->last)
      q->last->next = c;
    else
      q->first = c;
    q->last = c;
  }
  q->last->g[q->last->to++] = g;
  set_n(q, q->n + 1);
}

struct g *gqueue_pop(struct gqueue *q) {
  struct gchunk *c = q->first;
  if (q->n == 0) return NULL;
  while (c->from == c->to) { /* emptied, with others behind it */
    q->first = c->next;
    arena_free(c, sizeof *c);
    c = q->first;
  }
  struct g *g = c->g[c->from++];
  if (c->from == c->to && !c->next) c->from = c->to = 0; /* the last one stays for what comes next */
  set_n(q, q->n - 1);
  return g;
}

void gqueue_join(struct gqueue *q, struct gqueue *more) {
  if (!more->first) return;
  if (q->last)
    q->last->next = more->first;
  else
    q->first = more->first;
  q->last = more->last;
  set_n(q, q->n + more->n);
  *more = (struct gqueue){.first = NULL};
}

void readying_add(struct readying *r, struct g *g) {
  if (r->n < READY_FEW) {
    r->few[r->n++] = g;
  } else if (UNLIKELY(g->thread || g->readied)) {
    g->next = r->odd; /* in no queue while it is parked */
    r->odd = g;
  } else {
    __atomic_store_n(&g->status, G_RUNNABLE, __ATOMIC_RELAXED);
    gqueue_put(&r->many, g);
  }
}

void readying_all(struct m *m, struct readying *r) {
  for (uint32_t i = 0; i < r->n; i++) g_ready(m, r->few[i]);
  while (UNLIKELY(r->odd != NULL)) {
    struct g *g = r->odd;
    r->odd = g->next;
    g_ready(m, g);
  }
  if (LIKELY(r->many.n == 0)) return;
  spin_lock(&sched.lock);
  gqueue_join(&sched.queue, &r->many);
  spin_unlock(&sched.lock);
  wake_one();
}
