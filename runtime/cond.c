/* Condition variables: a FIFO queue. A waiter queues before it gives the lock up, so no signal is lost between the two;
 * one that comes before it is suspended finds it not parked yet, and then it doesn't park.
 *
 * A signal hands its edge to a waiter that is parked: nobody else acts for that one until it is made ready.  One that
 * is still on its way, and acts for itself, finds it in a clock that its record names. */
#include "mutex.h"
#include "waitq.h"

void gw__cond_init(gw_cond *c, void *locker, bool is_rw) { *c = (gw_cond){.gw__locker = locker, .gw__is_rw = is_rw}; }

/* How far a wait is; HANDED: it was parked when the signal came, and has its edge. */
enum { COMING, PARKED, HANDED };

/* w->ok: signalled; w->n: how far it is.  Both guarded by the queue's lock until the waiter goes on. */
struct cond_wait {
  struct gw__waiter w;
  struct gw__waitq *q;
};

/* After the goroutine is suspended: has it been signalled meanwhile? */
static void parked(void *arg) {
  struct cond_wait *cw = arg;
  struct gw__waitq *q = cw->q;
  struct g *g = cw->w.g;
  waitq_lock(q);
  bool signalled = cw->w.ok;
  cw->w.n = PARKED;
  waitq_unlock(q);
  if (signalled) g_ready(m_here(), g);
}

void gw_cond_wait(gw_cond *c) {
  struct g *g = g_self();
  if (!c->gw__locker) gw_panic("gw_cond_wait on a gw_cond without a lock: use GW_COND_INIT or gw_cond_init");
  struct cond_wait cw = {.w = {.g = g, .index = -1}, .q = &c->gw__queue};
  rt_enter(g);
  waitq_lock(&c->gw__queue);
  waitq_put(&c->gw__queue, &cw.w);
  waitq_unlock(&c->gw__queue);
  rt_exit(g->m);
  if (c->gw__is_rw)
    gw_rwmutex_unlock(c->gw__locker);
  else
    gw_mutex_unlock(c->gw__locker);
  rt_enter(g);
  g->object = c;
  g_park(g, WAIT_COND, parked, &cw);
  rt_exit(g->m);
  if (UNLIKELY(cw.w.n != HANDED)) {
    race_acquire(g->race, &cw);
    race_forget(&cw);
  }
  if (c->gw__is_rw)
    gw_rwmutex_lock(c->gw__locker);
  else
    gw_mutex_lock(c->gw__locker);
}

/* Signals the longest waiter; false if there is none. */
static bool signal_one(gw_cond *c, struct g *self) {
  struct gw__waitq *q = &c->gw__queue;
  struct m *m = rt_enter(self);
  waitq_lock(q);
  struct gw__waiter *w = waitq_get(q);
  struct g *wake = NULL;
  if (w) {
    w->ok = true;
    if (w->n == PARKED) {
      wake = w->g;
      race_handoff(self->race, wake->race);
      w->n = HANDED;
    } else {
      race_release(self->race, w);
    }
  }
  waitq_unlock(q);
  if (wake) g_ready(m, wake);
  rt_exit(m);
  return w != NULL;
}

void gw_cond_signal(gw_cond *c) { signal_one(c, g_self()); }

void gw_cond_broadcast(gw_cond *c) {
  struct g *self = g_self();
  /* Only those who wait now: one that is woken and waits again is for the next broadcast. */
  waitq_lock(&c->gw__queue);
  uint32_t n = c->gw__queue.gw__count;
  waitq_unlock(&c->gw__queue);
  while (n-- > 0 && signal_one(c, self)) continue;
}
