/* Goroutines start, park, get ready and end here; a thread goes from one to the next.
 *
 * A G that gives up its thread switches to the next runnable one directly, or to the M's own context (g0) when the
 * local queue is empty.  Only when its stack is saved may anyone find it: so the last step (unlocking a channel,
 * queueing it) is done by the context that was switched to, through m->after.
 *
 * Rejected: always by way of g0, as Go does: a second switch for each, about a third of a channel's round trip. */
#include "g.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asan.h"
#include "base/goid.h"
#include "base/options.h"
#include "godwit/inspect.h"
#include "poll.h"
#include "trace.h"

struct sched sched;
struct p *procs_all[MAX_PROCS];
_Thread_local struct g *gw__tls_g;

void m_run_after(struct m *m) {
  after_fn after = m->after;
  if (!after) return;
  m->after = NULL;
  after(m, m->after_g, m->after_arg);
}

/* The G that a running M may switch to at once; every 61st time the global queue comes first (Go's number). */
static struct g *next_local(struct m *m) {
  struct p *p = m->p;
  if (!p || m->locked_g || UNLIKELY(m->stress & STRESS_STEAL)) return NULL;
  if (p->schedtick % 61 == 0 && __atomic_load_n(&sched.queue.n, __ATOMIC_RELAXED) > 0) return NULL;
  if (UNLIKELY(p->id >= __atomic_load_n(&sched.procs, __ATOMIC_RELAXED))) return NULL;
  if (__atomic_load_n(&p->timers.first, __ATOMIC_RELAXED) != TIMER_NEVER && p->schedtick % 16 == 0) return NULL;
  struct g *g = runq_get(p);
  if (g && UNLIKELY(g->locked_m)) {
    runq_put(p, g, true);
    return NULL;
  }
  return g;
}

/* Makes g the one that runs on m. */
static void g_make_current(struct m *m, struct g *g) {
  __atomic_store_n(&g->status, G_RUNNING, __ATOMIC_RELAXED);
  g->m = m;
  m->cur = g;
  __atomic_store_n(&m->p->schedtick, m->p->schedtick + 1, __ATOMIC_RELAXED);
  race_g_switch(g->race);
  g_set_tls(g);
  paranoid_note("runs: goroutine, processor", g->id, m->p->id);
  if (tracing()) trace_note(m, TRACE_START, g->id, 0);
}

/* While it doesn't run g keeps its thread, as by gw_lock_os_thread.  False if it does already. */
static bool bind_to_thread(struct m *m, struct g *g) {
  if (g->locked_m) return false;
  g->locked_m = m;
  m->locked_g = g;
  return true;
}

static void after_exit(struct m *m, struct g *g, void *arg) {
  (void)arg;
  tools_stack_dead(g->lo, g->hi);
  g_free(m->p, g);
}

void g_switch_away(struct m *m, struct g *g, after_fn after, void *arg) {
  bool bound = g_bound_to_thread(m, g) && bind_to_thread(m, g);
  if (UNLIKELY(g->canary)) g_check_canary(g);
  g->saved_errno = *m->errno_at;
  m->after = after;
  m->after_g = g;
  m->after_arg = arg;
  struct g *next = next_local(m);
  if (next) {
    g_make_current(m, next);
  } else {
    next = &m->g0;
    m->cur = NULL;
    race_g_switch(NULL);
    g_set_tls(next);
  }
  tools_leave(m, g, next, after == after_exit);
  ctx_switch(&g->sp, next->sp);
  tools_arrive(g);
  m = g->m; /* whichever it is now */
  m_run_after(m);
  if (UNLIKELY(bound)) {
    g->locked_m->locked_g = NULL;
    g->locked_m = NULL;
  }
  *m->errno_at = g->saved_errno;
}

/* The body of every M, on its g0. */
void m_loop(struct m *m) {
  for (;;) {
    m_run_after(m);
    struct g *g = m_find_work(m);
    g_make_current(m, g);
    tools_leave(m, &m->g0, g, false);
    ctx_switch(&m->g0.sp, g->sp);
    tools_arrive(&m->g0);
  }
}

struct parking {
  void (*unlock)(void *arg);
  void *arg;
};

static void after_park(struct m *m, struct g *g, void *arg) {
  struct parking parking = *(struct parking *)arg; /* on g's stack: gone once it is unlocked */
  (void)m, (void)g;
  if (parking.unlock) parking.unlock(parking.arg);
}

