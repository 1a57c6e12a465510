/* Finding work, and sleeping when there is none.
 *
 * Who makes a G runnable wakes an M if a P is idle and nobody looks for work yet (`spinning`); an M that finds work
 * while it was the last to look wakes the next.  An M that gives up looking first publishes that (its P on the idle
 * list, spinning less one) and then looks at all queues once more: so either it sees the new G, or the one who made it
 * sees that nobody looks.  Both sides need a full barrier between their store and their load: the fences below.
 *
 * One idle M is the sleeper: it wakes by itself for the next timer, and for what comes in at descriptors. */
#include <errno.h>
#include <pthread.h>

#include "base/arena.h"
#include "g.h"
#include "net/netpoll.h"
#include "poll.h"
#include "stress.h"
#include "trace.h"

void p_idle_put_locked(struct p *p) {
  __atomic_store_n(&p->m, NULL, __ATOMIC_RELAXED);
  __atomic_store_n(&p->status, P_IDLE, __ATOMIC_RELAXED);
  p->idle_next = sched.idle_p;
  sched.idle_p = p;
  __atomic_store_n(&sched.idle_procs, sched.idle_procs + 1, __ATOMIC_SEQ_CST);
}

struct p *p_idle_get_locked(void) {
  struct p *p = sched.idle_p;
  if (!p) return NULL;
  sched.idle_p = p->idle_next;
  __atomic_store_n(&sched.idle_procs, sched.idle_procs - 1, __ATOMIC_SEQ_CST);
  return p;
}

void p_acquire(struct m *m, struct p *p) {
  m->p = p;
  __atomic_store_n(&p->m, m, __ATOMIC_RELAXED);
  __atomic_store_n(&p->status, P_RUNNING, __ATOMIC_RELEASE); /* pairs with sysmon's acquire: p->m is set */
  paranoid_note("gets: processor, M", p->id, m->id);
  if (tracing()) trace_note(m, TRACE_P_START, 0, m->tid);
}

struct p *p_release(struct m *m) {
  struct p *p = m->p;
  paranoid_note("gives up: processor, M", p->id, m->id);
  if (tracing()) trace_note(m, TRACE_P_STOP, 0, 0);
  m->p = NULL;
  return p;
}

void *m_main(void *arg) {
  struct m *m = arg;
  m->errno_at = &errno;
  poll_thread_begin(m);
  m->g0.end = (uintptr_t)__builtin_frame_address(0);
  g_set_tls(&m->g0);
  m->tid = prim_gettid();
  race_g_switch(NULL);
  prim_timer_slack(1);
  signals_thread_begin();
  p_acquire(m, m->nextp);
  m->nextp = NULL;
  if (m->spinning) m->in_runtime = 1;
  m_loop(m);
  return NULL;
}

struct m *m_new(void) {
  struct m *m = arena_alloc(sizeof *m);
  m->g0.m = m;
  m->in_runtime = 1;
  m->stress = sched.stress;
  spin_lock(&sched.lock);
  m->id = sched.ms++;
  m->all_next = sched.all_m;
  __atomic_store_n(&sched.all_m, m, __ATOMIC_RELEASE); /* pairs with the acquire of who walks the list */
  spin_unlock(&sched.lock);
  m->rng = rng_begin(m->id);
  return m;
}

/* m->wake was set: seq_cst, as m stores `polling` and then loads `wake`. */
static void m_rouse(struct m *m) {
  if (__atomic_load_n(&m->polling, __ATOMIC_SEQ_CST))
    netpoll_break();
  else
    prim_futex_wake(&m->wake, 1);
}

static void m_wake(struct m *m) {
  paranoid_note("wakes: M, processor", m->id, m->nextp->id);
  __atomic_store_n(&m->wake, 1, __ATOMIC_SEQ_CST); /* pairs with the acquire in m_sleep: nextp, spinning */
  m_rouse(m);
}

