/* Leaked goroutines, found as Go 1.27 does it.  A blocked goroutine is assumed to be leaked until something that lives
 * reaches what it waits on; then it lives itself, and what its stack holds can be reached, and so on.
 *
 * What lives: goroutines that run, may run or sleep, foreign threads, armed timers, and all writable memory of the
 * program.  The world stands still meanwhile (still.h), with the timers' locks, sched.lock and own.h's held, so that
 * none of these is torn.
 *
 * At the end of the process nothing is reached from the stack that exits.  Goroutines that something living holds
 * (a sleeper's stack, an armed timer) aren't blocked for good and don't count; those that only a global or the heap
 * leads to are suspected; the others are proven. */
#include "leak.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/log.h"
#include "base/options.h"
#include "dump.h"
#include "godwit/inspect.h"
#include "godwit/leaks.h"
#include "maps.h"
#include "reach.h"
#include "still.h"
#include "world.h"

enum { ROOTS_MAX = 16, CIRCLES_MAX = 32, REST_NS = 1000000000, REST_STEP_NS = 100000 };

static struct {
  struct spin lock;
  uint32_t n;
  struct {
    uintptr_t lo, hi;
  } v[ROOTS_MAX];
} roots;

void leak_root(const void *at, size_t n) {
  spin_lock(&roots.lock);
  for (uint32_t i = 0; i < roots.n; i++)
    if (roots.v[i].lo == (uintptr_t)at) n = 0;
  if (n == 0) {
    spin_unlock(&roots.lock);
    return;
  }
  GW_CHECK(roots.n < ROOTS_MAX);
  roots.v[roots.n].lo = (uintptr_t)at;
  roots.v[roots.n++].hi = (uintptr_t)at + n;
  spin_unlock(&roots.lock);
}

/* One search at a time: guards the marks in the Gs. */
static uint32_t searching;

static void search_lock(void) {
  while (__atomic_exchange_n(&searching, 1, __ATOMIC_ACQUIRE)) prim_futex_wait(&searching, 1, 10 * GW_MS);
}
static void search_unlock(void) {
  __atomic_store_n(&searching, 0, __ATOMIC_RELEASE);
  prim_futex_wake(&searching, 1);
}

/* Who searched in the parent isn't there. */
void leak_after_fork(void) {
  roots.lock = (struct spin){0};
  __atomic_store_n(&searching, 0, __ATOMIC_RELAXED);
}

/* A goroutine that nothing but another one's doing can wake.  Foreign threads' are none: their stacks are scanned with
 * the rest of the memory. */
static bool is_blocked(const struct g *g) {
  if (__atomic_load_n(&g->status, __ATOMIC_RELAXED) != G_WAITING || g->thread) return false;
  return g->reason != WAIT_SLEEP && g->reason != WAIT_IO && g->reason != WAIT_NONE;
}

static void mark_begin(struct g *g, void *arg) {
  (void)arg;
  g->leak = is_blocked(g) ? LEAK_BLOCKED : LEAK_NONE;
  /* only a blocked one can be reached; where one is suspended that never was says its field nothing */
  if (g->id != 1 || g->leak != LEAK_BLOCKED || !g->sp) return;
  struct inspect_g v;
  inspect_g(g, &v);
  reach_main_stack(g, (uintptr_t)g->sp, stack_end(&v));
}

static void hide_own_stacks(void) {
  for (struct m *m = sched.all_m; m; m = m->all_next)
    if (m->g0.end) maps_skip_below(m->g0.end);
  if (sched.sysmon_stack) maps_skip_below(sched.sysmon_stack);
  for (int i = 0; i < HELPERS_MAX; i++)
    if (sched.helper_stack[i]) maps_skip_below(sched.helper_stack[i]);
}

/* Words of a thread that was stopped: it may be about to wake a goroutine that it has already taken out of a queue. */
static void reach_running(uintptr_t lo, uintptr_t hi) {
  for (uintptr_t at = lo & ~(uintptr_t)7; at + 8 <= hi; at += 8) {
    uintptr_t word = *(const uintptr_t *)at;
    struct g *g = g_slot_of(word);
    for (; g && word == (uintptr_t)g && g->leak == LEAK_BLOCKED; g = g->next, word = (uintptr_t)g)
      reach_g(g, (uintptr_t)g->sp);
  }
  reach_range(lo & ~(uintptr_t)7, hi);
}

/* `main_hi`: end of main's stack.  An M without a P and a G sleeps: what its stack holds is past.  One may also be on
 * none of our stacks, nor the system's for it: in a handler that has its own, or where the detector tells a finding. */
