/* A hundred of godwit's locks held on either side, and none of them by both. */
#include "scenario.h"

enum { LOCKS = 200 };
static gw_mutex mu[LOCKS];
static long x, y;

static void hold(int first, int step) {
  for (int i = first; i < LOCKS; i += step) gw_mutex_lock(&mu[i]);
}
static void give_up(int first, int step) {
  for (int i = first; i < LOCKS; i += step) gw_mutex_unlock(&mu[i]);
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
      gw_mutex_lock(&mu[i]);
      gw_mutex_unlock(&mu[i]);
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
  both(even, odd);
  both(contend_and_write_first, contend_and_write_then);
}
