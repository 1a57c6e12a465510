/* The epoll set, and who is in it.
 *
 * Three ask it: a processor without work (netpoll_now, before it steals), the one idle thread that sleeps in it until
 * the next timer (idle.c), and sysmon when nobody did for 10 ms.  Events are edge-triggered: each goes to one of them,
 * who marks the descriptor ready and takes out who waits (desc.c).
 *
 * Rejected: one set per processor.  Descriptors would have to move with their goroutines. */
#include "netpoll.h"

#include <errno.h>
#include <sys/epoll.h>

#include "base/prim_io.h"

struct netpoll netpoll;
static struct spin_NETPOLL start_lock;

#define WAKE UINT64_MAX
enum { EVENTS = 128 }; /* Go's */

int netpoll_start(void) {
  if (__atomic_load_n(&netpoll.started, __ATOMIC_ACQUIRE)) return 0; /* pairs with the release below */
  spin_lock(&start_lock);
  int e = 0;
  if (!netpoll.started) {
    int epoll = prim_epoll_create(), wake = prim_eventfd();
    e = epoll < 0 ? epoll : wake < 0 ? wake : prim_epoll_ctl(epoll, EPOLL_CTL_ADD, wake, EPOLLIN, WAKE);
    if (e == 0) {
      netpoll.epoll = epoll;
      netpoll.wake = wake;
      __atomic_store_n(&netpoll.started, 1, __ATOMIC_RELEASE);
    } else {
      if (epoll >= 0) prim_io_close(epoll);
      if (wake >= 0) prim_io_close(wake);
    }
  }
  spin_unlock(&start_lock);
  if (e == 0) sched_poke_sleeper(); /* it may sleep without the set */
  return e;
}

void netpoll_break(void) {
  if (__atomic_load_n(&netpoll.started, __ATOMIC_ACQUIRE)) prim_eventfd_add(netpoll.wake);
}

void netpoll_poll(int64_t timeout_ns, struct ready *out) {
  struct prim_event events[EVENTS];
  int n = prim_epoll_wait(netpoll.epoll, events, EVENTS, timeout_ns);
  for (int i = 0; i < n; i++) {
    if (events[i].data != WAKE)
      desc_event((int)(uint32_t)events[i].data, (uint32_t)(events[i].data >> 32), events[i].events, out);
    else if (timeout_ns != 0)
      prim_eventfd_clear(netpoll.wake); /* by who is meant alone: it may be about to sleep */
  }
  __atomic_store_n(&netpoll.polled_at, __atomic_load_n(&sched.now, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

void netpoll_inject(struct m *m, struct ready *r) {
  if (r->n == 0) return;
  bool local = m && m->p;
  struct g *g = r->first;
  if (local) {
    for (uint32_t i = 0; i < r->n; i++) {
      struct g *next = g->next;
      __atomic_store_n(&g->status, G_RUNNABLE, __ATOMIC_RELAXED);
      runq_put(m->p, g, false);
      g = next;
    }
  } else {
    spin_lock(&sched.lock);
    for (uint32_t i = 0; i < r->n; i++) {
      struct g *next = g->next;
      __atomic_store_n(&g->status, G_RUNNABLE, __ATOMIC_RELAXED);
      gqueue_put_locked(g);
      g = next;
    }
    spin_unlock(&sched.lock);
  }
  __atomic_fetch_sub(&netpoll.waits, r->n, __ATOMIC_SEQ_CST); /* runnable by now: nobody takes all for asleep */
  if (!local || r->n > 1) wake_one();                         /* the first runs here */
}

bool netpoll_now(struct m *m) {
  bool any = signals_arrived();
  if (any) signals_deliver();
  if (!__atomic_load_n(&netpoll.started, __ATOMIC_ACQUIRE)) return any;
  if (!netpoll_try_enter()) return any;
  struct ready ready = {0};
  netpoll_poll(0, &ready);
  netpoll_leave();
  netpoll_inject(m, &ready);
  return any || ready.n > 0;
}

void netpoll_forget(void) {
  if (netpoll.started) {
    prim_io_close(netpoll.epoll);
    prim_io_close(netpoll.wake);
  }
  netpoll = (struct netpoll){0};
  start_lock.held = 0;
  descs_forget();
  signals_forget();
}
