/* Timers that send or call, and tickers.
 *
 * As in Go 1.23 no stale tick follows stop or reset: they wait until a tick that is on its way has arrived, and take it
 * out of the channel.
 *
 * For the detector: what arms a timer happens before what it does.  A tick has no goroutine that sends it, so who arms
 * the timer releases into the clock of the channel's only slot.  A call's goroutine is created by who arms the timer.
 * Stop and reset by several goroutines order nothing between these, as in Go.
 */
#include "base/arena.h"
#include "base/goid.h"
#include "chan.h"
#include "mutex.h"

struct gw_timer {
  struct timer timer;
  gw_mutex lock;         /* serialises stop, reset and free */
  int64_t period;        /* of a ticker, else 0 */
  struct gw__chan *chan; /* NULL for a call */
  struct gw__call call;
  uint64_t id; /* number of the call's next goroutine, whose state is `race` */
  struct race_g *race;
  uintptr_t pc;    /* who created it */
  uint64_t parent; /* likewise */
  uint64_t clock;  /* what arming it releases, for a call */
};
/* A ticker is a timer with a period. */
struct gw_ticker {
  struct gw_timer t;
};

static void tick_fire(struct timer *timer, int64_t now) {
  struct gw_timer *t = (struct gw_timer *)(void *)timer;
  struct g *wake;
  spin_lock(&t->chan->lock);
  chan_send_locked(t->chan, &now, NULL, &wake); /* no room: the tick is dropped */
  spin_unlock(&t->chan->lock);
  if (wake) g_ready(m_here(), wake);
  if (t->period > 0) {
    int64_t when = timer->when + t->period;
    if (when <= now) when = now + t->period - (now - timer->when) % t->period; /* ticks are missed, not made up for */
    timer_start(timer, when);
  }
  timer_fired(timer);
}

static void call_fire(struct timer *timer, int64_t now) {
  struct gw_timer *t = (struct gw_timer *)(void *)timer;
  struct race_g *race = t->race;
  (void)now;
  t->race = NULL; /* read again only after timer_stop has seen this call end */
  if (race) race_acquire(race, &t->clock);
  g_launch(m_here(), &t->call, t->id, race, t->pc, t->parent);
  timer_fired(timer);
}

static int64_t time_after(int64_t ns) {
  int64_t now = prim_now();
  return ns <= 0 ? now : now + ns < now ? TIMER_NEVER - 1 : now + ns;
}

/* What g did so far comes before what is received: the tick itself is sent by nobody. */
static void note_arming(struct g *g, struct gw__chan *c) {
  if (!GW_RACE) return;
  struct m *m = rt_enter(g);
  spin_lock(&c->lock);
  race_exchange(g->race, c->clocks, 0);
  spin_unlock(&c->lock);
  rt_exit(m);
}

/* Arms t for ns from now, on behalf of the calling goroutine. */
static void arm(struct gw_timer *t, int64_t ns, struct race_at at) {
  struct g *g = g_self();
  if (UNLIKELY(g->id == 1 && g->thread)) { /* what it waits for then comes from its own processor */
    sched_start();
    main_join(g);
  }
  if (t->chan) {
    note_arming(g, t->chan);
  } else {
    race_release(g->race, &t->clock);
    if (!t->race) {
      t->id = goid_next();
      t->race = race_g_create(g->race, t->id, at);
    }
  }
  int64_t when = time_after(ns);
  struct m *m = rt_enter(g);
  timer_start(&t->timer, when);
  rt_exit(m);
}

/* The same for a timer that is armed already; false if it isn't.  While it is its channel is empty. */
static bool rearm(struct gw_timer *t, int64_t ns) {
  if (t->period > 0 || (GW_RACE && !t->chan)) return false; /* a call has a goroutine whose creator arms it */
  struct g *g = g_self();
  if (t->chan) note_arming(g, t->chan);
  int64_t when = time_after(ns);
  struct m *m = rt_enter(g);
  bool moved = timer_move(&t->timer, when);
  rt_exit(m);
  return moved;
}

/* Disarms t; true if it was active: armed, or its tick still in the channel. */
static bool disarm(struct gw_timer *t) {
  struct m *m = rt_enter(g_self());
  bool active = timer_stop(&t->timer);
  if (t->chan) {
    spin_lock(&t->chan->lock);
    if (t->chan->count > 0) {
      __atomic_store_n(&t->chan->count, 0, __ATOMIC_RELAXED);
      active = true;
    }
    spin_unlock(&t->chan->lock);
  }
  rt_exit(m);
  return active;
}

static struct gw_timer *timer_make(void) {
  struct gw_timer *t = arena_alloc_user(sizeof *t);
  race_reborn(t, sizeof *t);
  return t;
}

static struct gw_timer *ticking(int64_t ns, int64_t period, struct race_at at) {
  struct gw_timer *t = timer_make();
  t->timer.fire = tick_fire;
  t->period = period;
  t->chan = gw__chan_make(sizeof(int64_t), 1);
  arm(t, ns, at);
  return t;
}

gw_timer *gw_timer_new(int64_t ns) { return ticking(ns, 0, RACE_HERE()); }

gw_timer *gw__after_func(int64_t ns, struct gw__call *call) {
  struct gw_timer *t = timer_make();
  t->timer.fire = call_fire;
  t->call = *call;
  call_forget(call);
  t->pc = (uintptr_t)__builtin_return_address(0);
  t->parent = g_self()->id;
  arm(t, ns, RACE_HERE());
  return t;
}

gw_chan(int64_t) gw_timer_chan(gw_timer *t) { return (gw_chan(int64_t))(uintptr_t)t->chan; }

bool gw_timer_stop(gw_timer *t) {
  mutex_lock(&t->lock, WAIT_MUTEX);
  bool active = disarm(t);
  mutex_unlock(&t->lock);
  return active;
}

bool gw_timer_reset(gw_timer *t, int64_t ns) {
  if (rearm(t, ns)) return true;
  mutex_lock(&t->lock, WAIT_MUTEX);
  bool active = disarm(t);
  arm(t, ns, RACE_HERE());
  mutex_unlock(&t->lock);
  return active;
}

void gw_timer_free(gw_timer *t) {
  if (!t) return;
  disarm(t);
  if (t->race) race_g_end(t->race);
  if (t->chan) gw__chan_free(t->chan);
  race_reborn(t, sizeof *t);
  arena_free_user(t, sizeof *t);
}

gw_ticker *gw_ticker_new(int64_t ns) {
  if (ns <= 0) gw_panic("non-positive interval for NewTicker");
  return (gw_ticker *)ticking(ns, ns, RACE_HERE());
}

gw_chan(int64_t) gw_ticker_chan(gw_ticker *t) { return gw_timer_chan(&t->t); }
void gw_ticker_stop(gw_ticker *t) { gw_timer_stop(&t->t); }
void gw_ticker_free(gw_ticker *t) {
  if (t) gw_timer_free(&t->t);
}
