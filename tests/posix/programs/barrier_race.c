/* A barrier too few: one thread is a round ahead of what another still reads. */
#include "pairs.h"

static pthread_barrier_t b;
static long x, y;

static void a1(void) {
  x = 1;
  pthread_barrier_wait(&b);
  IN_TURN(1, use(x)); /* RACE 1: read x */
}
static void b1(void) {
  pthread_barrier_wait(&b);
  turn_wait(2);
  x = 2; /* RACE 1: write x */
}

/* After the second round the first round's write is ordered, the second's isn't. */
static void a2(void) {
  y = 1;
  pthread_barrier_wait(&b);
  pthread_barrier_wait(&b);
  IN_TURN(1, y = 2); /* RACE 2: write y */
}
static void b2(void) {
  pthread_barrier_wait(&b);
  use(y);
  pthread_barrier_wait(&b);
  turn_wait(2);
  use(y); /* RACE 2: read y */
}

int main(void) {
  pthread_barrier_init(&b, NULL, 2);
  both(a1, b1);
  both(a2, b2);
  pthread_barrier_destroy(&b);
}
