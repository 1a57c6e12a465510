/* NO RACE */
/* Writers before readers, readers before writers, by every call. */
#include "pairs.h"

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static long x;

static void write_lock(int how) {
  struct timespec real = far(CLOCK_REALTIME), monotonic = far(CLOCK_MONOTONIC);
  if (how == 0) MUST(pthread_rwlock_wrlock(&l) == 0);
  if (how == 1) MUST(pthread_rwlock_timedwrlock(&l, &real) == 0);
  if (how == 2) MUST(pthread_rwlock_clockwrlock(&l, CLOCK_MONOTONIC, &monotonic) == 0);
  while (how == 3 && pthread_rwlock_trywrlock(&l) != 0) usleep(10);
  if (how == 3) MUST(pthread_rwlock_trywrlock(&l) != 0);
}
static void read_lock(int how) {
  struct timespec real = far(CLOCK_REALTIME), monotonic = far(CLOCK_MONOTONIC);
  if (how == 0) MUST(pthread_rwlock_rdlock(&l) == 0);
  if (how == 1) MUST(pthread_rwlock_timedrdlock(&l, &real) == 0);
  if (how == 2) MUST(pthread_rwlock_clockrdlock(&l, CLOCK_MONOTONIC, &monotonic) == 0);
  while (how == 3 && pthread_rwlock_tryrdlock(&l) != 0) usleep(10);
}
static void mixed(void) {
  for (int i = 0; i < 100; i++) {
    if (i % 3 == 0) {
      write_lock(i % 4);
      x++;
    } else {
      read_lock(i % 4);
      use(x);
    }
    MUST(pthread_rwlock_unlock(&l) == 0);
  }
}

int main(void) {
  both(mixed, mixed);
  MUST(pthread_rwlock_destroy(&l) == 0);
}
