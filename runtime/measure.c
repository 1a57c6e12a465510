/* What the profiles are told: how long waits took, and who made others wait for a lock.  Off, all of it costs one
 * predictable branch in g_park, g_ready and the locks' slow ways.
 *
 * A wait lasts until somebody makes the goroutine ready (Go's rule): that it then waits for a processor is the
 * scheduler's latency, which is told apart.  g->readied is 1 from before the goroutine can be found until g_ready,
 * which finds it there, puts the time; both are ordered by the primitive's lock. */
#include <pthread.h>
#include <signal.h>

#include "base/arena.h"
#include "dump.h"
#include "g.h"
#include "godwit/inspect.h"
#include "trace.h"

struct inspect_hooks gw__inspect_hooks;

enum { LATENCY_EVERY = 64 }; /* guess: seldom enough not to be felt, often enough for a histogram */

/* Sleeps, waits for the system and waits for ever are no contention (Go's rule). */
static bool counts(enum reason why) {
  switch (why) {
    case WAIT_SLEEP:
    case WAIT_IO:
    case WAIT_RECV_NIL:
    case WAIT_SEND_NIL:
    case WAIT_SELECT_NONE:
      return false;
    default:
      return true;
  }
}

static bool latency_due(struct g *g, uint32_t on) {
  return on & INSPECT_LATENCY && g->m && ++g->m->parks % LATENCY_EVERY == 0;
}

void g_park_timed(struct g *g, enum reason why, void (*unlock)(void *arg), void *arg) {
  uint32_t on = __atomic_load_n(&gw__inspect_hooks.on, __ATOMIC_ACQUIRE); /* pairs with the release of who sets it */
  if (on & INSPECT_TRACE) trace_block(g, why, (uintptr_t)__builtin_frame_address(0));
  bool blocked = on & INSPECT_BLOCK && counts(why), latency = latency_due(g, on);
  if (!blocked && !latency) {
    g_park_now(g, why, unlock, arg);
    return;
  }
  int64_t began = blocked ? prim_now() : 0;
  g->readied = 1;
  g_park_now(g, why, unlock, arg);
  int64_t readied = g->readied;
  g->readied = 0;
  if (blocked) gw__inspect_hooks.blocked(readied - began, (uintptr_t)__builtin_frame_address(0));
  if (latency) gw__inspect_hooks.latency(prim_now() - readied);
}

int64_t measure_contention_begin(void) {
  return UNLIKELY(__atomic_load_n(&gw__inspect_hooks.on, __ATOMIC_RELAXED) & INSPECT_MUTEX) ? prim_now() : 0;
}

void measure_contended(int64_t since) {
  uint32_t on = __atomic_load_n(&gw__inspect_hooks.on, __ATOMIC_ACQUIRE); /* as above */
  if (on & INSPECT_MUTEX) gw__inspect_hooks.contended(prim_now() - since, (uintptr_t)__builtin_frame_address(0));
}

int inspect_own_stack(uintptr_t fp, uintptr_t *pcs, int max) {
  struct inspect_g v;
  inspect_g(g_self(), &v);
  return stack_walk(0, fp, fp, stack_end(&v), pcs, max);
}

bool inspect_current(struct inspect_g *v) {
  struct g *g = g_tls();
  if (!g || (g->m && g == &g->m->g0)) return false;
  inspect_g(g, v);
  return true;
}

void inspect_sched(struct inspect_sched *s) {
  *s = (struct inspect_sched){.goroutines = g_count(),
                              .gomaxprocs = __atomic_load_n(&sched.procs, __ATOMIC_RELAXED),
                              .idle_procs = __atomic_load_n(&sched.idle_procs, __ATOMIC_RELAXED),
                              .threads = __atomic_load_n(&sched.ms, __ATOMIC_RELAXED),
                              .foreign_threads = __atomic_load_n(&sched.threads, __ATOMIC_RELAXED),
                              .global_queue = __atomic_load_n(&sched.queue.n, __ATOMIC_RELAXED),
                              .timers = __atomic_load_n(&sched.timers, __ATOMIC_RELAXED),
                              .thread_entry = (uintptr_t)m_main + 1,
                              .start = sched.start};
  s->procs = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE); /* pairs with procs_grow_locked */
}

uint32_t inspect_runq(uint32_t i) {
  struct p *p = procs_all[i];
  uint32_t head = __atomic_load_n(&p->head, __ATOMIC_RELAXED), tail = __atomic_load_n(&p->tail, __ATOMIC_RELAXED);
  uint32_t n = tail - head;
  return (n > RUNQ_SIZE ? 0 : n) + (__atomic_load_n(&p->runnext, __ATOMIC_RELAXED) != NULL);
}

struct helper {
  void (*f)(void *arg);
  void *arg;
};

/* A free entry; NULL: there are many. */
static uintptr_t *helper_place_locked(void) {
  for (int i = 0; i < HELPERS_MAX; i++)
    if (!sched.helper_stack[i]) return &sched.helper_stack[i];
  return NULL;
}

static void *helper_main(void *arg) {
  struct helper h = *(struct helper *)arg;
  arena_free(arg, sizeof h);
  spin_lock(&sched.lock);
  uintptr_t *stack = helper_place_locked();
  if (stack) *stack = (uintptr_t)pthread_self(); /* as for a foreign thread */
  spin_unlock(&sched.lock);
  h.f(h.arg);
  spin_lock(&sched.lock);
  if (stack) *stack = 0;
  sched.helpers--;
  spin_unlock(&sched.lock);
  return NULL;
}

int inspect_thread_start(void (*f)(void *arg), void *arg) {
  pthread_t thread;
  pthread_attr_t attr;
  sigset_t all, old;
  struct helper *h = arena_alloc(sizeof *h);
  *h = (struct helper){f, arg};
  spin_lock(&sched.lock);
  sched.helpers++;
  spin_unlock(&sched.lock);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  race_hide_threads(true);
  int e = pthread_create(&thread, &attr, helper_main, h);
  race_hide_threads(false);
  pthread_attr_destroy(&attr);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (e == 0) return 0;
  spin_lock(&sched.lock);
  sched.helpers--;
  spin_unlock(&sched.lock);
  arena_free(h, sizeof *h);
  return -e;
}
