/* Sleeping, timers that send or call, and tickers. */
#include "base/arena.h"
#include "chan.h"

struct sleeping {
  struct timer timer;
  struct g *g;
  int64_t until;
};

static void sleep_fire(struct timer *t, int64_t now) {
  (void)now;
  struct g *g = ((struct sleeping *)(void *)t)->g;
  timer_fired(t); /* the record is gone once g runs */
  g_ready(m_here(), g);
}

/* Only once the goroutine is suspended may its timer fire. */
static void sleep_begin(void *arg) {
  struct sleeping *s = arg;
  timer_start(&s->timer, s->until);
}

static void thread_sleep(int64_t until) {
  uint32_t never = 0;
  __atomic_fetch_add(&sched.timers, 1, __ATOMIC_SEQ_CST);
  for (int64_t left; (left = until - prim_now()) > 0;) {
    if (left > TIMER_SOON)
      prim_futex_wait(&never, 0, left);
    else
      spin_pause();
  }
  __atomic_fetch_sub(&sched.timers, 1, __ATOMIC_SEQ_CST);
}

void gw_sleep(int64_t ns) {
  struct g *g = g_self();
  if (ns <= 0) {
    g_yield(g);
    return;
  }
  int64_t until = prim_now() + ns;
  if (until < 0) until = TIMER_NEVER - 1;
  if (g->thread) {
    thread_sleep(until);
    return;
  }
  struct sleeping s = {.timer = {.fire = sleep_fire}, .g = g, .until = until};
  rt_enter(g);
  g_park(g, WAIT_SLEEP, sleep_begin, &s);
  rt_exit(g->m);
}
