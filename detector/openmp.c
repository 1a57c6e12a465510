/* OpenMP: the tool that clang's runtime finds by its name, and asks what it wants to be told.
 *
 * A tool of the program's own comes first, if it is linked in (this one is weak); one that OMP_TOOL_LIBRARIES names
 * isn't loaded.  With OMP_TOOL=disabled nothing is told, and what the runtime orders is reported. */
#include "detector/openmp.h"

static void sync_region(int kind, int endpoint, union ompt_data *region, union ompt_data *task, const void *code) {
  (void)region, (void)code;
  struct omp_task *t = task ? omp_task_of(task) : NULL;
  struct race_g *g = posix_self();
  if (!t || !g) return;
  if (kind == OMPT_SYNC_TASKWAIT) {
    if (endpoint == OMPT_END) omp_ended_await(&t->children, g);
  } else if (kind == OMPT_SYNC_TASKGROUP) {
    omp_taskgroup(endpoint == OMPT_BEGIN, t);
  } else if (kind != OMPT_SYNC_REDUCTION) {
    omp_barrier(kind, endpoint == OMPT_BEGIN, t);
  }
}

/* The end of a taskgroup is that of its wait: the runtime goes on to combine what its tasks reduced. */
static void sync_region_wait(int kind, int endpoint, union ompt_data *region, union ompt_data *task, const void *code) {
  (void)region, (void)code;
  struct omp_task *t = task ? omp_task_of(task) : NULL;
  struct race_g *g = posix_self();
  if (t && g && kind == OMPT_SYNC_TASKGROUP && endpoint == OMPT_END && t->group) omp_ended_await(&t->group->members, g);
}

static const struct {
  enum ompt_event which;
  ompt_function f;
} wanted[] = {
    {OMPT_PARALLEL_BEGIN, (ompt_function)omp_parallel_begin}, {OMPT_PARALLEL_END, (ompt_function)omp_parallel_end},
    {OMPT_IMPLICIT_TASK, (ompt_function)omp_implicit_task},   {OMPT_TASK_CREATE, (ompt_function)omp_task_create},
    {OMPT_TASK_SCHEDULE, (ompt_function)omp_task_schedule},   {OMPT_DEPENDENCES, (ompt_function)omp_dependences},
    {OMPT_SYNC_REGION, (ompt_function)sync_region},           {OMPT_SYNC_REGION_WAIT, (ompt_function)sync_region_wait},
    {OMPT_REDUCTION, (ompt_function)omp_reduction},
};

static int initialize(ompt_lookup lookup, int device, union ompt_data *tool) {
  (void)device, (void)tool;
  ompt_set_callback set = (ompt_set_callback)lookup("ompt_set_callback");
  omp_get_task_memory = (ompt_get_task_memory)lookup("ompt_get_task_memory");
  if (!set) return 0;
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) set(wanted[i].which, wanted[i].f);
  return 1;
}

static void finalize(union ompt_data *tool) { (void)tool; }

/* The runtime's name for it. */
struct ompt_start_tool_result *ompt_start_tool(unsigned version, const char *runtime);
__attribute__((weak)) struct ompt_start_tool_result *ompt_start_tool(unsigned version, const char *runtime) {
  (void)version, (void)runtime;
  static struct ompt_start_tool_result us = {initialize, finalize, {0}};
  return det_ready ? &us : NULL;
}
