/* NO RACE */
/* A waiter lets the mutex go and holds it again: after a signal, a broadcast, a timeout, and when it is cancelled. */
#include "pairs.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static long x, ready;

static void waits(void) {
  struct timespec real = far(CLOCK_REALTIME), monotonic = far(CLOCK_MONOTONIC);
  pthread_mutex_lock(&m);
  x++;
  for (int i = 0; !ready; i++) {
    if (i % 3 == 0) pthread_cond_wait(&c, &m);
    if (i % 3 == 1) pthread_cond_timedwait(&c, &m, &real);
    if (i % 3 == 2) pthread_cond_clockwait(&c, &m, CLOCK_MONOTONIC, &monotonic);
    x++;
  }
  use(x);
  pthread_mutex_unlock(&m);
}
static void signals(void) {
  for (int i = 0; i < 50; i++) {
    pthread_mutex_lock(&m);
    x++;
    ready = i == 49;
    pthread_cond_signal(&c);
    pthread_mutex_unlock(&m);
  }
  pthread_cond_broadcast(&c);
}

static void times_out(void) {
  struct timespec past = {0, 0};
  for (int i = 0; i < 20; i++) {
    pthread_mutex_lock(&m);
    x++;
    MUST(pthread_cond_timedwait(&c, &m, &past) == ETIMEDOUT);
    x++;
    pthread_mutex_unlock(&m);
  }
}

static void unlock(void *arg) {
  x++;
  pthread_mutex_unlock(arg);
}
static void *waits_for_ever(void *arg) {
  pthread_mutex_lock(&m);
  pthread_cleanup_push(unlock, &m);
  x++;
  for (;;) pthread_cond_wait(&c, &m);
  pthread_cleanup_pop(0);
  return arg;
}
static void cancelled(void) {
  pthread_t t;
  MUST(pthread_create(&t, NULL, waits_for_ever, NULL) == 0);
  pthread_mutex_lock(&m);
  x++;
  pthread_mutex_unlock(&m);
  pthread_cancel(t);
  times_out();
  pthread_join(t, NULL);
}

int main(void) {
  both(waits, signals);
  both(times_out, times_out);
  cancelled();
  MUST(pthread_cond_destroy(&c) == 0);
}
