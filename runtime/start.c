/* Start of the scheduler, foreign threads, main, and the number of processors. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "asan.h"
#include "base/arena.h"
#include "base/goid.h"
#include "base/options.h"
#include "g.h"
#include "leak.h"
#include "poll.h"
#include "trace.h"

static pthread_key_t thread_key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

/* A foreign thread ends: its G may serve another one. */
static void thread_gone(void *arg) {
  struct g *g = arg;
  g_set_tls(NULL);
  if (g->tag) g_tag_free(g);
  spin_lock(&sched.lock);
  __atomic_store_n(&g->status, G_DEAD, __ATOMIC_RELAXED);
  sched.threads--;
  __atomic_fetch_sub(&sched.foreign_live, 1, __ATOMIC_RELAXED);
  sched_check_dead_locked();
  spin_unlock(&sched.lock);
}

static void key_create(void) {
  options_init();
  prim_membarrier_init();
  sched.start = sched.now = prim_now();
  fork_prepare();
  trace_init();
  leak_init();
  if (pthread_key_create(&thread_key, thread_gone) != 0) gw__fatal("no thread-specific key is left for the runtime");
}

/* By whoever comes first; who comes later learns nothing of what that one did before. */
static void init_once(void) {
  race_hide_threads(true);
  pthread_once(&key_once, key_create);
  race_hide_threads(false);
}

static struct g *thread_g_reuse_locked(void) {
  for (struct g *g = sched.thread_gs; g; g = g->thread_next)
    if (g->thread && g->id != 1 && g->status == G_DEAD) {
      g->status = G_RUNNING;
      return g;
    }
  return NULL;
}

struct g *g_adopt(void) {
  init_once();
  bool is_main = prim_gettid() == (uint32_t)getpid();
  struct race_g *race = race_self();
  spin_lock(&sched.lock);
  struct g *g = is_main ? NULL : thread_g_reuse_locked();
  spin_unlock(&sched.lock);
  bool listed = g != NULL;
  if (!g) g = arena_alloc(sizeof *g);
  g->id = is_main ? 1 : GW_RACE ? race_g_id(race) : goid_next();
  g->race = race;
  g->thread = true;
  g->status = G_RUNNING;
  g->end = is_main ? 0 : (uintptr_t)pthread_self(); /* glibc: the thread's descriptor lies above its stack */
  g->tid = prim_gettid();
  g->readied = 0;
  g->defers = NULL;
  g->selects = NULL;
  g->tries = NULL;
  g->no_return = false;
  spin_lock(&sched.lock);
  sched.threads++;
  if (!listed) {
    g->thread_next = sched.thread_gs;
    __atomic_store_n(&sched.thread_gs, g, __ATOMIC_RELEASE); /* pairs with the acquire in g_each */
  }
  __atomic_fetch_add(&sched.foreign_live, 1, __ATOMIC_RELAXED);
  spin_unlock(&sched.lock);
  if (!is_main) pthread_setspecific(thread_key, g);
  g_set_tls(g);
  return g;
}

static struct p *p_new(uint32_t id) {
  struct p *p = arena_alloc(sizeof *p);
  p->id = id;
  p->timers.first = TIMER_NEVER;
  return p;
}

/* Creates the Ps up to n that don't exist yet. */
static void procs_grow_locked(uint32_t n) {
  for (uint32_t i = sched.all_procs; i < n; i++) {
    procs_all[i] = p_new(i);
    p_idle_put_locked(procs_all[i]);
    __atomic_store_n(&sched.all_procs, i + 1, __ATOMIC_RELEASE); /* pairs with the acquires of who walks procs_all */
  }
}

static uint32_t procs_wanted(void) {
  int64_t n = gw__opts.maxprocs > 0 ? gw__opts.maxprocs : prim_ncpu();
  return n > MAX_PROCS ? MAX_PROCS : (uint32_t)n;
}

void sched_start(void) {
  init_once();
  spin_lock(&sched.lock);
  bool mine = !sched.started;
  if (mine) {
    if (!sched.procs) sched.procs = procs_wanted();
    sched.stress = stress_wanted();
    procs_grow_locked(sched.procs);
    __atomic_store_n(&sched.started, true, __ATOMIC_RELEASE); /* pairs with the acquire in g_start */
  }
  spin_unlock(&sched.lock);
  if (!mine) return;
  signals_install();
  sysmon_start();
}

static void m0_entry(void) {
  tools_arrive(g_tls());
  m_loop(g_tls()->m);
}

void main_join(struct g *g) {
  spin_lock(&sched.lock);
  struct p *p = p_idle_get_locked();
  if (p) sched.threads--;
  spin_unlock(&sched.lock);
  if (!p) return;
  struct m *m = m_new();
  m->errno_at = &errno;
  poll_thread_begin(m);
  struct g *stack = g_alloc(NULL); /* for the scheduler's own context; never freed */
  m->g0.lo = stack->lo;
  m->g0.hi = stack->hi;
  m->g0.sp = ctx_new(stack, m0_entry);
  __atomic_fetch_sub(&sched.foreign_live, 1, __ATOMIC_RELAXED);
  m->tid = prim_gettid();
  p_acquire(m, p);
  if (tracing()) trace_note(m, TRACE_START, g->id, 0);
  __atomic_store_n(&p->live, p->live + 1, __ATOMIC_RELAXED);
  signals_stack_install();
  prim_timer_slack(1); /* 50 us else; it may be the one that sleeps for timers */
  m->cur = g;
  m->tid = g->tid;
  g->m = m;
  g->thread = false;
  if (__atomic_load_n(&sched.sysmon_idle, __ATOMIC_RELAXED)) sysmon_poke(); /* our threads may all have slept */
  rt_exit(m);
}

int64_t g_count(void) {
  int64_t n = __atomic_load_n(&sched.foreign_live, __ATOMIC_RELAXED);
  uint32_t procs = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < procs; i++) n += __atomic_load_n(&procs_all[i]->live, __ATOMIC_RELAXED);
  return n;
}

int gw_num_goroutine(void) {
  g_self();
  return (int)g_count();
}

int gw_maxprocs(int n) {
  g_self();
  if (n > MAX_PROCS) n = MAX_PROCS;
  spin_lock(&sched.lock);
  if (!sched.procs) sched.procs = procs_wanted();
  int old = (int)sched.procs;
  if (n >= 1 && n != old) {
    __atomic_store_n(&sched.procs, (uint32_t)n, __ATOMIC_RELAXED);
    if (sched.started) {
      /* Fewer: idle ones leave now, busy ones when their M next looks for work. */
      struct p *keep = NULL, *p;
      while ((p = p_idle_get_locked())) {
        if (p->id < (uint32_t)n) {
          p->idle_next = keep;
          keep = p;
        } else {
          __atomic_store_n(&p->status, P_DEAD, __ATOMIC_RELEASE);
        }
      }
      while ((p = keep)) {
        keep = p->idle_next;
        p_idle_put_locked(p);
      }
      for (uint32_t i = 0; i < sched.all_procs && i < (uint32_t)n; i++)
        if (__atomic_load_n(&procs_all[i]->status, __ATOMIC_ACQUIRE) == P_DEAD) p_idle_put_locked(procs_all[i]);
      procs_grow_locked((uint32_t)n);
    }
  }
  bool more = sched.started && n > old;
  spin_unlock(&sched.lock);
  if (more) {
    struct m *m = rt_enter(g_self());
    wake_one();
    rt_exit(g_self()->m);
    (void)m;
  }
  return old;
}