static void reach_thread(const struct stopped *t, uintptr_t main_hi) {
  enum { RED_ZONE = 128, MAIN_STACK_MAX = 64 << 20 }; /* ABI; guess */
  struct m *m = still_m_of(t->tid);
  if (m && !m->p && !m->cur) return;
  struct g *g = g_slot_of(t->sp);
  uintptr_t hi = m && maps_below(t->sp, m->g0.end) ? m->g0.end : 0;
  if (g && t->sp < (uintptr_t)g->hi && g->status != G_DEAD) {
    reach_g(g, t->sp - RED_ZONE);
    hi = (uintptr_t)g->hi;
  } else if (g) {
    hi = (uintptr_t)g->hi; /* main's thread, in the scheduler */
  } else if (main_hi - t->sp < MAIN_STACK_MAX) {
    hi = main_hi;
  }
  if (t->sp < hi) reach_running(t->sp - RED_ZONE, hi);
  reach_running((uintptr_t)t->regs, (uintptr_t)(t->regs + WORLD_REGISTERS));
}

static void reach_threads(void) {
  uint32_t n;
  const struct stopped *t = world_threads(&n);
  uintptr_t main_hi = main_stack_end();
  size_t tls = (size_t)(gw__tls_end - gw__tls_begin); /* the same for each thread */
  maps_hole((uintptr_t)gw__tls_begin, (uintptr_t)gw__tls_end);
  for (uint32_t i = 0; i < n; i++) {
    if (!__atomic_load_n(&t[i].state, __ATOMIC_ACQUIRE)) continue;
    maps_hole(t[i].tls, t[i].tls + tls);
    reach_thread(&t[i], main_hi);
  }
}

/* All that isn't blocked and isn't the caller's.  One that runs on a thread that can't be stopped: all of its stack. */
static void reach_unblocked(struct g *g, void *self) {
  uint32_t status = __atomic_load_n(&g->status, __ATOMIC_RELAXED);
  if (g == self || g->thread || g->leak != LEAK_NONE || (!g->lo && g->id != 1)) return;
  bool runs = status == G_RUNNING || status == G_BLOCKING;
  reach_g(g, runs && g->lo ? (uintptr_t)g->lo : (uintptr_t)g->sp);
}

static void reach_timers(void) {
  for (uint32_t i = 0; i < still_procs; i++)
    for (uint32_t k = 0; k < procs_all[i]->timers.n; k++) reach_word((uintptr_t)procs_all[i]->timers.heap[k]);
}

/* Who waits only for such as live: not for good. */
static bool waits_for_live(const struct g *g) {
  const struct g *owner;
  unsigned live = 0, i = 0;
  for (; (owner = deadlock_next(g, i)); i++) live += owner->leak == LEAK_LIVE;
  if (i > 0) return live == i;
  for (; (owner = deadlock_perhaps_next(g, i)); i++)
    if (owner->leak == LEAK_LIVE) return true;
  return false;
}

static void revive_waiter(struct g *g, void *arg) {
  (void)arg;
  if (g->leak == LEAK_BLOCKED && waits_for_live(g)) reach_g(g, (uintptr_t)g->sp);
}

static void follow_locks(void) {
  do {
    reach_follow();
    g_each(revive_waiter, NULL);
  } while (reach_follow() > 0);
}

static void spare(struct g *g, void *arg) {
  (void)arg;
  if (g->leak == LEAK_LIVE) g->leak = LEAK_NONE;
}

static void mark_all(struct g *self, uintptr_t fp) {
  g_each(mark_begin, NULL);
  hide_own_stacks();
  if (fp && self) reach_g(self, fp);
  reach_threads();
  g_each(reach_unblocked, self);
  reach_timers();
  for (uint32_t i = 0; i < roots.n; i++) reach_range(roots.v[i].lo, roots.v[i].hi);
  if (!fp) {
    follow_locks();
    g_each(spare, NULL);
  }
  reach_globals();
  reach_follow();
}

/* Marks all goroutines: BLOCKED is leaked; at the end of the process LIVE is suspected to be.  `fp` is the caller's
 * frame, 0 at the end.  False if it can't be known. */
static bool search(struct g *self, uintptr_t fp) {
  bool ok = still_begin() && maps_begin();
  deadlock_search_begin();
  if (ok) {
    ok = reach_begin();
    if (ok) mark_all(self, fp);
    ok = reach_end() && ok;
  }
  maps_end();
  still_end();
  return ok;
}

/* ---- what the marks say ---- */

