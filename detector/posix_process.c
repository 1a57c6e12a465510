/* fork and _exit.
 *
 * The detector's locks are taken by a pthread_atfork handler that is registered before any of the program's, so that it
 * is the last before the fork and the first after it: the program's own handlers run with the detector usable, and a
 * fork from code that isn't instrumented is served as well.  The child is a copy: what the forking thread did before
 * happens before all that the child does; the others', goroutine.c. */
#include "base/fork.h"
#include "detector/posix.h"

static void before_fork(void) {
  if (!det_ready) return;
  peer_before_fork();
  race_before_fork();
}

static void after_fork_parent(void) {
  if (det_ready) race_after_fork_parent();
}

static void after_fork_child(void) {
  if (!det_ready) return;
  race_after_fork_child();
  thread_after_fork();
  if (posix_goroutines)
    det_never_alone(); /* the runtime's timers and the like were counted on threads that are gone */
  else
    det_look_whether_alone();
  peer_after_fork();
}

/* quick_exit runs handlers, and then ends the process with its own status: the handler that was registered first runs
 * last and gives ours. */
static int quick_status = -1;
static void quick_exit_ends(void) {
  if (det_ready && quick_status >= 0) gw__real._exit(race_exit_status(quick_status));
}

static void start(void) {
  fork_base_prepare();
  pthread_atfork(before_fork, after_fork_parent, after_fork_child);
  at_quick_exit(quick_exit_ends);
}
__attribute__((section(".preinit_array"), used)) static void (*const start_first)(void) = start;

/* The child of vfork borrows the parent's memory, the detector's included: it gets its own. */
pid_t __gw_i_vfork(void) { return fork(); }

void __gw_i__exit(int status) { gw__real._exit(det_ready ? race_exit_status(status) : status); }
void __gw_i__Exit(int status) { gw__real._Exit(det_ready ? race_exit_status(status) : status); }
void __gw_i_quick_exit(int status) {
  quick_status = status & 0xff;
  gw__real.quick_exit(status);
}
