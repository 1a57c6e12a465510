/* A thread that is a round ahead has already entered the barrier again when the other is still on its way out: that
 * gives the other nothing.  A signal handler holds the slow one inside pthread_barrier_wait. */
#include "pairs.h"

#include <signal.h>

static pthread_barrier_t b;
static long x;

/* How many have entered, as glibc counts: its first word. */
TURN_HIDDEN static void until_entered(unsigned n) {
  while (__atomic_load_n((unsigned *)(void *)&b, __ATOMIC_RELAXED) != n) turn__pause();
}

TURN_HIDDEN static void hold(int sig) {
  (void)sig;
  turn_done();
  turn_reached(3);
}

static void *slow(void *arg) {
  pthread_barrier_wait(&b);
  use(x); /* RACE: read x */
  pthread_barrier_wait(&b);
  return arg;
}
static void *fast(void *arg) {
  turn_reached(2);
  pthread_barrier_wait(&b);
  x = 1; /* RACE: write x */
  pthread_barrier_wait(&b);
  return arg;
}

int main(void) {
  pthread_t s, f;
  MUST(signal(SIGUSR1, hold) != SIG_ERR);
  MUST(pthread_barrier_init(&b, NULL, 2) == 0);
  MUST(pthread_create(&s, NULL, slow, NULL) == 0);
  MUST(pthread_create(&f, NULL, fast, NULL) == 0);
  until_entered(1);
  MUST(pthread_kill(s, SIGUSR1) == 0);
  until_entered(3);
  turn_done();
  MUST(pthread_join(s, NULL) == 0 && pthread_join(f, NULL) == 0);
}
