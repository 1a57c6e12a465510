/* gw_signal_notify: a handler only notes that a signal arrived, and wakes who sleeps for events; whoever polls next
 * then sends it to the channels, without waiting.
 *
 * `lock` guards the subscriptions and is held while sending (it comes before the channels' locks): so nothing is sent
 * to a channel once gw_signal_stop has returned.  For the detector one goroutine of its own does all the sending, and
 * each subscriber's past is known to it, as in Go. */
#define _GNU_SOURCE
#include <signal.h>

#include "base/arena.h"
#include "netpoll.h"
#include "runtime/chan.h"
#include "runtime/leak.h"

enum { SIGNALS = 65 };

struct subscription {
  struct subscription *next;
  struct gw__chan *c;
  uint64_t set; /* bit n - 1: signal n */
};

static struct {
  struct spin_SIGNALS lock;
  struct subscription *list;
  uint64_t wanted;                  /* union of the sets */
  struct sigaction before[SIGNALS]; /* of those in `wanted` */
  struct race_g *race;              /* who sends, for the detector */
} signals;
static uint64_t arrived; /* atomic: release by the handler, acquire by who takes it */

static uint64_t bit_of(int sig) { return UINT64_C(1) << (sig - 1); }

static void on_signal(int sig) {
  __atomic_fetch_or(&arrived, bit_of(sig), __ATOMIC_RELEASE);
  netpoll_break();
}

bool signals_arrived(void) { return __atomic_load_n(&arrived, __ATOMIC_RELAXED) != 0; }

static void send_locked(struct gw__chan *c, int sig) {
  struct g *wake;
  spin_lock(&c->lock);
  chan_send_locked(c, &sig, signals.race, &wake); /* closed or full: dropped */
  spin_unlock(&c->lock);
  if (wake) g_ready(m_here(), wake);
}

static void deliver_locked(void) {
  uint64_t set = __atomic_exchange_n(&arrived, 0, __ATOMIC_ACQUIRE);
  for (int sig = 1; set; sig++) {
    if (!(set & bit_of(sig))) continue;
    set &= ~bit_of(sig);
    for (struct subscription *s = signals.list; s; s = s->next)
      if (s->set & bit_of(sig)) send_locked(s->c, sig);
  }
}

void signals_deliver(void) {
  spin_lock(&signals.lock);
  deliver_locked();
  spin_unlock(&signals.lock);
}

/* Who receives from a channel that gets signals isn't blocked for good. */
static void be_a_root_locked(void) {
  static bool done; /* guarded by lock */
  if (!done) leak_root(&signals, sizeof signals);
  done = true;
}

static struct subscription *subscription_locked(struct gw__chan *c) {
  struct subscription *s = signals.list;
  while (s && s->c != c) s = s->next;
  if (s) return s;
  be_a_root_locked();
  s = arena_alloc_user(sizeof *s);
  *s = (struct subscription){signals.list, c, 0};
  signals.list = s;
  leak_root(&signals.list, sizeof(struct subscription *)); /* a signal may wake who waits on these channels */
  __atomic_fetch_add(&netpoll.waits, 1, __ATOMIC_SEQ_CST);
  return s;
}

/* False if the signal can't be caught. */
static bool want_locked(int sig) {
  if (signals.wanted & bit_of(sig)) return true;
  struct sigaction ours = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
  sigfillset(&ours.sa_mask);
  if (sigaction(sig, &ours, &signals.before[sig]) != 0) return false;
  signals.wanted |= bit_of(sig);
  return true;
}

static void drop_unwanted_locked(void) {
  uint64_t now = 0;
  for (struct subscription *s = signals.list; s; s = s->next) now |= s->set;
  for (int sig = 1; sig < SIGNALS; sig++)
    if (signals.wanted & ~now & bit_of(sig)) sigaction(sig, &signals.before[sig], NULL);
  signals.wanted = now;
}

static void know_subscriber_locked(struct g *g, struct race_at at) {
  if (!GW_RACE) return;
  if (!signals.race)
    signals.race = race_g_create(g->race, 0, at);
  else
    race_handoff(g->race, signals.race);
}

static struct gw__chan *chan_of(int (*c)(struct gw__chan_of *)) { return (struct gw__chan *)(uintptr_t)c; }

/* The first signal that can't be caught, or 0. */
static int subscribe(struct gw__chan *c, const int *list) {
  int bad = 0;
  spin_lock(&signals.lock);
  struct subscription *s = subscription_locked(c);
  for (; *list && !bad; list++) {
    if (*list < 1 || *list >= SIGNALS || !want_locked(*list))
      bad = *list;
    else
      s->set |= bit_of(*list);
  }
  spin_unlock(&signals.lock);
  return bad;
}

void gw__signal_notify(int (*c)(struct gw__chan_of *), const int *list) {
  struct g *g = g_self();
  if (!c) gw_panic("os/signal: Notify using nil channel");
  sched_start();
  if (netpoll_start() < 0) gw__fatal("no descriptor is left to wait for signals; raise ulimit -n");
  spin_lock(&signals.lock);
  know_subscriber_locked(g, RACE_HERE());
  spin_unlock(&signals.lock);
  struct m *m = rt_enter(g);
  int bad = subscribe(chan_of(c), list);
  sched_want_sleeper();
  rt_exit(m);
  if (bad) gw_panic("signal %d can't be caught", bad);
}

/* Its signals do again what they did before; what was caught until then still comes to it (Go's rule), or it would have
 * been swallowed: neither seen nor doing what it does by itself. */
static void unsubscribe_locked(struct subscription *s) {
  uint64_t set = s->set;
  s->set = 0;
  drop_unwanted_locked();
  s->set = set;
  deliver_locked();
}

void gw__signal_stop(int (*c)(struct gw__chan_of *)) {
  struct m *m = rt_enter(g_self());
  spin_lock(&signals.lock);
  struct subscription **at = &signals.list, *s;
  while (*at && (*at)->c != chan_of(c)) at = &(*at)->next;
  s = *at;
  if (s) {
    unsubscribe_locked(s);
    *at = s->next;
  }
  spin_unlock(&signals.lock);
  if (s) {
    arena_free_user(s, sizeof *s);
    __atomic_fetch_sub(&netpoll.waits, 1, __ATOMIC_SEQ_CST);
  }
  rt_exit(m);
}

/* In a forked child: what was subscribed to does again what it did before. */
void signals_forget(void) {
  signals.lock.held = 0;
  signals.list = NULL;
  drop_unwanted_locked();
  arrived = 0;
}
