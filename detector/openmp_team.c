/* Parallel regions of OpenMP: the fork, the barriers, the join.
 *
 * A thread of the team that isn't the first is told that its implicit task has ended when it is needed again, which may
 * be long after the region: so for us it ends when it comes to the region's last barrier.  What its thread does from
 * then on it does for tasks, or for itself.
 *
 * Which barrier it is follows from how many have come to one, as in posix_barrier.c: a cancelled region lets its
 * threads leave some out, each others.
 */
#include "detector/openmp.h"

_Thread_local struct omp_task *omp_current;

void omp_parallel_begin(union ompt_data *encountering, const struct ompt_frame *frame, union ompt_data *region,
                        unsigned requested, int flags, const void *code) {
  (void)encountering, (void)requested, (void)flags;
  struct race_g *g = posix_self();
  if (!g) return;
  struct omp_region *r = arena_alloc(sizeof *r);
  r->fork = race_g_create(g, goid_next(), omp_at(frame, code));
  race_g_set_thread(r->fork);
  g->thread_locks++; /* the runtime knows the region by its thread: a goroutine stays on it */
  region->ptr = r;
}

void omp_parallel_end(union ompt_data *region, union ompt_data *encountering, int flags, const void *code) {
  (void)flags, (void)code;
  struct race_g *g = posix_self();
  struct omp_region *r = region->ptr;
  if (!g || !r) return;
  omp_current = encountering ? encountering->ptr : NULL;
  region->ptr = NULL;
  if (g->thread_locks) g->thread_locks--;
  omp_ended_await(&r->members, g);
  for (int i = 0; i < 2; i++) race_forget(&r->barrier[i]);
  race_forget(&r->ordered);
  omp_ended_forget(&r->members);
  omp_places_free(&r->turns);
  race_g_end(r->fork);
  arena_free(r, sizeof *r);
}

/* The thread's own goroutine steps back for one that begins with the region. */
static void begin_member(struct race_g *own, const struct omp_region *r, unsigned index, uintptr_t stack_hi) {
  struct race_g *g = race_g_twin(r->fork, goid_next());
  char name[32];
  snprintf(name, sizeof name, "OpenMP thread %u", index);
  race_g_set_name(g, name);
  race_handoff(own, g);
  g->stack_lo = own->stack_lo;
  g->stack_hi = stack_hi;
  race_g_switch(g);
}

static void end_member(struct omp_task *t, struct race_g *g) {
  struct race_g *own = t->under;
  struct det_thread *inside = det_enter();
  struct node *phases = phase_close(inside, &g->phase);
  det_exit(inside);
  omp_ended_add(&t->region->members, g, phases);
  inside = det_enter();
  clock_drop(inside, phases);
  det_exit(inside);
  race_handoff(g, own);
  race_g_switch(own);
  race_g_end(g);
  t->g = own;
  t->region = NULL;
}

/* Of all threads of a team but the first. */
static bool is_member(const struct omp_task *t) { return t->implicit && t->index > 0; }

void omp_implicit_task(int endpoint, union ompt_data *region, union ompt_data *task, unsigned size, unsigned index,
                       int flags) {
  struct race_g *g = posix_self();
  if (!g) return;
  if (endpoint == OMPT_END) {
    struct omp_task *t = task->ptr;
    task->ptr = NULL;
    if (!t) return;
    if (is_member(t) && t->region) end_member(t, g);
    omp_current = NULL;
    return omp_task_drop(t);
  }
  struct omp_region *r = region ? region->ptr : NULL;
  struct omp_task *t = omp_task_new(NULL, r);
  t->implicit = true;
  t->index = r ? index : 0;
  task->ptr = omp_current = t;
  (void)flags;
  if (r) __atomic_store_n(&r->size, size, __ATOMIC_RELAXED);
  if (!is_member(t)) return;
  t->under = g;
  begin_member(g, r, index, (uintptr_t)__builtin_frame_address(0));
}

static uint64_t come_to_barrier(struct omp_region *r) {
  uint64_t before = __atomic_fetch_add(&r->entered, 1, __ATOMIC_RELAXED);
  return before / __atomic_load_n(&r->size, __ATOMIC_RELAXED);
}

static bool is_last(int kind) { return kind == OMPT_SYNC_BARRIER_PARALLEL || kind == OMPT_SYNC_BARRIER_TEAMS; }

void omp_barrier(int kind, bool begins, struct omp_task *t) {
  struct omp_region *r = t->region;
  struct race_g *g = posix_self();
  if (!r || !t->implicit || !r->size) return;
  if (is_last(kind)) {
    if (begins && is_member(t)) end_member(t, g);
  } else if (begins) {
    t->barrier = come_to_barrier(r);
    race_release_merge(g, &r->barrier[t->barrier & 1]);
  } else {
    race_acquire(g, &r->barrier[t->barrier & 1]);
    t->barrier++;
  }
}

/* In a barrier whoever combines what several have reads what they wrote before they came, and what those of them
 * combined who came first. */
void omp_reduction(int kind, int endpoint, union ompt_data *region, union ompt_data *task, const void *code) {
  (void)kind, (void)region, (void)code;
  struct omp_task *t = task ? omp_task_of(task) : NULL;
  struct race_g *g = posix_self();
  if (!g || !t || !t->region) return;
  const void *barrier = &t->region->barrier[t->barrier & 1];
  if (endpoint == OMPT_BEGIN)
    race_acquire(g, barrier);
  else
    race_release_merge(g, barrier);
}
