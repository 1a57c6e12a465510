/* What a semaphore and a once don't order. */
#include "pairs.h"

#include <semaphore.h>

static sem_t s;
static long a, b, c;
static pthread_once_t o = PTHREAD_ONCE_INIT;

/* A failed wait, and a look at the value. */
static void a1(void) { IN_TURN(1, a = 1); /* RACE 1: write a */ }
static void b1(void) {
  int value;
  turn_wait(2);
  MUST(sem_trywait(&s) != 0 && sem_getvalue(&s, &value) == 0 && value == 0);
  use(a); /* RACE 1: read a */
}

/* After the post. */
static void a2(void) {
  sem_post(&s);
  IN_TURN(1, b = 1); /* RACE 2: write b */
}
static void b2(void) {
  turn_wait(2);
  sem_wait(&s);
  use(b); /* RACE 2: read b */
}

/* Only the function is ordered, not what its caller did after it. */
static void nothing(void) {}
static void a3(void) {
  pthread_once(&o, nothing);
  IN_TURN(1, c = 1); /* RACE 3: write c */
}
static void b3(void) {
  turn_wait(2);
  pthread_once(&o, nothing);
  use(c); /* RACE 3: read c */
}

int main(void) {
  sem_init(&s, 0, 0);
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
}
