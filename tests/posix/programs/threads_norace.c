/* NO RACE */
/* Creation before the body, and the end before the join, however a thread ends. */
#include "pairs.h"

#include <semaphore.h>

static long x;
static pthread_key_t key;
static sem_t ended;

static void *add(void *arg) {
  x++;
  return arg;
}
static void leave(void *arg) {
  x++;
  pthread_exit(arg);
}
static void *leaves(void *arg) {
  leave(arg);
  return NULL;
}
static void cleanup(void *arg) {
  (void)arg;
  x++;
}
static void *is_cancelled(void *arg) {
  pthread_cleanup_push(cleanup, NULL);
  for (;;) pause();
  pthread_cleanup_pop(0);
  return arg;
}
/* A destructor of a thread-specific value still belongs to the thread, in the second round too. */
static void destroy(void *rounds) {
  x++;
  if (rounds) pthread_setspecific(key, *(void **)rounds);
}
static void *has_destructor(void *arg) {
  static void *none;
  static void *twice = &none;
  pthread_setspecific(key, &twice);
  return arg;
}
static void *posts(void *arg) {
  x++;
  sem_post(&ended);
  return arg;
}
static void *in_a_thread(void *arg) {
  pthread_t t;
  x++;
  MUST(pthread_create(&t, NULL, add, NULL) == 0);
  MUST(pthread_join(t, NULL) == 0);
  x++;
  return arg;
}

static pthread_t start(void *(*f)(void *)) {
  pthread_t t;
  x++;
  MUST(pthread_create(&t, NULL, f, &x) == 0);
  return t;
}

int main(void) {
  void *result = NULL;
  struct timespec deadline = far(CLOCK_REALTIME), monotonic = far(CLOCK_MONOTONIC);
  MUST(pthread_key_create(&key, destroy) == 0);
  MUST(sem_init(&ended, 0, 0) == 0);
  MUST(pthread_join(start(add), &result) == 0 && result == &x);
  MUST(pthread_join(start(leaves), &result) == 0 && result == &x);
  pthread_t t = start(is_cancelled);
  MUST(pthread_cancel(t) == 0);
  MUST(pthread_join(t, &result) == 0 && result == PTHREAD_CANCELED);
  MUST(pthread_join(start(has_destructor), NULL) == 0);
  MUST(pthread_timedjoin_np(start(add), NULL, &deadline) == 0);
  MUST(pthread_clockjoin_np(start(add), NULL, CLOCK_MONOTONIC, &monotonic) == 0);
  t = start(add);
  while (pthread_tryjoin_np(t, NULL) == EBUSY) usleep(100);
  MUST(pthread_join(start(in_a_thread), NULL) == 0);
  MUST(pthread_detach(start(posts)) == 0);
  MUST(sem_wait(&ended) == 0);
  x++;
  for (int i = 0; i < 100; i++) MUST(pthread_join(start(add), NULL) == 0);
  MUST(x == 222);
  return 0;
}