static void unlock_arg(void *lock) { spin_unlock((struct spin *)lock); }

static void after_unlock(struct m *m, struct g *g, void *lock) {
  (void)m, (void)g;
  unlock_arg(lock);
}

static void thread_park(struct g *g, void (*unlock)(void *arg), void *arg) {
  __atomic_store_n(&g->wake, 0, __ATOMIC_RELAXED); /* published by the unlock */
  g->sp = __builtin_frame_address(0);              /* for dumps: the frame stays while it is parked */
  if (unlock) unlock(arg);
  /* Counted only now: `unlock` may find that it was signalled meanwhile, by somebody who has ended since (cond.c).  Who
   * wakes it before it is counted takes it off all the same, so no more are ever counted than are parked for good; and
   * who is the last to be counted looks. */
  spin_lock(&sched.lock);
  sched.parked_threads++;
  sched_check_dead_locked();
  spin_unlock(&sched.lock);
  paranoid_no_lock("a thread parks");
  while (!__atomic_load_n(&g->wake, __ATOMIC_ACQUIRE)) { /* pairs with the release in g_ready */
    /* Without a monitor who parks looks himself whether the threads that we know nothing of have ended. */
    bool look =
        __atomic_load_n(&sched.dead_maybe, __ATOMIC_RELAXED) && !__atomic_load_n(&sched.started, __ATOMIC_RELAXED);
    if (prim_futex_wait(&g->wake, 0, look ? 50 * GW_MS : -1) != -ETIMEDOUT) continue;
    spin_lock(&sched.lock);
    sched_check_dead_locked();
    spin_unlock(&sched.lock);
  }
  __atomic_store_n(&g->status, G_RUNNING, __ATOMIC_RELAXED);
  race_g_switch(g->race); /* who woke it may have ended its epoch */
}

static inline void waits(struct g *g, enum reason why) {
  paranoid_note("parks: goroutine, reason", g->id, why);
  g->reason = why;
  g->since = __atomic_load_n(&sched.now, __ATOMIC_RELAXED);
  __atomic_store_n(&g->status, G_WAITING, __ATOMIC_RELAXED);
}

static inline void park(struct g *g, enum reason why, void (*unlock)(void *arg), void *arg) {
  waits(g, why);
  if (UNLIKELY(g->thread)) {
    thread_park(g, unlock, arg);
    return;
  }
  struct parking parking = {unlock, arg};
  g_switch_away(g->m, g, after_park, &parking);
}

void g_park_now(struct g *g, enum reason why, void (*unlock)(void *arg), void *arg) { park(g, why, unlock, arg); }

void g_park(struct g *g, enum reason why, void (*unlock)(void *arg), void *arg) {
  if (UNLIKELY(__atomic_load_n(&gw__inspect_hooks.on, __ATOMIC_RELAXED) & INSPECT_WAITS))
    g_park_timed(g, why, unlock, arg);
  else
    park(g, why, unlock, arg);
}

void g_park_unlock(struct g *g, enum reason why, struct spin *lock) {
  if (UNLIKELY(g->thread || __atomic_load_n(&gw__inspect_hooks.on, __ATOMIC_RELAXED) & INSPECT_WAITS)) {
    g_park(g, why, unlock_arg, lock);
    return;
  }
  waits(g, why);
  g_switch_away(g->m, g, after_unlock, lock);
}

void g_ready(struct m *m, struct g *g) {
  if (UNLIKELY(g->readied)) g->readied = prim_now();
  paranoid_note("ready: goroutine, 1 as a thread", g->id, g->thread);
  if (tracing()) trace_ready(m, g);
  __atomic_store_n(&g->status, G_RUNNABLE, __ATOMIC_RELAXED);
  if (UNLIKELY(g->thread)) {
    spin_lock(&sched.lock);
    sched.parked_threads--; /* by who wakes it: nobody can take it for asleep from now on */
    spin_unlock(&sched.lock);
    __atomic_store_n(&g->wake, 1, __ATOMIC_RELEASE); /* pairs with the acquire in thread_park */
    prim_futex_wake(&g->wake, 1);
    return;
  }
  if (m && m->p) {
    /* What the scheduler itself wakes, for timers and descriptors, runs in the order of its coming. */
    runq_put(m->p, g, m->cur && (LIKELY(!(m->stress & STRESS_NEXT)) || rng_below(&m->rng, 2)));
    if (__atomic_load_n(&sched.procs, __ATOMIC_RELAXED) == 1) return; /* on the only one there is nobody to wake */
  } else {
    spin_lock(&sched.lock);
    gqueue_put_locked(g);
    spin_unlock(&sched.lock);
  }
  wake_one();
}

