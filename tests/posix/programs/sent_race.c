/* What a signal doesn't order: what its sender does after it, or before it for a handler, and what others do who sent
 * it nothing. */
#include "pairs.h"

#include <signal.h>
#include <sys/signalfd.h>

static long after_wait, before_handler, after_descriptor, another, to_another;
static pthread_t taker;
static sigset_t taken;
static int descriptor;
static volatile sig_atomic_t handled;

static void take(void) {
  int sig;
  MUST(sigwait(&taken, &sig) == 0 && sig == SIGUSR1);
}

/* After it was sent. */
static void a1(void) {
  MUST(kill(getpid(), SIGUSR1) == 0);
  IN_TURN(1, after_wait = 1); /* RACE 1: write */
}
static void b1(void) {
  turn_wait(2);
  take();
  use(after_wait); /* RACE 1: read */
}

TURN_HIDDEN static void here(void) {
  taker = pthread_self();
  turn_done();
}
static void handler(int sig) {
  (void)sig;
  use(before_handler); /* RACE 2: read */
  handled = 1;
}
static void a2(void) {
  turn_reached(2);
  before_handler = 1; /* RACE 2: write */
  MUST(pthread_kill(taker, SIGUSR1) == 0);
}
static void b2(void) {
  sigset_t none;
  here();
  sigemptyset(&none);
  while (!handled) sigsuspend(&none);
}

static void a3(void) {
  MUST(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 1}) == 0);
  IN_TURN(1, after_descriptor = 1); /* RACE 3: write */
}
static void b3(void) {
  struct signalfd_siginfo info;
  turn_wait(2);
  MUST(read(descriptor, &info, sizeof info) == (ssize_t)sizeof info);
  use(after_descriptor); /* RACE 3: read */
}

/* Another signal than the one that is taken. */
static void a4(void) {
  another = 1; /* RACE 4: write */
  MUST(kill(getpid(), SIGUSR2) == 0);
  turn_wait(1);
  turn_done();
}
static void b4(void) {
  turn_wait(2);
  MUST(pthread_kill(pthread_self(), SIGUSR1) == 0);
  take();
  use(another); /* RACE 4: read */
}

/* To a thread, where another took what it was sent itself. */
static pthread_t first;
static void a5(void) {
  to_another = 1; /* RACE 5: write */
  MUST(pthread_kill(first, SIGUSR1) == 0);
  turn_wait(1);
  turn_done();
}
static void b5(void) {
  turn_wait(2);
  MUST(pthread_kill(pthread_self(), SIGUSR1) == 0);
  take();
  use(to_another); /* RACE 5: read */
}

int main(void) {
  first = pthread_self();
  MUST(sigemptyset(&taken) == 0 && sigaddset(&taken, SIGUSR1) == 0 && sigaddset(&taken, SIGUSR2) == 0);
  MUST(pthread_sigmask(SIG_BLOCK, &taken, NULL) == 0);
  MUST(sigdelset(&taken, SIGUSR2) == 0);
  MUST((descriptor = signalfd(-1, &taken, 0)) >= 0);
  MUST(signal(SIGUSR1, handler) != SIG_ERR);
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
}
