/* What a mutex doesn't order. */
#include "scenario.h"

static gw_mutex mu, other_mu;
static long outside, different, failed_try, one_side, before_lock;

static void a1(void) {
  gw_mutex_lock(&mu);
  gw_mutex_unlock(&mu);
  IN_TURN(1, outside = 1); /* RACE 1: write outside */
}
static void b1(void) {
  IN_TURN(2, gw_mutex_lock(&mu));
  gw_mutex_unlock(&mu);
  use(outside); /* RACE 1: read outside */
}

static void a2(void) {
  gw_mutex_lock(&mu);
  IN_TURN(1, different = 1); /* RACE 2: write different */
  gw_mutex_unlock(&mu);
}
static void b2(void) {
  gw_mutex_lock(&other_mu);
  IN_TURN(2, different = 2); /* RACE 2: write different */
  gw_mutex_unlock(&other_mu);
}

static void a3(void) {
  gw_mutex_lock(&mu);
  IN_TURN(1, failed_try = 1); /* RACE 3: write failed_try */
  turn_wait(3);
  gw_mutex_unlock(&mu);
}
static void b3(void) {
  turn_wait(2);
  if (!gw_mutex_try_lock(&mu)) use(failed_try); /* RACE 3: read failed_try */
  turn_done();
}

static void a4(void) {
  gw_mutex_lock(&mu);
  IN_TURN(1, one_side = 1); /* RACE 4: write one_side */
  gw_mutex_unlock(&mu);
}
static void b4(void) { IN_TURN(2, one_side = 2); /* RACE 4: write one_side */ }

static void a5(void) {
  turn_wait(2);
  gw_mutex_lock(&mu);
  use(before_lock); /* RACE 5: read before_lock */
  gw_mutex_unlock(&mu);
}
static void b5(void) {
  gw_mutex_lock(&mu);
  gw_mutex_unlock(&mu);
  IN_TURN(1, before_lock = 1); /* RACE 5: write before_lock */
}

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  use(different + one_side); /* what nobody reads the optimiser takes away */
}