static void after_yield(struct m *m, struct g *g, void *arg) {
  (void)arg;
  paranoid_note("yields: goroutine, processor", g->id, m->p->id);
  runq_put(m->p, g, false);
}

static void after_global(struct m *m, struct g *g, void *arg) {
  (void)m, (void)arg;
  spin_lock(&sched.lock);
  gqueue_put_locked(g);
  spin_unlock(&sched.lock);
  wake_one();
}

void g_yield(struct g *g) {
  if (g->thread) {
    prim_sched_yield();
    return;
  }
  struct m *m = rt_enter(g);
  bool alone = runq_empty_own(m->p) && __atomic_load_n(&sched.queue.n, __ATOMIC_RELAXED) == 0 &&
               __atomic_load_n(&m->p->timers.first, __ATOMIC_RELAXED) == TIMER_NEVER &&
               m->p->id < __atomic_load_n(&sched.procs, __ATOMIC_RELAXED);
  if (!alone) {
    __atomic_store_n(&g->status, G_RUNNABLE, __ATOMIC_RELAXED);
    g_switch_away(m, g, after_yield, NULL);
  }
  rt_exit(g->m);
}

void g_preempt(struct g *g) {
  /* Who lost his processor waits for another one in rt_enter, and that is enough. */
  bool lost = __atomic_load_n(&g->m->retake, __ATOMIC_RELAXED) == RETAKE_TAKEN;
  struct m *m = rt_enter(g);
  bool others = !runq_empty_own(m->p) || __atomic_load_n(&sched.queue.n, __ATOMIC_RELAXED) > 0 ||
                m->p->id >= __atomic_load_n(&sched.procs, __ATOMIC_RELAXED);
  if (!lost && others) {
    __atomic_store_n(&g->status, G_RUNNABLE, __ATOMIC_RELAXED);
    g_switch_away(m, g, after_global, NULL); /* Go's: behind all that wait */
    __atomic_store_n(&g->status, G_RUNNING, __ATOMIC_RELAXED);
  }
  rt_exit(g->m);
}

void p_get_back(struct m *m, struct g *g) {
  spin_lock(&sched.lock);
  struct p *p = p_idle_get_locked();
  spin_unlock(&sched.lock);
  if (p) {
    p_acquire(m, p);
    return;
  }
  __atomic_store_n(&g->status, G_RUNNABLE, __ATOMIC_RELAXED);
  g_switch_away(m, g, after_global, NULL);
}

