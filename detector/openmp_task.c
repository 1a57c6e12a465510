/* Tasks of OpenMP: each is a goroutine, which begins with what its creator did, and ends before whatever waits for it:
 * a taskwait of its parent's, the end of a taskgroup, a barrier, tasks that depend on it.
 *
 * A thread runs another task when its own waits or ends, and then goes on.  What it runs, its stack and its
 * thread-locals are one sequence: from the one task to the next there is an edge.
 */
#include "detector/openmp.h"

ompt_get_task_memory omp_get_task_memory;

struct race_at omp_at(const struct ompt_frame *frame, const void *code) {
  /* the runtime's function keeps its caller's frame pointer at the address that it tells */
  const uintptr_t *entered = frame ? frame->enter_frame.ptr : NULL;
  return (struct race_at){(uintptr_t)code, entered ? *entered : 0};
}

/* --- who has ended */

void omp_ended_add(struct omp_ended *e, struct race_g *g, struct node *phases) {
  race_release_merge(g, e);
  if (!phases) return;
  struct det_thread *inside = posix_lock(&e->lock);
  e->phases = clock_join(inside, e->phases, phases);
  posix_unlock(&e->lock, inside);
}

void omp_ended_await(struct omp_ended *e, struct race_g *g) {
  race_acquire(g, e);
  struct det_thread *inside = posix_lock(&e->lock);
  phase_join(inside, &g->phase, e->phases);
  posix_unlock(&e->lock, inside);
}

void omp_ended_forget(struct omp_ended *e) {
  race_forget(e);
  if (!e->phases) return;
  struct det_thread *inside = det_enter();
  clock_drop(inside, e->phases);
  det_exit(inside);
}

/* --- a task's life */

struct omp_task *omp_task_new(struct omp_task *parent, struct omp_region *region) {
  struct omp_task *t = arena_alloc(sizeof *t);
  t->refs = 1;
  t->region = region;
  if (!parent) return t;
  __atomic_add_fetch(&parent->refs, 1, __ATOMIC_RELAXED); /* the parent's own reference is held by who calls */
  t->parent = parent;
  t->group = t->created_in = parent->group;
  t->barrier = parent->barrier;
  return t;
}

/* acq_rel: whoever is last frees what the others used */
void omp_task_drop(struct omp_task *t) {
  while (t && __atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL) == 0) {
    struct omp_task *parent = t->parent;
    omp_ended_forget(&t->children);
    omp_places_free(&t->places);
    if (t->depends) arena_free(t->depends, t->depends_n * sizeof *t->depends);
    arena_free(t, sizeof *t);
    t = parent;
  }
}

/* Also one that nobody announced. */
struct omp_task *omp_task_of(union ompt_data *task) {
  if (!task->ptr) {
    struct omp_task *t = omp_task_new(NULL, NULL);
    t->implicit = true;
    task->ptr = t;
  }
  return task->ptr;
}

void omp_task_create(union ompt_data *encountering, const struct ompt_frame *frame, union ompt_data *created, int flags,
                     int has_dependences, const void *code) {
  (void)has_dependences;
  struct race_g *g = posix_self();
  if (!g || flags & (OMPT_TASK_INITIAL | OMPT_TASK_IMPLICIT) || !encountering) return;
  struct omp_task *parent = omp_task_of(encountering), *t = omp_task_new(parent, parent->region);
  created->ptr = t;
  if (flags & OMPT_TASK_TASKWAIT) return; /* does nothing but wait for what it depends on */
  t->g = race_g_create(g, goid_next(), omp_at(frame, code));
  race_g_set_thread(t->g);
  race_g_set_name(t->g, "OpenMP task");
}

/* Also an untied one that goes on on another thread: the runtime calls it there anew. */
static void come_to_stack(struct omp_task *t, const struct race_g *on, uintptr_t stack_hi) {
  if (t->thread == &omp_current) return;
  t->thread = &omp_current;
  t->g->stack_lo = on->stack_lo;
  t->g->stack_hi = stack_hi;
}

/* Beside what it depends on. */
static void begins(struct omp_task *t) {
  t->began = true;
  omp_depends_acquire(t, t->g);
  if (omp_get_task_memory) omp_get_task_memory(&t->memory, &t->memory_n, 0);
}

/* What g did comes before whoever waits for the task: g is its own, or somebody's who fulfils its event. */
static void tell_end(struct omp_task *t, struct race_g *g) {
  struct det_thread *inside = det_enter();
  struct node *phases = phase_close(inside, &g->phase);
  det_exit(inside);
  omp_ended_add(&t->parent->children, g, phases);
  if (t->created_in) omp_ended_add(&t->created_in->members, g, phases);
  if (t->region) {
    omp_ended_add(&t->region->members, g, phases);
    race_release_merge(g, &t->region->barrier[t->barrier & 1]);
  }
  omp_depends_release(t, g);
  inside = det_enter();
  clock_drop(inside, phases);
  det_exit(inside);
}

/* With its private variables, which whoever runs it has written.  The runtime gives it to other tasks of the thread
 * that made this one, so what that wrote needs no care. */
static void give_up_memory(const struct omp_task *t) {
  if (t->memory) race_reborn(t->memory, t->memory_n);
}

static bool has_ended(int status) {
  return status == OMPT_TASK_COMPLETE || status == OMPT_TASK_CANCEL || status == OMPT_TASK_DETACH;
}

static void run(struct race_g *from, struct race_g *to) {
  if (!to || from == to) return;
  race_handoff(from, to);
  race_g_switch(to);
}

void omp_task_schedule(union ompt_data *prior, int status, union ompt_data *next) {
  struct race_g *g = posix_self();
  if (!g || !prior) return;
  struct omp_task *from = omp_task_of(prior), *to = next ? omp_task_of(next) : NULL;
  if (status == OMPT_TASKWAIT_COMPLETE) {
    omp_depends_acquire(from, g);
    prior->ptr = NULL;
    return omp_task_drop(from);
  }
  if (status == OMPT_TASK_EARLY_FULFILL || status == OMPT_TASK_LATE_FULFILL) {
    tell_end(from, g);
    if (status == OMPT_TASK_LATE_FULFILL) prior->ptr = NULL, omp_task_drop(from);
    return;
  }
  bool ended = !from->implicit && has_ended(status), ran = from->implicit || from->began;
  struct race_g *own = ran ? g : from->g; /* a cancelled task may never have begun */
  if (ended)
    tell_end(from, own);
  else
    from->g = g;
  if (to) {
    if (!to->implicit) come_to_stack(to, g, (uintptr_t)__builtin_frame_address(0));
    if (!to->implicit && !to->began) begins(to);
    run(g, to->g);
    omp_current = to;
  }
  if (!ended) return;
  give_up_memory(from);
  race_g_end(own);
  from->g = NULL;
  if (status == OMPT_TASK_DETACH) return; /* until somebody fulfils its event */
  prior->ptr = NULL;
  omp_task_drop(from);
}

void omp_taskgroup(bool begins, struct omp_task *task) {
  struct omp_group *group = task->group;
  if (begins) {
    group = arena_alloc(sizeof *group);
    group->outer = task->group;
    task->group = group;
  } else if (group) {
    task->group = group->outer;
    omp_ended_forget(&group->members);
    arena_free(group, sizeof *group);
  }
}
