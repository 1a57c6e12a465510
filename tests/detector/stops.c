/* Signals that arrive while their thread has stopped the others: the handler runs afterwards, and once; and threads
 * that change what they may then. Usage: stops CASE. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "detector/detector.h"
#include "detector/epoch.h"
#include "godwit/abi.h"

sighandler_t __gw_i_signal(int sig, sighandler_t f);

static volatile sig_atomic_t handled;

/* As a handler may, it forks. */
static void handler(int sig) {
  (void)sig;
  handled++;
  pid_t child = fork();
  if (child == 0) _exit(0);
  GW_CHECK(child > 0 && waitpid(child, NULL, 0) == child);
}

#define CASE __attribute__((noinline)) static void

CASE waits(void) {
  det_stop_others();
  raise(SIGUSR1);
  GW_CHECK(handled == 0);
  det_resume_others();
  GW_CHECK(handled == 1);
}

/* Before the fork it was the parent's. */
CASE is_the_parents(void) {
  race_before_fork();
  raise(SIGUSR1);
  pid_t child = _Fork();
  if (child == 0) {
    race_after_fork_child();
    _exit(handled);
  }
  int status;
  race_after_fork_parent();
  GW_CHECK(handled == 1);
  GW_CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

/* After the fork it is the child's. */
CASE is_the_childs(void) {
  race_before_fork();
  pid_t child = _Fork();
  if (child == 0) {
    raise(SIGUSR1);
    race_after_fork_child();
    _exit(handled);
  }
  int status;
  race_after_fork_parent();
  GW_CHECK(handled == 0);
  GW_CHECK(child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 1);
}

static volatile bool moves;

static void *mover(void *id) {
  for (uint64_t clock = 1; moves; clock++) {
    det_stop_others();
    for (int i = 0; i < 1000; i++) epoch_move((uint32_t)(uintptr_t)id, ++clock);
    det_resume_others();
  }
  return NULL;
}

/* A thread that switches goroutines meanwhile says so outside the detector, beside the clock. */
CASE epochs_that_move_keep_their_thread(void) {
  struct race_g *g = race_self();
  static uint64_t variable;
  race_access(g, &variable, sizeof variable, RACE_WRITE, RACE_HERE());
  const uint32_t id = cell_id(g->epoch), other = epoch_thread(1) + 1;
  pthread_t thread;
  moves = true;
  GW_CHECK(pthread_create(&thread, NULL, mover, (void *)(uintptr_t)id) == 0);
  for (uint32_t i = 0; i < 1000000; i++) {
    epoch_runs_on(id, other + i % 2, true);
    for (int k = 0; k < 8; k++) spin_pause(); /* another's store may be on its way */
    const uint64_t now = __atomic_load_n((const uint64_t *)(const void *)&epochs.entry[id], __ATOMIC_RELAXED);
    GW_CHECK(now >> 56 == other + i % 2);
  }
  moves = false;
  GW_CHECK(pthread_join(thread, NULL) == 0);
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
#define C(f) {#f, f}
    C(waits),
    C(is_the_parents),
    C(is_the_childs),
    C(epochs_that_move_keep_their_thread),
};

int main(int argc, char **argv) {
  race_init();
  race_self();
  __gw_i_signal(SIGUSR1, handler);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (argc != 2 || strcmp(argv[1], cases[i].name)) continue;
    cases[i].run();
    race_g_switch(NULL);
    return 0;
  }
  fprintf(stderr, "usage: stops CASE\n");
  return 64;
}
