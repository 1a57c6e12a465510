#include "waitq.h"

void waitq_put(struct gw__waitq *q, struct gw__waiter *w) {
  w->next = NULL;
  w->prev = q->gw__last;
  if (q->gw__last)
    q->gw__last->next = w;
  else
    q->gw__first = w;
  q->gw__last = w;
  q->gw__count++;
  w->queued = true;
}

void waitq_put_first(struct gw__waitq *q, struct gw__waiter *w) {
  w->prev = NULL;
  w->next = q->gw__first;
  if (q->gw__first)
    q->gw__first->prev = w;
  else
    q->gw__last = w;
  q->gw__first = w;
  q->gw__count++;
  w->queued = true;
}

void waitq_remove(struct gw__waitq *q, struct gw__waiter *w) {
  if (w->prev)
    w->prev->next = w->next;
  else
    q->gw__first = w->next;
  if (w->next)
    w->next->prev = w->prev;
  else
    q->gw__last = w->prev;
  q->gw__count--;
  w->queued = false;
}

struct gw__waiter *waitq_get(struct gw__waitq *q) {
  struct gw__waiter *w = q->gw__first;
  if (w) waitq_remove(q, w);
  return w;
}

void waitq_park(struct gw__waitq *q, struct g *g, struct gw__waiter *w, enum reason why) {
  w->g = g;
  waitq_put(q, w);
  g_park_unlock(g, why, SPIN_ANY(WAITQ_LOCK(WAITQ, q)));
}
