/* Readers that write: read locks order nothing among themselves. */
#include "pairs.h"

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static long a, b;

static void a1(void) {
  pthread_rwlock_rdlock(&l);
  IN_TURN(1, a = 1); /* RACE 1: write a */
  pthread_rwlock_unlock(&l);
}
static void b1(void) {
  turn_wait(2);
  pthread_rwlock_rdlock(&l);
  a = 2; /* RACE 1: write a */
  pthread_rwlock_unlock(&l);
}

/* A reader's unlock isn't before the next reader, though a writer came earlier. */
static void a2(void) {
  turn_wait(1);
  pthread_rwlock_wrlock(&l);
  pthread_rwlock_unlock(&l);
  pthread_rwlock_rdlock(&l);
  b = 1; /* RACE 2: write b */
  pthread_rwlock_unlock(&l);
  turn_done();
}
static void b2(void) {
  turn_wait(2);
  pthread_rwlock_rdlock(&l);
  use(b); /* RACE 2: read b */
  pthread_rwlock_unlock(&l);
}

int main(void) {
  both(a1, b1);
  use(a);
  both(a2, b2);
}