struct chosen {
  struct g **v;
  unsigned n, room;
  uint32_t mark; /* of which leak_mark; LEAK_NONE: of both that can be leaked */
  struct g *self;
};

static void choose(struct g *g, void *arg) {
  struct chosen *c = arg;
  if (g->leak == LEAK_NONE || (c->mark != LEAK_NONE && g->leak != c->mark)) return;
  if (g == c->self || c->n == c->room || !is_blocked(g)) return;
  if (!c->v)
    c->n++;
  else
    c->v[c->n++] = g;
}

/* The caller frees v. */
static struct chosen chosen_get(struct g *self, enum leak_mark mark) {
  struct chosen c = {.room = UINT32_MAX, .mark = mark, .self = self};
  g_each(choose, &c);
  c.room = c.n;
  c.n = 0;
  if (c.room == 0) return c;
  c.v = arena_alloc(c.room * sizeof(struct g *));
  g_each(choose, &c);
  return c;
}

static void chosen_free(struct chosen *c) {
  if (c->v) arena_free(c->v, c->room * sizeof(struct g *));
}

static bool same_circle(const struct circle *a, const struct circle *b) {
  for (unsigned i = 0; a->n == b->n && i < a->n; i++)
    if (a->g[i] != b->g[i]) return false;
  return a->n == b->n;
}

static bool in_one_of(const struct circle *c, unsigned n, const struct g *g) {
  for (unsigned i = 0; i < n; i++)
    for (unsigned k = 0; k < c[i].n; k++)
      if (c[i].g[k] == g) return true;
  return false;
}

/* Circles are told by themselves, and their members, who may be in several, counted. */
static unsigned report_circles(const struct circle *c, unsigned n) {
  unsigned members = 0;
  for (unsigned i = 0; i < n; i++) {
    leak_report_circle(&c[i]);
    for (unsigned k = 0; k < c[i].n; k++) {
      members += !in_one_of(c, i, c[i].g[k]);
      c[i].g[k]->leak = LEAK_NONE;
    }
  }
  return members;
}

/* Circles that stood twice in a row: what was seen once may have been a lock on its way from one to the next. */
static unsigned stable_circles(struct circle *out) {
  static struct circle again[CIRCLES_MAX];
  unsigned n = deadlock_locks(out, CIRCLES_MAX), kept = 0;
  if (n == 0) return 0;
  uint32_t never = 0;
  prim_futex_wait(&never, 0, GW_MS);
  unsigned m = deadlock_locks(again, CIRCLES_MAX);
  for (unsigned i = 0; i < n; i++)
    for (unsigned k = 0; k < m; k++)
      if (same_circle(&out[i], &again[k])) {
        out[kept++] = out[i];
        break;
      }
  return kept;
}

static void mark_waiting(struct g *g, void *arg) {
  (void)arg;
  g->leak = is_blocked(g) ? LEAK_BLOCKED : LEAK_NONE;
}

/* Tells what `search` found; how many goroutines. */
static int tell(struct g *self, bool at_exit, bool proof) {
  static struct circle circles[CIRCLES_MAX]; /* guarded by search_lock */
  if (!proof) g_each(mark_waiting, NULL);
  unsigned n = stable_circles(circles);
  unsigned count = report_circles(circles, n);
  if (!proof && !at_exit) return (int)count;
  struct chosen all = chosen_get(self, at_exit ? LEAK_NONE : LEAK_BLOCKED);
  n = all.n ? deadlock_held(all.v, all.n, circles, CIRCLES_MAX) : 0;
  count += report_circles(circles, n);
  chosen_free(&all);
  struct chosen proven = chosen_get(self, LEAK_BLOCKED);
  if (proven.n) leak_report(proven.v, proven.n, proof ? LEAK_PROVEN : LEAK_SUSPECTED);
  count += proven.n;
  chosen_free(&proven);
  if (!at_exit) return (int)count;
  struct chosen suspected = chosen_get(self, LEAK_LIVE);
  if (suspected.n) leak_report(suspected.v, suspected.n, LEAK_SUSPECTED);
  count += suspected.n;
  chosen_free(&suspected);
  return (int)count;
}

int gw_leak_check(void) {
  struct g *g = g_self();
  struct m *m = rt_enter(g);
  __builtin_unwind_init(); /* registers that the callers keep lie in this frame now */
  search_lock();
  bool proof = search(g, (uintptr_t)__builtin_frame_address(0) - 256);
  int n = tell(g, false, proof);
  search_unlock();
  rt_exit(m);
  return n;
}

struct telling {
  void (*f)(const struct inspect_g *g, void *arg);
  void *arg;
};

