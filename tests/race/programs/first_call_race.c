/* Who calls the runtime first sets it up for all; that orders nothing. */
#include <godwit.h>
#include <pthread.h>
#define TURN_THREADS
#include "barrier.h"

static long first, second, both;

static void *calls_first(void *p) {
  turn_wait(1);
  first = 1; /* RACE earlier: write first */
  both = 1;  /* RACE 2 earlier: write both */
  gw_yield();
  turn_done();
  return p;
}

static void *calls_then(void *p) {
  turn_wait(2);
  gw_yield();
  first = 2;  /* RACE later: write first */
  second = 2; /* RACE 3 earlier: write second */
  gw_yield();
  turn_done();
  return p;
}

int main(void) {
  pthread_t t[2];
  pthread_create(&t[0], NULL, calls_first, NULL);
  pthread_create(&t[1], NULL, calls_then, NULL);
  turn_wait(3);
  gw_maxprocs(0);
  both = 3; /* RACE 2 later: write both */
  gw_yield();
  second = 3; /* RACE 3 later: write second */
  pthread_join(t[0], NULL);
  pthread_join(t[1], NULL);
}
