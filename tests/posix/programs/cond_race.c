/* A signal orders nothing by itself: what is done outside the mutex stays outside. */
#include "pairs.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static long x, ready;

static void waits(void) {
  pthread_mutex_lock(&m);
  turn_wait(1);
  turn_done();
  while (!ready) pthread_cond_wait(&c, &m);
  pthread_mutex_unlock(&m);
  turn_wait(3);
  use(x); /* RACE: read x */
}
static void signals(void) {
  turn_wait(2);
  pthread_mutex_lock(&m);
  ready = 1;
  pthread_mutex_unlock(&m);
  x = 1; /* RACE: write x */
  pthread_cond_signal(&c);
  turn_done();
}

int main(void) { both(waits, signals); }
