/* Of OpenMP's interface for tools what the detector uses: the values and types of OpenMP 5.1, chapter 4.
 *
 * Written anew, so that godwit needs no OpenMP to be built: Debian's packages of LLVM's exclude one another, and who
 * has another version's installed shall keep it.  A test compares this with the omp-tools.h that comes with clang's. */
#ifndef GW_DETECTOR_OMPT_H
#define GW_DETECTOR_OMPT_H
#include <stddef.h>
#include <stdint.h>

/* A word of the tool's beside each thread, task and region. */
union ompt_data {
  uint64_t value;
  void *ptr;
};

enum ompt_event {
  OMPT_PARALLEL_BEGIN = 3,
  OMPT_PARALLEL_END = 4,
  OMPT_TASK_CREATE = 5,
  OMPT_TASK_SCHEDULE = 6,
  OMPT_IMPLICIT_TASK = 7,
  OMPT_SYNC_REGION_WAIT = 16,
  OMPT_DEPENDENCES = 18,
  OMPT_SYNC_REGION = 23,
  OMPT_REDUCTION = 31
};

enum ompt_endpoint { OMPT_BEGIN = 1, OMPT_END = 2 };

/* What else there is are barriers. */
enum ompt_sync_kind {
  OMPT_SYNC_TASKWAIT = 5,
  OMPT_SYNC_TASKGROUP = 6,
  OMPT_SYNC_REDUCTION = 7,
  OMPT_SYNC_BARRIER_PARALLEL = 9,
  OMPT_SYNC_BARRIER_TEAMS = 10
};

enum ompt_task_kind {
  OMPT_TASK_INITIAL = 0x1,
  OMPT_TASK_IMPLICIT = 0x2,
  OMPT_TASK_TASKWAIT = 0x10,
};

enum ompt_task_status {
  OMPT_TASK_COMPLETE = 1,
  OMPT_TASK_CANCEL = 3,
  OMPT_TASK_DETACH = 4,
  OMPT_TASK_EARLY_FULFILL = 5,
  OMPT_TASK_LATE_FULFILL = 6,
  OMPT_TASKWAIT_COMPLETE = 8
};

/* What else there is counts as `inout`. */
enum ompt_dependence_type {
  OMPT_IN = 1,
  OMPT_SOURCE = 5,
  OMPT_SINK = 6,
  OMPT_INOUTSET = 7,
  OMPT_OUT_ALL_MEMORY = 34,
  OMPT_INOUT_ALL_MEMORY = 35
};

struct ompt_dependence {
  union ompt_data variable;
  int type; /* ompt_dependence_type */
};

struct ompt_frame {
  union ompt_data exit_frame, enter_frame;
  int exit_flags, enter_flags;
};

typedef void (*ompt_function)(void);
typedef ompt_function (*ompt_lookup)(const char *name);

struct ompt_start_tool_result {
  int (*initialize)(ompt_lookup lookup, int device, union ompt_data *tool);
  void (*finalize)(union ompt_data *tool);
  union ompt_data tool;
};

typedef int (*ompt_set_callback)(int which, ompt_function f);
typedef int (*ompt_get_task_memory)(void **at, size_t *n, int block);

#endif