static void tell_one(struct g *g, void *arg) {
  struct telling *t = arg;
  struct inspect_g v;
  if (g->leak != LEAK_BLOCKED || !is_blocked(g)) return;
  inspect_g(g, &v);
  t->f(&v, t->arg);
}

bool inspect_leaked(void (*f)(const struct inspect_g *g, void *arg), void *arg) {
  struct g *g = g_tls(); /* NULL on a helper */
  struct m *m = g ? rt_enter(g) : NULL;
  struct telling telling = {f, arg};
  __builtin_unwind_init(); /* as above */
  search_lock();
  bool proof = search(g, (uintptr_t)__builtin_frame_address(0) - 256);
  if (proof) g_each(tell_one, &telling);
  search_unlock();
  if (g) rt_exit(g->m);
  (void)m;
  return proof;
}

/* ---- at the end ---- */

/* The others, at one look. */
struct unrest {
  const struct g *self;
  bool any;   /* somebody isn't parked */
  bool wants; /* somebody has work to do: a processor is all that he may lack */
};

static void look_at(struct g *g, void *arg) {
  uint32_t status = __atomic_load_n(&g->status, __ATOMIC_RELAXED);
  struct unrest *u = arg;
  if (g == u->self || g->thread || (status != G_RUNNABLE && status != G_RUNNING)) return;
  u->any = true;
  if (u->wants) return;
  struct inspect_g v;
  inspect_g(g, &v);
  u->wants = status == G_RUNNABLE || prim_thread_runs(v.tid);
}

/* How long the others have not come to rest. A machine that has other work, or a finding that is being told, is not
 * their fault: a wait for a processor counts as much as was used of one, and one for the log not at all. */
struct patience {
  int64_t now, cpu; /* at the last look */
  int64_t spent;
};

static bool patience_left(struct patience *p, bool wants) {
  int64_t now = prim_now(), cpu = prim_cpu_now(), used = cpu - p->cpu, passed = now - p->now;
  p->now = now;
  p->cpu = cpu;
  if (!__atomic_load_n(&log_lock.held, __ATOMIC_RELAXED)) p->spent += wants && used < passed ? used : passed;
  return p->spent < REST_NS;
}

/* Lets the others run until none can; who hangs in a loop or in a call of the system's has a second. */
static void let_rest(struct g *self) {
  struct patience p = {prim_now(), prim_cpu_now(), 0};
  unsigned calm = 0;
  uint32_t never = 0;
  for (;;) {
    struct unrest u = {.self = self};
    g_each(look_at, &u);
    calm = u.any ? 0 : calm + 1;
    if (calm == 2 || !patience_left(&p, u.wants)) break;
    if (self->thread)
      prim_futex_wait(&never, 0, REST_STEP_NS);
    else
      gw_sleep(REST_STEP_NS);
  }
}

/* Goroutine 1 may wait for ever while another one ends the process. */
static void spare_main(struct g *g, void *arg) {
  (void)arg;
  if (g->id == 1) g->leak = LEAK_NONE;
}

static void at_exit(int status, void *arg) {
  (void)arg;
  struct g *g = g_self();
  gw_lock_os_thread(); /* exit is under way on this thread */
  let_rest(g);
  struct m *m = rt_enter(g);
  search_lock();
  bool proof = search(g, 0);
  g_each(spare_main, NULL);
  tell(g, true, proof);
  search_unlock();
  rt_exit(m);
  gw_unlock_os_thread();
  if (GW_RACE) return; /* the detector sees to the status, later */
  int wanted = log_exit_status(status & 0xff);
  if (wanted != (status & 0xff)) exit(wanted);
}

void leak_init(void) {
  if (gw__opts.leakcheck) on_exit(at_exit, NULL);
}

bool leak_watch(int64_t now) {
  enum { EVERY = 1000000000 };
  static struct circle before[CIRCLES_MAX], found[CIRCLES_MAX]; /* the monitor's alone */
  static unsigned n_before;
  static int64_t last;
  if (LIKELY(!gw__opts.leakcheck)) return false;
  if (now - last < EVERY || __atomic_exchange_n(&searching, 1, __ATOMIC_ACQUIRE)) return true;
  last = now;
  unsigned n = deadlock_locks(found, CIRCLES_MAX);
  for (unsigned i = 0; i < n; i++)
    for (unsigned k = 0; k < n_before; k++)
      if (same_circle(&found[i], &before[k])) leak_report_circle(&found[i]);
  n_before = n;
  for (unsigned i = 0; i < n; i++) before[i] = found[i];
  search_unlock();
  return true;
}
