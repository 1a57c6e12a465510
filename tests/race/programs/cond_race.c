/* What came after a signal, and what a broadcast without a waiter says: nothing. */
#include "scenario.h"

static gw_mutex mu;
static gw_cond cond = GW_COND_INIT(&mu);
static bool waiting;
static long after_signal, unheard;

static void a1(void) {
  for (bool go_on = true; go_on; gw_yield()) {
    gw_mutex_lock(&mu);
    go_on = !waiting;
    gw_mutex_unlock(&mu);
  }
  gw_cond_signal(&cond);
  IN_TURN(1, after_signal = 1); /* RACE 1: write after_signal */
}
static void b1(void) {
  gw_mutex_lock(&mu);
  waiting = true;
  gw_cond_wait(&cond);
  gw_mutex_unlock(&mu);
  turn_wait(2);
  use(after_signal); /* RACE 1: read after_signal */
}

static void a2(void) {
  turn_wait(1);
  unheard = 1; /* RACE 2: write unheard */
  gw_cond_broadcast(&cond);
  turn_done();
}
static void b2(void) {
  turn_wait(2);
  gw_cond_signal(&cond);
  use(unheard); /* RACE 2: read unheard */
}

int main(void) {
  both(a1, b1);
  both(a2, b2);
}
