/* What the files about OpenMP share.
 *
 * The runtime of OpenMP (clang's libomp) isn't instrumented; it tells what it does through OpenMP's interface for tools
 * (openmp.c), and calls that compiled code makes into it are intercepted where that interface tells too late
 * (openmp_lock.c).
 *
 * A task is a goroutine.  The implicit task of a region's first thread is who met the region, as that does nothing
 * else meanwhile.  Tasks that one thread runs one after the other are ordered by that: programs rely on it, as they
 * have omp_get_thread_num and threadprivate variables.
 */
#ifndef GW_DETECTOR_OPENMP_H
#define GW_DETECTOR_OPENMP_H
#include "detector/posix.h" /* before any header of libc's */

#include "base/goid.h"
#include "detector/ompt.h"

/* What those did that have ended, for whoever waits for them; its address names the clock. */
struct omp_ended {
  struct spin_POSIX lock; /* of phases */
  struct node *phases;    /* theirs (lock_phase.h); owned */
};

/* What tasks depend on: a place in memory (or a turn of a loop), for the children of one task. */
enum omp_depends { OMP_OUT, OMP_IN, OMP_SET, OMP_KINDS };
struct omp_place {
  struct omp_place *next;
  uint64_t key;
  char clock[OMP_KINDS]; /* of those who have ended, by how they depend on it */
};
/* A table of places, which grows with them. */
struct omp_places {
  struct omp_place **first; /* of each bucket; owned */
  size_t buckets;           /* a power of two; 0: none yet */
  size_t n;
};

/* A parallel region. */
struct omp_region {
  struct race_g *fork; /* runs nowhere: what the implicit tasks begin with, but the first */
  unsigned size;       /* implicit tasks; 0: none has begun yet. atomic, relaxed: each writes the same */
  uint64_t entered;    /* implicit tasks that have come to a barrier so far. atomic, relaxed: the barrier orders it */
  char barrier[2];     /* clocks of even and odd barriers (posix_barrier.c) */
  char ordered;        /* clock of the ordered sections */
  struct omp_ended members;
  struct omp_places turns; /* of loops with doacross dependences; guarded by members.lock */
};

/* A taskgroup. */
struct omp_group {
  struct omp_group *outer;
  struct omp_ended members;
};

struct omp_dependence {
  struct omp_place *place;
  enum omp_depends how;
};

/* A task.  One thread at a time has it; `refs` and what `children` guards are everybody's. */
struct omp_task {
  struct omp_task *parent;   /* keeps it; NULL: implicit or initial */
  struct omp_region *region; /* innermost; NULL: none */
  struct omp_group *group;   /* innermost that it is in */
  struct omp_group *created_in;
  struct race_g *g;     /* its goroutine, while another task runs on its thread, or none */
  const void *thread;   /* of an explicit task that has begun: where its stack is (&omp_current) */
  struct race_g *under; /* of an implicit task that has a goroutine of its own: its thread's */
  uint64_t barrier;     /* the next one of its region: by then it has ended, or else comes to it */
  unsigned index;       /* of an implicit task: in its team */
  uint32_t refs;        /* atomic: its own, and its children's */
  bool implicit, began; /* the latter of explicit ones */
  struct omp_ended children;
  struct omp_dependence *depends; /* owned */
  unsigned depends_n;
  struct omp_places places; /* of its children */
  void *memory;             /* the runtime's own, with the task's private variables; NULL: unknown */
  size_t memory_n;
};

/* The task that this thread runs; NULL: unknown, or none. */
extern _Thread_local struct omp_task *omp_current;

/* --- openmp_team.c: regions and barriers */
void omp_parallel_begin(union ompt_data *encountering, const struct ompt_frame *frame, union ompt_data *region,
                        unsigned requested, int flags, const void *code);
void omp_parallel_end(union ompt_data *region, union ompt_data *encountering, int flags, const void *code);
void omp_implicit_task(int endpoint, union ompt_data *region, union ompt_data *task, unsigned size, unsigned index,
                       int flags);
void omp_barrier(int kind, bool begins, struct omp_task *task);
/* What comes to the barrier that is under way: whoever combines what others have. */
void omp_reduction(int kind, int endpoint, union ompt_data *region, union ompt_data *task, const void *code);

/* --- openmp_task.c */
struct omp_task *omp_task_new(struct omp_task *parent, struct omp_region *region);
void omp_task_drop(struct omp_task *t);
struct omp_task *omp_task_of(union ompt_data *task);
void omp_task_create(union ompt_data *encountering, const struct ompt_frame *frame, union ompt_data *created, int flags,
                     int has_dependences, const void *code);
void omp_task_schedule(union ompt_data *prior, int status, union ompt_data *next);
void omp_taskgroup(bool begins, struct omp_task *task);
extern ompt_get_task_memory omp_get_task_memory;

/* g's doings come before whatever those do who wait; `phases` is borrowed. */
void omp_ended_add(struct omp_ended *e, struct race_g *g, struct node *phases);
void omp_ended_await(struct omp_ended *e, struct race_g *g);
void omp_ended_forget(struct omp_ended *e);
/* Where in the program's code the runtime was called. */
struct race_at omp_at(const struct ompt_frame *frame, const void *code);

/* --- openmp_depend.c */
void omp_dependences(union ompt_data *task, const struct ompt_dependence *v, int n);
void omp_depends_acquire(const struct omp_task *t, struct race_g *g);
void omp_depends_release(const struct omp_task *t, struct race_g *g);
void omp_places_free(struct omp_places *places);

#endif
