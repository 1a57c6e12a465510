/* The weighted semaphore. FIFO: who asks for much is not overtaken by who asks for little. */
#include "waitq.h"

void gw_sema_init(gw_sema *s, int64_t n) { *s = (gw_sema){.gw__free = n}; }

bool gw_sema_try_acquire(gw_sema *s, int64_t n) {
  struct g *g = g_self();
  struct m *m = rt_enter(g);
  waitq_lock_as(SEMA, &s->gw__queue);
  bool ok = !s->gw__queue.gw__first && s->gw__free >= n;
  if (ok) s->gw__free -= n, s->gw__held += n;
  waitq_unlock(&s->gw__queue);
  rt_exit(m);
  if (ok) race_acquire(g->race, s);
  return ok;
}

void gw_sema_acquire(gw_sema *s, int64_t n) {
  struct g *g = g_self();
  if (n < 0) gw_panic("semaphore: negative count");
  struct m *m = rt_enter(g);
  waitq_lock_as(SEMA, &s->gw__queue);
  if (!s->gw__queue.gw__first && s->gw__free >= n) {
    s->gw__free -= n;
    s->gw__held += n;
    waitq_unlock(&s->gw__queue);
  } else {
    struct gw__waiter w = {.n = n, .index = -1};
    g->object = s;
    waitq_park(&s->gw__queue, g, &w, WAIT_SEMA);
    m = g->m;
  }
  rt_exit(m);
  race_acquire(g->race, s);
}

void gw_sema_release(gw_sema *s, int64_t n) {
  struct g *g = g_self();
  if (n < 0) gw_panic("semaphore: negative count");
  race_release_merge(g->race, s);
  struct m *m = rt_enter(g);
  waitq_lock_as(SEMA, &s->gw__queue);
  if (s->gw__held < n) {
    waitq_unlock(&s->gw__queue);
    rt_exit(m);
    gw_panic("semaphore: released more than held");
  }
  s->gw__held -= n;
  s->gw__free += n;
  struct g *list = NULL, **last = &list;
  for (struct gw__waiter *w; (w = s->gw__queue.gw__first) && s->gw__free >= w->n;) {
    s->gw__free -= w->n;
    s->gw__held += w->n;
    waitq_remove(&s->gw__queue, w);
    *last = w->g;
    last = &w->g->next; /* in no queue while it is parked */
  }
  *last = NULL;
  waitq_unlock(&s->gw__queue);
  while (list) {
    struct g *one = list;
    list = one->next;
    g_ready(m, one);
  }
  rt_exit(m);
}
