/* A team of two whose second thread is kept in a barrier, by a signal, when the first has left it. */
#ifndef GW_TEST_LATE_H
#define GW_TEST_LATE_H
#include <pthread.h>
#include <signal.h>

#include "team.h"

static pthread_t late;
static pid_t late_tid;

enum { ENTERED = 2, AHEAD = 3 }; /* turns: the handler runs; the first thread has done what it should be ahead with */

TURN_HIDDEN static void stay(int signal) {
  (void)signal;
  turn_done();
  turn_reached(AHEAD);
}

/* By the second thread, which comes to the barrier next. */
TURN_HIDDEN static void comes_next(void) {
  late = pthread_self();
  __atomic_store_n(&late_tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
}

/* Until the kernel says that it sleeps, as it does in the barrier if it isn't to spin. */
TURN_HIDDEN static void until_asleep(void) {
  char path[64], text[128];
  long number = -1;
  while (!__atomic_load_n(&late_tid, __ATOMIC_ACQUIRE)) turn__pause();
  snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)late_tid);
  for (; number != SYS_futex; turn__pause()) {
    FILE *file = fopen(path, "r");
    if (file && fgets(text, sizeof text, file) && sscanf(text, "%ld", &number) != 1) number = -1;
    if (file) fclose(file);
  }
}

/* By the first. */
TURN_HIDDEN static void keep_late(void) {
  signal(SIGUSR1, stay);
  until_asleep();
  pthread_kill(late, SIGUSR1);
  turn_reached(ENTERED);
}

#endif