/* The M's P is asked for, held, or gone: see sysmon.c. Returns with a P. */
static struct m *enter_retaken(struct g *g) {
  struct m *m = g->m;
  uint32_t is;
  /* acquire: what next_steal did */
  while ((is = __atomic_load_n(&m->retake, __ATOMIC_ACQUIRE)) != RETAKE_TAKEN) {
    /* Acquire and release: pairs with the CAS in m_keep_out, one of the two wins. */
    if (is == RETAKE_NONE || (is >= RETAKE_ASKED && __atomic_compare_exchange_n(&m->retake, &is, RETAKE_NONE, false,
                                                                                __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
      return m;
    spin_pause();
  }
  paranoid_note("retaken: goroutine, processor", g->id, m->p->id);
  m->p = NULL;
  __atomic_store_n(&m->retake, RETAKE_NONE, __ATOMIC_RELEASE); /* after m->p: who holds no P isn't asked */
  uint32_t status = g->status;
  p_get_back(m, g);
  __atomic_store_n(&g->status, status, __ATOMIC_RELAXED);
  return g->m;
}

struct m *rt_enter_slow(struct g *g) {
  struct m *m = enter_retaken(g);
  if (!(m->stress & STRESS_YIELD) || rng_below(&m->rng, 2)) return m;
  uint32_t status = g->status;
  __atomic_store_n(&g->status, G_RUNNABLE, __ATOMIC_RELAXED);
  g_switch_away(m, g, after_yield, NULL);
  __atomic_store_n(&g->status, status, __ATOMIC_RELAXED);
  return g->m;
}

/* First code of a goroutine, on its own stack. */
void g_entry(void) {
  struct g *g = g_tls();
  tools_arrive(g);
  m_run_after(g->m);
  race_g_start(g->race, g->lo, g->hi);
  *g->m->errno_at = 0;
  rt_exit(g->m);
  typedef void (*entry)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
  struct gw__call call = g->call;
  call_forget(&g->call);
  ((entry)call.f)(call.a[0], call.a[1], call.a[2], call.a[3], call.a[4], call.a[5]);
  g_exit(g);
}

void g_exit(struct g *g) {
  if (UNLIKELY(g->thread)) exit(0); /* a forked child's only goroutine has ended */
  race_g_end(g->race);
  g->race = NULL;
  struct m *m = rt_enter(g);
  m->poll->locks = 0; /* what it forgot to give up doesn't bind the next one */
  paranoid_note("ends: goroutine, processor", g->id, m->p->id);
  if (tracing()) {
    trace_name(m, g);
    trace_note(m, TRACE_END, g->id, 0);
  }
  if (g->tag) g_tag_free(g);
  if (g->locked_m) {
    g->locked_m->locked_g = NULL;
    g->locked_m = NULL;
    g->locks = 0;
  }
  __atomic_store_n(&m->p->live, m->p->live - 1, __ATOMIC_RELAXED);
  __atomic_store_n(&g->status, G_DEAD, __ATOMIC_RELAXED);
  g_switch_away(m, g, after_exit, NULL);
  __builtin_unreachable();
}

void g_launch(struct m *m, const struct gw__call *call, uint64_t id, struct race_g *race, uintptr_t pc,
              uint64_t parent) {
  struct p *p = m ? m->p : NULL;
  struct g *g = g_alloc(p);
  g->id = id;
  g->call = *call;
  tools_stack_reused(g->lo, g->hi);
  g->asan_frames = NULL;
  g->sp = ctx_new(g, g_entry);
  g->go_pc = pc;
  g->parent = parent;
  g->defers = NULL;
  g->selects = NULL;
  g->tries = NULL;
  g->no_return = false;
  for (int i = 0; i < READS; i++) g->reads[i] = NULL;
  g->race = race;
  if (p)
    __atomic_store_n(&p->live, p->live + 1, __ATOMIC_RELAXED);
  else
    __atomic_fetch_add(&sched.foreign_live, 1, __ATOMIC_RELAXED);
  paranoid_note("go: goroutine, parent", id, parent);
  if (tracing()) trace_note(m, TRACE_CREATE, id, (uintptr_t)call->f);
  g_ready(m, g);
}

enum { ID_BLOCK = GW_RACE ? 1 : 16 }; /* Go's; with findings to read, numbers follow the order of creation */

/* A number for a goroutine that a running one creates. */
static uint64_t next_id(struct m *m) {
  if (!m || ID_BLOCK == 1) return goid_next();
  struct p *p = m->p;
  if (p->ids_left == 0) {
    p->next_id = goid_take(ID_BLOCK);
    p->ids_left = ID_BLOCK;
  }
  p->ids_left--;
  return p->next_id++;
}

void g_start(struct g *creator, const struct gw__call *call, uintptr_t pc, struct race_at at) {
  if (UNLIKELY(!__atomic_load_n(&sched.started, __ATOMIC_ACQUIRE))) sched_start(); /* pairs with its release */
  if (UNLIKELY(creator->id == 1 && creator->thread)) main_join(creator);
  struct m *m = rt_enter(creator);
  uint64_t id = next_id(m);
  g_launch(m, call, id, race_g_create(creator->race, id, at), pc, creator->id);
  /* Who starts very many lets those that wait run first: else each would need a stack of its own before the first ends,
   * and be out of the cache before it begins.  Go's monitor preempts him; rejected as that comes after 10 ms. */
  if (m && UNLIKELY(runq_full(m->p)) && !creator->locked_m && !g_bound_to_thread(m, creator)) {
    __atomic_store_n(&creator->status, G_RUNNABLE, __ATOMIC_RELAXED);
    g_switch_away(m, creator, after_yield, NULL);
    m = creator->m;
  }
  rt_exit(m);
}
