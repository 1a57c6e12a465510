/* fork.h: the forking thread holds the locks of memory meanwhile.  Any other thread might be within one of them, and is
 * gone in the child, where it would never be given up. */
#include "fork.h"

#include <pthread.h>
#include <stdbool.h>

#include "arena.h"
#include "own.h"

static void before_fork(void) {
  arena_fork_lock();
  own_fork_lock();
}

static void after_fork(void) {
  own_fork_unlock();
  arena_fork_unlock();
}

/* The handler that was registered first is the last before the fork and the first after it. */
void fork_base_prepare(void) {
  static bool done; /* atomic */
  if (!__atomic_exchange_n(&done, true, __ATOMIC_RELAXED)) pthread_atfork(before_fork, after_fork, after_fork);
}
