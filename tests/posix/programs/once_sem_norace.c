/* NO RACE */
/* pthread_once: its function before every return, nested too. Semaphores: a post before the wait that it lets go on. */
#include "pairs.h"

#include <semaphore.h>

static pthread_once_t outer = PTHREAD_ONCE_INIT, inner = PTHREAD_ONCE_INIT;
static long x, y, count;
static sem_t s, back;

static void set_inner(void) { y = 1; }
static void set_outer(void) {
  x = 1;
  pthread_once(&inner, set_inner);
  x = 2;
}
static void uses(void) {
  pthread_once(&outer, set_outer);
  MUST(x == 2 && y == 1);
  pthread_once(&inner, set_inner);
  MUST(y == 1);
}

static void wait_somehow(sem_t *of, int how) {
  struct timespec real = far(CLOCK_REALTIME), monotonic = far(CLOCK_MONOTONIC);
  if (how == 0) MUST(sem_wait(of) == 0);
  if (how == 1) MUST(sem_timedwait(of, &real) == 0);
  if (how == 2) MUST(sem_clockwait(of, CLOCK_MONOTONIC, &monotonic) == 0);
  while (how == 3 && sem_trywait(of) != 0) usleep(10);
}
static void ping(void) {
  for (int i = 0; i < 40; i++) {
    count++;
    sem_post(&s);
    wait_somehow(&back, i % 4);
  }
}
static void pong(void) {
  for (int i = 0; i < 40; i++) {
    wait_somehow(&s, i % 4);
    count++;
    sem_post(&back);
  }
}

int main(void) {
  both(uses, uses);
  MUST(sem_init(&s, 0, 0) == 0 && sem_init(&back, 0, 0) == 0);
  both(ping, pong);
  MUST(count == 80);
  MUST(sem_destroy(&s) == 0 && sem_destroy(&back) == 0);
}
