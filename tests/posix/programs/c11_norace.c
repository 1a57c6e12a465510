/* NO RACE */
/* C11's threads, mutexes, conditions and call_once. */
#include "pairs.h"

#include <threads.h>

static mtx_t m;
static cnd_t c;
static once_flag once = ONCE_FLAG_INIT;
static long x, y, ready;

static void set(void) { y = 7; }

static int adds(void *arg) {
  struct timespec t = far(CLOCK_REALTIME);
  call_once(&once, set);
  MUST(y == 7);
  for (int i = 0; i < 60; i++) {
    if (i % 3 == 0) MUST(mtx_lock(&m) == thrd_success);
    if (i % 3 == 1) MUST(mtx_timedlock(&m, &t) == thrd_success);
    while (i % 3 == 2 && mtx_trylock(&m) != thrd_success) thrd_yield();
    x++;
    MUST(mtx_unlock(&m) == thrd_success);
  }
  mtx_lock(&m);
  ready++;
  cnd_broadcast(&c);
  while (ready < 2) cnd_wait(&c, &m);
  mtx_unlock(&m);
  thrd_exit(*(int *)arg);
}
static int returns(void *arg) {
  x++;
  return (int)(long)arg;
}

int main(void) {
  thrd_t t[2];
  int result[2], given[2] = {11, -12};
  MUST(mtx_init(&m, mtx_timed) == thrd_success && cnd_init(&c) == thrd_success);
  for (int i = 0; i < 2; i++) MUST(thrd_create(&t[i], adds, &given[i]) == thrd_success);
  for (int i = 0; i < 2; i++) MUST(thrd_join(t[i], &result[i]) == thrd_success);
  MUST(result[0] == 11 && result[1] == -12 && x == 120);
  MUST(thrd_create(&t[0], returns, (void *)-3L) == thrd_success);
  MUST(thrd_join(t[0], &result[0]) == thrd_success && result[0] == -3 && x == 121);
  mtx_lock(&m);
  struct timespec past = {0, 0};
  MUST(cnd_timedwait(&c, &m, &past) == thrd_timedout);
  mtx_unlock(&m);
  mtx_destroy(&m);
  cnd_destroy(&c);
}
