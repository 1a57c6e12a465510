/* What a wait group doesn't order. */
#include "scenario.h"

static gw_waitgroup one, early;
static long after_done, before_add;

static void a1(void) {
  gw_waitgroup_done(&one);
  IN_TURN(1, after_done = 1); /* RACE 1: write after_done */
}
static void b1(void) {
  turn_wait(2);
  gw_waitgroup_wait(&one);
  use(after_done); /* RACE 1: read after_done */
}

/* An add tells the adder nothing. */
static void a2(void) {
  turn_wait(1);
  before_add = 1; /* RACE 2: write before_add */
  gw_waitgroup_done(&early);
  turn_done();
}
static void b2(void) {
  turn_wait(2);
  gw_waitgroup_add(&early, 1);
  use(before_add); /* RACE 2: read before_add */
}

int main(void) {
  gw_waitgroup_add(&one, 1);
  both(a1, b1);
  gw_waitgroup_add(&early, 2);
  both(a2, b2);
}
