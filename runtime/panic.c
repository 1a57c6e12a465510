/* Panics, deferred calls, gw_try, gw_goexit, and the two ways in which a process ends by us.
 *
 * Deferred calls stand in a list per goroutine, innermost first, their records in the frames of their scopes.  A panic
 * runs them on top of the stack, so that those frames still stand, down to the innermost gw_try, and jumps there. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/tools.h"
#include "dump.h"
#include "g.h"
#include "select.h"
#include "trace.h"

struct trying {
  struct ctx_mark mark;
  struct trying *outer;
  struct gw__defer *defers;      /* the list as it was on entering */
  struct select_memory *selects; /* likewise */
  gw_panic_info *out;            /* may be NULL */
};

void gw__defer_begin(struct gw__defer *d) {
  struct g *g = g_self();
  d->outer = g->defers;
  g->defers = d;
}

void gw__defer_end(struct gw__defer *d) {
  g_self()->defers = d->outer;
  d->f(d->arg);
}

/* Innermost first, down to `end`; each is off the list before it runs, so that a panic in it goes on with the next. */
static void run_defers(struct g *g, struct gw__defer *end) {
  while (g->defers != end) {
    struct gw__defer *d = g->defers;
    g->defers = d->outer;
    d->f(d->arg);
  }
}

typedef intptr_t (*call6)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

bool gw__try(gw_panic_info *out, const struct gw__call *call) {
  struct g *g = g_self();
  struct trying t = {.outer = g->tries, .defers = g->defers, .selects = g->selects, .out = out};
  g->tries = &t;
  if (ctx_mark(&t.mark)) {
    g = g_tls();
    struct trying *mine = g->tries; /* not from a register: they are as they were at the mark */
    g->tries = mine->outer;
    if (mine->out) race_access(g->race, mine->out, sizeof *mine->out, RACE_WRITE, RACE_HERE());
    return false;
  }
  const uintptr_t *a = call->a;
  ((call6)call->f)(a[0], a[1], a[2], a[3], a[4], a[5]);
  g_tls()->tries = g_tls()->tries->outer;
  return true;
}

void gw_panic(const char *fmt, ...) {
  char message[sizeof(gw_panic_info)];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(message, sizeof message, fmt, ap);
  va_end(ap);
  struct g *g = g_self();
  struct trying *t = g->no_return ? NULL : g->tries;
  run_defers(g, t ? t->defers : NULL);
  if (t) {
    select_drop(g, t->selects);
    if (t->out) memcpy(t->out->message, message, sizeof message);
    tools_no_return();
    ctx_jump(&t->mark);
  }
  dump_panic(g, message);
  trace_write();
  prim_exit(race_exit_status(2));
}

/* Main's thread, which never started a goroutine, must not end either: the process would. */
static _Noreturn void main_thread_leaves(struct g *g) {
  static uint32_t never;
  spin_lock(&sched.lock);
  sched.main_gone = true;
  sched.parked_threads++;
  __atomic_fetch_sub(&sched.foreign_live, 1, __ATOMIC_RELAXED);
  __atomic_store_n(&g->status, G_DEAD, __ATOMIC_RELAXED);
  sched_check_dead_locked();
  spin_unlock(&sched.lock);
  for (;;) prim_futex_wait(&never, 0, -1);
}

void gw_goexit(void) {
  struct g *g = g_self();
  g->no_return = true;
  run_defers(g, NULL);
  select_drop(g, NULL);
  if (g->thread && g->id == 1) main_thread_leaves(g);
  if (g->thread) pthread_exit(NULL);
  if (g->id == 1) {
    /* Main's stack is not ours to reuse: it waits for the process to end. */
    struct m *m = rt_enter(g);
    __atomic_store_n(&m->p->live, m->p->live - 1, __ATOMIC_RELAXED);
    sched.main_gone = true;
    __atomic_store_n(&g->status, G_DEAD, __ATOMIC_RELAXED);
    for (;;) g_park(g, WAIT_NONE, NULL, NULL);
  }
  g_exit(g);
}

void fatal_error(const char *message, const char *finding, struct race_at at) {
  struct g *g = g_self();
  dump_fatal(g->id ? g : NULL, finding, message, at); /* id 0: a scheduler's own context */
  trace_write();
  prim_exit(race_exit_status(2));
}

void fatal_all_asleep(void) {
  dump_asleep();
  trace_write();
  prim_exit(race_exit_status(2));
}
