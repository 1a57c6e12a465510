/* A thread that ends with a lock held for reading has unlocked nothing: who reads next learns nothing of it. */
#include "pairs.h"

#include <godwit.h>

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static gw_rwmutex m;
static long x, y;

static void *ends_holding(void *tid) {
  x = 1; /* RACE earlier: write x */
  pthread_rwlock_rdlock(&l);
  y = 1; /* RACE 2 earlier: write y */
  gw_rwmutex_rlock(&m);
  __atomic_store_n((pid_t *)tid, gettid(), __ATOMIC_RELAXED);
  return NULL;
}

/* Until the kernel has no such thread any more: a join would be an edge. */
TURN_HIDDEN static void until_gone(const pid_t *tid) {
  char path[64];
  do {
    syscall(SYS_sched_yield);
    snprintf(path, sizeof path, "/proc/self/task/%d", (int)__atomic_load_n(tid, __ATOMIC_RELAXED));
  } while (!__atomic_load_n(tid, __ATOMIC_RELAXED) || access(path, F_OK) == 0);
}

int main(void) {
  static pid_t tid;
  pthread_t t;
  MUST(pthread_create(&t, NULL, ends_holding, &tid) == 0);
  until_gone(&tid);
  pthread_rwlock_rdlock(&l);
  x = 2; /* RACE later: write x */
  pthread_rwlock_unlock(&l);
  gw_rwmutex_rlock(&m);
  y = 2; /* RACE 2 later: write y */
  gw_rwmutex_runlock(&m);
  pthread_join(t, NULL);
}
