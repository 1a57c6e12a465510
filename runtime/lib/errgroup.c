/* Error groups: a wait group, a context, and a semaphore where there is a limit.
 *
 * A function's goroutine gives back its place before it is done, and is done last of all: from then on the group may be
 * freed.  For the detector nothing is said here: wait group and semaphore say all that the header promises. */
#include "base/arena.h"
#include "runtime/g.h"

struct gw_errgroup {
  gw_ctx *ctx;      /* constant */
  gw_waitgroup all; /* the functions that run */
  gw_sema places;   /* with a limit: as many as may run */
  bool limited;     /* guarded by the user: set while nothing runs */
  int err;          /* atomic: what the first failure was; read after the wait, which orders it */
  uint32_t running; /* atomic, relaxed: for misuse only */
};

/* What a goroutine of the group needs; from its creator, who can't keep it. */
struct task {
  struct gw__call call;
  gw_errgroup *group;
};

gw_errgroup *gw_errgroup_new(gw_ctx *ctx) {
  gw_errgroup *g = arena_alloc_user(sizeof *g);
  race_reborn(g, sizeof *g);
  g->ctx = gw_ctx_with_cancel(ctx ? ctx : gw_ctx_background());
  return g;
}

gw_ctx *gw_errgroup_ctx(gw_errgroup *g) { return g->ctx; }

static uint32_t running(const gw_errgroup *g) { return __atomic_load_n(&g->running, __ATOMIC_RELAXED); }

void gw_errgroup_set_limit(gw_errgroup *g, int n) {
  if (running(g)) gw_panic("errgroup: modify limit while %u goroutines in the group are still active", running(g));
  g->limited = n >= 0;
  gw_sema_init(&g->places, n < 0 ? 0 : n);
}

static void fail(gw_errgroup *g, int err) {
  int none = 0;
  if (__atomic_compare_exchange_n(&g->err, &none, err, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    gw_ctx_cancel(g->ctx);
}

static void task_ends(void *group) {
  gw_errgroup *g = group;
  __atomic_fetch_sub(&g->running, 1, __ATOMIC_RELAXED);
  if (g->limited) gw_sema_release(&g->places, 1);
  gw_waitgroup_done(&g->all);
}

typedef int (*function)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

static void task_body(struct task *kept) {
  struct task t = *kept;
  arena_free_user(kept, sizeof *kept);
  struct gw__defer d __attribute__((cleanup(gw__defer_end))) = {task_ends, t.group, NULL};
  gw__defer_begin(&d);
  const uintptr_t *a = t.call.a;
  int err = ((function)t.call.f)(a[0], a[1], a[2], a[3], a[4], a[5]);
  if (err) fail(t.group, err);
}

void gw__errgroup_go(gw_errgroup *g, struct gw__call *call) {
  if (g->limited) gw_sema_acquire(&g->places, 1);
  gw_waitgroup_add(&g->all, 1);
  __atomic_fetch_add(&g->running, 1, __ATOMIC_RELAXED);
  struct task *kept = arena_alloc_user(sizeof *kept);
  *kept = (struct task){*call, g};
  call_forget(call);
  struct gw__call body = {(void (*)(void))task_body, {(uintptr_t)kept}};
  g_start(g_self(), &body, (uintptr_t)__builtin_return_address(0), RACE_HERE());
}

int gw_errgroup_wait(gw_errgroup *g) {
  gw_waitgroup_wait(&g->all);
  gw_ctx_cancel(g->ctx);
  return __atomic_load_n(&g->err, __ATOMIC_RELAXED);
}

void gw_errgroup_free(gw_errgroup *g) {
  if (!g) return;
  if (running(g)) gw_panic("errgroup: free while %u goroutines in the group are still active", running(g));
  gw_ctx_free(g->ctx);
  race_reborn(g, sizeof *g);
  arena_free_user(g, sizeof *g);
}
