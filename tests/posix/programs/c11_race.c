/* C11 threads without, and with the wrong, lock. */
#include "pairs.h"

#include <threads.h>

static mtx_t m, other;
static long a, b;

static int left(void *arg) {
  (void)arg;
  IN_TURN(1, a = 1); /* RACE 1: write a */
  mtx_lock(&m);
  IN_TURN(2, b = 1); /* RACE 2: write b */
  mtx_unlock(&m);
  return 0;
}
static int right(void *arg) {
  (void)arg;
  turn_wait(3);
  use(a); /* RACE 1: read a */
  mtx_lock(&other);
  use(b); /* RACE 2: read b */
  mtx_unlock(&other);
  return 0;
}

int main(void) {
  thrd_t t, u;
  mtx_init(&m, mtx_plain);
  mtx_init(&other, mtx_plain);
  MUST(thrd_create(&t, left, NULL) == thrd_success && thrd_create(&u, right, NULL) == thrd_success);
  thrd_join(t, NULL);
  thrd_join(u, NULL);
}
