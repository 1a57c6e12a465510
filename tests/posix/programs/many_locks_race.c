/* A hundred locks held on either side, and none of them by both. */
#include "pairs.h"

enum { LOCKS = 200 };
static pthread_mutex_t mu[LOCKS];
static long x, y;

static void hold(int first, int step) {
  for (int i = first; i < LOCKS; i += step) pthread_mutex_lock(&mu[i]);
}
static void give_up(int first, int step) {
  for (int i = first; i < LOCKS; i += step) pthread_mutex_unlock(&mu[i]);
}

static void even(void) {
  hold(0, 2);
  IN_TURN(1, x = 1); /* RACE: write x */
  give_up(0, 2);
}
static void odd(void) {
  hold(1, 2);
  IN_TURN(2, x = 2); /* RACE: write x */
  give_up(1, 2);
}

/* Both contend for all of them, and write after they gave the last one up. */
static void contend(void) {
  for (int round = 0; round < 20; round++)
    for (int i = 0; i < LOCKS; i++) {
      pthread_mutex_lock(&mu[i]);
      pthread_mutex_unlock(&mu[i]);
    }
}
static void contend_and_write_first(void) {
  contend();
  IN_TURN(1, y = 1); /* RACE 2 earlier: write y */
}
static void contend_and_write_then(void) {
  contend();
  IN_TURN(2, y = 2); /* RACE 2 later: write y */
}

int main(void) {
  for (int i = 0; i < LOCKS; i++) pthread_mutex_init(&mu[i], NULL);
  both(even, odd);
  both(contend_and_write_first, contend_and_write_then);
}
