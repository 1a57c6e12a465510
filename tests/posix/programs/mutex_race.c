/* Locks that don't guard: another one, one that wasn't got, the inner level of a recursive one, the wrong order. */
#include "pairs.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static long a, b, c, d, e;

static void a1(void) {
  pthread_mutex_lock(&m);
  IN_TURN(1, a = 1); /* RACE 1: write a */
  pthread_mutex_unlock(&m);
}
static void b1(void) {
  turn_wait(2);
  pthread_mutex_lock(&other);
  a = 2; /* RACE 1: write a */
  pthread_mutex_unlock(&other);
}

/* A failed try gives no edge. */
static void a2(void) {
  pthread_mutex_lock(&m);
  IN_TURN(1, b = 1); /* RACE 2: write b */
  turn_wait(3);
  pthread_mutex_unlock(&m);
}
static void b2(void) {
  turn_wait(2);
  MUST(pthread_mutex_trylock(&m) == EBUSY);
  use(b); /* RACE 2: read b */
  turn_done();
}

/* The access before the lock isn't guarded by it, though the lock comes later. */
static void a3(void) {
  pthread_mutex_lock(&m);
  pthread_mutex_unlock(&m);
  IN_TURN(1, c = 1); /* RACE 3: write c */
}
static void b3(void) {
  turn_wait(2);
  pthread_mutex_lock(&m);
  use(c); /* RACE 3: read c */
  pthread_mutex_unlock(&m);
}

/* A write after the inner lock was let go, seen by one who got the lock through a timeout: it never did. */
static void a4(void) {
  pthread_mutex_lock(&recursive);
  pthread_mutex_lock(&recursive);
  d = 1; /* RACE 4: write d */
  pthread_mutex_unlock(&recursive);
  turn_wait(1);
  turn_done();
  turn_wait(3);
  pthread_mutex_unlock(&recursive);
}
static void b4(void) {
  struct timespec past = {0, 0};
  turn_wait(2);
  MUST(pthread_mutex_timedlock(&recursive, &past) == ETIMEDOUT);
  use(d); /* RACE 4: read d */
  turn_done();
}

/* An error-checking mutex refuses to unlock for another: no edge. */
static pthread_mutex_t checked = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static void a5(void) {
  turn_wait(2);
  e = 1; /* RACE 5: write e */
  MUST(pthread_mutex_unlock(&checked) == EPERM);
  turn_done();
}
static void b5(void) {
  IN_TURN(1, pthread_mutex_lock(&checked));
  turn_wait(3);
  pthread_mutex_unlock(&checked);
  pthread_mutex_lock(&checked);
  use(e); /* RACE 5: read e */
  pthread_mutex_unlock(&checked);
}

int main(void) {
  both(a1, b1);
  use(a);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
}