static void thread_start(struct m *m) {
  pthread_t thread;
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  race_hide_threads(true);
  int e = pthread_create(&thread, &attr, m_main, m);
  race_hide_threads(false);
  pthread_attr_destroy(&attr);
  if (e) gw__fatal("can't start a thread (error %d); raise ulimit -u or the cgroup's pids limit", e);
}

void m_start(struct p *p, bool spinning) {
  spin_lock(&sched.lock);
  struct m *m = sched.idle_m;
  if (m) {
    sched.idle_m = m->idle_next;
    sched.idle_ms--;
  } else if ((m = sched.sleeper)) {
    sched.sleeper = NULL;
  }
  spin_unlock(&sched.lock);
  if (m) {
    m->nextp = p;
    m->spinning = spinning;
    m_wake(m);
    return;
  }
  m = m_new();
  m->nextp = p;
  m->spinning = spinning;
  thread_start(m);
}

void wake_one(void) {
  fence_full(); /* between what was made runnable and the looks here, as said at the top */
  /* acquire: pairs with the store of who puts one there, see below */
  if (__atomic_load_n(&sched.idle_procs, __ATOMIC_ACQUIRE) == 0) return;
  uint32_t none = 0;
  if (__atomic_load_n(&sched.spinning, __ATOMIC_SEQ_CST) != 0 ||
      !__atomic_compare_exchange_n(&sched.spinning, &none, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
    return;
  spin_lock(&sched.lock);
  struct p *p = p_idle_get_locked();
  /* Under the lock: who sees a P that becomes idle afterwards sees that nobody looks for work. */
  if (!p) __atomic_fetch_sub(&sched.spinning, 1, __ATOMIC_SEQ_CST);
  spin_unlock(&sched.lock);
  if (!p) return;
  m_start(p, true);
  if (UNLIKELY(__atomic_load_n(&sched.sysmon_idle, __ATOMIC_RELAXED))) sysmon_poke();
}

/* Sleeps until handed a P; as the sleeper until `when` at most. True with a P. */
static bool m_sleep(struct m *m) {
  paranoid_no_lock("an M sleeps");
  for (;;) {
    uint32_t w = __atomic_load_n(&m->wake, __ATOMIC_ACQUIRE); /* pairs with m_wake */
    if (w == 1) {
      __atomic_store_n(&m->wake, 0, __ATOMIC_RELAXED);
      p_acquire(m, m->nextp);
      m->nextp = NULL;
      return true;
    }
    prim_futex_wait(&m->wake, 0, -1);
  }
}

void m_stop(struct m *m) {
  spin_lock(&sched.lock);
  m->idle_next = sched.idle_m;
  sched.idle_m = m;
  sched.idle_ms++;
  sched_check_dead_locked();
  spin_unlock(&sched.lock);
  m_sleep(m);
}

/* Until woken, for timeout_ns at most (< 0: for ever), or until descriptors got ready. */
static void sleep_for_events(struct m *m, int64_t timeout_ns, struct ready *ready) {
  paranoid_no_lock("an M sleeps for events");
  if (!__atomic_load_n(&netpoll.started, __ATOMIC_ACQUIRE)) {
    prim_futex_wait(&m->wake, 0, timeout_ns);
    return;
  }
  /* One at a time, as the eventfd wakes one: a former sleeper that was handed a P is still on its way out. */
  while (!netpoll_try_enter()) {
    if (__atomic_load_n(&m->wake, __ATOMIC_ACQUIRE)) return;
    prim_sched_yield();
  }
  __atomic_store_n(&m->polling, 1, __ATOMIC_SEQ_CST); /* Dekker with m_rouse */
  if (__atomic_load_n(&m->wake, __ATOMIC_SEQ_CST) == 0 && !signals_arrived()) netpoll_poll(timeout_ns, ready);
  __atomic_store_n(&m->polling, 0, __ATOMIC_RELAXED);
  netpoll_leave();
}

/* The sleeper has something to do: gets an idle P and true; or false, and is the sleeper no more.  *taken: somebody
 * took this M to hand it a P. */
static bool sleeper_ends(struct m *m, bool *taken) {
  spin_lock(&sched.lock);
  *taken = sched.sleeper != m;
  struct p *p = NULL;
  if (!*taken) {
    sched.sleeper = NULL;
    /* Set under this lock: a timer came since. The P's owner looks at the timers. */
    uint32_t two = 2;
    __atomic_compare_exchange_n(&m->wake, &two, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    p = p_idle_get_locked();
  }
  spin_unlock(&sched.lock);
  if (p) p_acquire(m, p);
  return p != NULL;
}

/* Sleeps for the next timer or event.  True with a P; false if there is nothing to sleep for, or every P is busy: they
 * look after timers and events. */
static bool m_sleep_for_events(struct m *m) {
  for (;;) {
    uint32_t w = __atomic_load_n(&m->wake, __ATOMIC_ACQUIRE);
    if (w == 1) return m_sleep(m);
    if (w == 2) {
      uint32_t two = 2; /* an earlier timer: the loop looks for it */
      if (!__atomic_compare_exchange_n(&m->wake, &two, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) continue;
    }
    if (signals_arrived()) signals_deliver();
    int64_t when = timers_first();
    __atomic_store_n(&m->deadline, when, __ATOMIC_SEQ_CST); /* Dekker with the adder of a timer: see below */
    if (timers_first() < when) continue;
    int64_t now = prim_now();
    bool something = when != TIMER_NEVER || netpoll_wanted(), due = when <= now;
    struct ready ready = {0};
    if (something && !due) sleep_for_events(m, when == TIMER_NEVER ? -1 : when - now, &ready);
    if (something && !due && ready.n == 0) continue;
    bool taken, got = sleeper_ends(m, &taken);
    netpoll_inject(got ? m : NULL, &ready);
    if (taken) return m_sleep(m);
    if (got && UNLIKELY(__atomic_load_n(&sched.sysmon_idle, __ATOMIC_RELAXED))) sysmon_poke();
    return got;
  }
}

static void sleeper_kick_locked(struct m *m) {
  uint32_t none = 0;
  if (__atomic_compare_exchange_n(&m->wake, &none, 2, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) m_rouse(m);
}

void sched_poke_sleeper(void) {
  spin_lock(&sched.lock);
  if (sched.sleeper) sleeper_kick_locked(sched.sleeper);
  spin_unlock(&sched.lock);
}

void sched_want_sleeper(void) {
  spin_lock(&sched.lock);
  bool there = sched.sleeper != NULL;
  spin_unlock(&sched.lock);
  if (!there) wake_one(); /* it finds nothing and becomes the sleeper */
}

void sched_new_deadline(int64_t when) {
  if (!__atomic_load_n(&sched.started, __ATOMIC_RELAXED)) return;
  /* Who gives a P up from now on sees the timer: that was published by a full barrier. */
  if (!__atomic_load_n(&sched.sleeper, __ATOMIC_RELAXED) && !__atomic_load_n(&sched.idle_procs, __ATOMIC_RELAXED))
    return;
  spin_lock(&sched.lock);
  struct m *m = sched.sleeper;
  if (m && when < __atomic_load_n(&m->deadline, __ATOMIC_SEQ_CST)) sleeper_kick_locked(m);
  spin_unlock(&sched.lock);
  if (!m) wake_one(); /* it finds nothing and becomes the sleeper */
}

static struct g *steal_work(struct m *m) {
  uint32_t n = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE);
  for (int round = 0; round < 4; round++) { /* Go's number */
    uint32_t at = rng_below(&m->rng, n);
    for (uint32_t i = 0; i < n; i++, at = at + 1 == n ? 0 : at + 1) {
      struct p *from = procs_all[at];
      if (from == m->p) continue;
      /* runnext is about to run where it is: only the last round takes it. */
      struct g *g = runq_steal(m->p, from, round == 3 || UNLIKELY(m->stress & STRESS_STEAL));
      if (g) return g;
    }
  }
  return NULL;
}

static struct g *global_work(struct m *m, uint32_t max) {
  if (__atomic_load_n(&sched.queue.n, __ATOMIC_RELAXED) == 0) return NULL;
  spin_lock(&sched.lock);
  struct g *g = gqueue_get_locked(m->p, max);
  spin_unlock(&sched.lock);
  return g;
}

/* All heaps: timers of busy or retired Ps must not wait for them. */
static bool run_all_timers(int64_t now) {
  bool any = false;
  uint32_t n = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < n; i++)
    if (__atomic_load_n(&procs_all[i]->timers.first, __ATOMIC_RELAXED) <= now)
      any |= timers_run(&procs_all[i]->timers, now);
  return any;
}

static bool any_queue_full(void) {
  uint32_t n = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < n; i++)
    if (!runq_empty(procs_all[i])) return true;
  return __atomic_load_n(&sched.queue.n, __ATOMIC_SEQ_CST) > 0;
}

/* An M above GOMAXPROCS gives its P up: everything in its ring goes to the global queue. */
static void p_retire(struct m *m) {
  struct p *p = p_release(m);
  struct g *g;
  spin_lock(&sched.lock);
  if ((g = p->runnext)) gqueue_put_locked(g);
  __atomic_store_n(&p->runnext, NULL, __ATOMIC_RELAXED);
  spin_unlock(&sched.lock);
  while ((g = runq_get(p))) {
    spin_lock(&sched.lock);
    gqueue_put_locked(g);
    spin_unlock(&sched.lock);
  }
  spin_lock(&sched.lock);
  __atomic_store_n(&p->m, NULL, __ATOMIC_RELAXED);
  if (p->id < sched.procs)
    p_idle_put_locked(p); /* GOMAXPROCS was raised again meanwhile */
  else
    __atomic_store_n(&p->status, P_DEAD, __ATOMIC_RELEASE); /* pairs with the acquire in gw_maxprocs */
  spin_unlock(&sched.lock);
  wake_one();
}

/* Somebody has to sleep for timers or descriptors. */
static bool events_wanted(void) { return __atomic_load_n(&sched.timers, __ATOMIC_RELAXED) > 0 || netpoll_wanted(); }

/* A running M is about to block without a P: who waits gets it. */
void p_give_away(struct m *m) {
  struct p *p = p_release(m);
  if (!runq_empty(p)) {
    m_start(p, false);
    return;
  }
  spin_lock(&sched.lock);
  p_idle_put_locked(p);
  spin_unlock(&sched.lock);
  fence_full(); /* as said at the top: who made a G runnable may have seen no idle P */
  if (__atomic_load_n(&sched.queue.n, __ATOMIC_RELAXED) > 0 || events_wanted())
    wake_one(); /* so that there is a sleeper */
}

/* The P's next timer is due before a thread could be asleep: waits until then, or until there is other work. */
static bool awaits_timer(struct p *p) {
  for (;;) {
    int64_t first = __atomic_load_n(&p->timers.first, __ATOMIC_RELAXED);
    if (first == TIMER_NEVER) return false;
    int64_t left = first - prim_now();
    if (left > TIMER_SOON) return false;
    if (left <= 0 || any_queue_full()) return true;
    spin_pause();
  }
}

/* Gives the P up; then looks once more, and sleeps.  Returns true with a P. */
static bool m_idle(struct m *m) {
  if (awaits_timer(m->p)) return true;
  spin_lock(&sched.lock);
  if (sched.queue.n > 0) {
    spin_unlock(&sched.lock);
    return true;
  }
  p_idle_put_locked(p_release(m));
  spin_unlock(&sched.lock);
  bool was_spinning = m->spinning;
  m->spinning = false;
  if (was_spinning) __atomic_fetch_sub(&sched.spinning, 1, __ATOMIC_SEQ_CST);
  fence_full(); /* between giving up and looking again, as said at the top */
  if (any_queue_full()) {
    spin_lock(&sched.lock);
    struct p *p = p_idle_get_locked();
    spin_unlock(&sched.lock);
    if (p) {
      p_acquire(m, p);
      m->spinning = true;
      __atomic_fetch_add(&sched.spinning, 1, __ATOMIC_SEQ_CST);
      return true;
    }
  }
  spin_lock(&sched.lock);
  if (!sched.sleeper && events_wanted()) {
    sched.sleeper = m;
    __atomic_store_n(&m->deadline, INT64_MAX, __ATOMIC_SEQ_CST);
    spin_unlock(&sched.lock);
    if (m_sleep_for_events(m)) return true;
  } else {
    spin_unlock(&sched.lock);
  }
  m_stop(m);
  return true;
}

static struct g *look(struct m *m) {
  struct p *p = m->p;
  struct g *g;
  /* Before all that may find something each time: what comes by the global queue would wait for ever. */
  if (p->schedtick % 61 == 0 && (g = global_work(m, 1))) return g;
  if (UNLIKELY(m->stress & STRESS_STEAL) && runq_has_room(p) && (g = steal_work(m))) return g;
  if (__atomic_load_n(&p->timers.first, __ATOMIC_RELAXED) != TIMER_NEVER) timers_run(&p->timers, prim_now());
  if ((g = runq_get(p))) return g;
  if ((g = global_work(m, 0))) return g;
  if (__atomic_load_n(&sched.timers, __ATOMIC_RELAXED) > 0 && run_all_timers(prim_now()) && (g = runq_get(p))) return g;
  if (netpoll_wanted() && netpoll_now(m) && (g = runq_get(p))) return g;
  /* At most half of the busy Ps' number look for work (Go's rule): more only get in each other's way. */
  uint32_t busy =
      __atomic_load_n(&sched.procs, __ATOMIC_RELAXED) - __atomic_load_n(&sched.idle_procs, __ATOMIC_RELAXED);
  if (!m->spinning && 2 * __atomic_load_n(&sched.spinning, __ATOMIC_RELAXED) >= busy) return NULL;
  if (!m->spinning) {
    m->spinning = true;
    __atomic_fetch_add(&sched.spinning, 1, __ATOMIC_SEQ_CST);
  }
  return steal_work(m);
}

static void stop_spinning(struct m *m) {
  m->spinning = false;
  if (__atomic_fetch_sub(&sched.spinning, 1, __ATOMIC_SEQ_CST) == 1) wake_one();
}

/* g may only run on the thread that it is locked to: hands that one this M's P. */
static void run_elsewhere(struct m *m, struct g *g) {
  struct m *to = g->locked_m;
  if (m->spinning) stop_spinning(m);
  to->nextp = p_release(m);
  to->spinning = false;
  to->locked_next = g;
  spin_lock(&sched.lock);
  sched.idle_ms--; /* it counts itself there, maybe only in a moment */
  spin_unlock(&sched.lock);
  m_wake(to);
}

/* Only the G that is locked to this thread runs here: who makes it run hands a P over with it, maybe already. */
static struct g *wait_for_locked(struct m *m) {
  if (m->p) m_start(p_release(m), false);
  spin_lock(&sched.lock);
  sched.idle_ms++;
  sched_check_dead_locked();
  spin_unlock(&sched.lock);
  m_sleep(m);
  GW_CHECK(m->locked_next == m->locked_g);
  m->locked_next = NULL;
  return m->locked_g;
}

struct g *m_find_work(struct m *m) {
  m->in_runtime = 1;
  for (;;) {
    if (UNLIKELY(m->locked_g)) return wait_for_locked(m);
    if (!m->p) {
      m_stop(m);
      continue;
    }
    if (UNLIKELY(m->p->id >= __atomic_load_n(&sched.procs, __ATOMIC_RELAXED))) {
      if (m->spinning) stop_spinning(m);
      p_retire(m);
      continue;
    }
    struct g *g = look(m);
    if (!g) {
      m_idle(m);
      continue;
    }
    if (UNLIKELY(g->locked_m) && g->locked_m != m) {
      run_elsewhere(m, g);
      continue;
    }
    if (m->spinning) stop_spinning(m);
    return g;
  }
}
