/* Time orders nothing: a sleep, a timer and its function know only what came before they were armed. */
#include "scenario.h"

static long slept, after_arming, ticked, stopped;

static void a1(void) { slept = 1; /* RACE 1: write slept */ }
static void b1(void) {
  gw_sleep(50 * GW_MS);
  use(slept); /* RACE 1: read slept */
}

static void fired(void) {
  turn_wait(2);
  use(after_arming); /* RACE 2: read after_arming */
  turn_done();
}
static void a2(void) {
  gw_timer *t = gw_after_func(GW_MS, fired);
  IN_TURN(1, after_arming = 1); /* RACE 2: write after_arming */
  turn_wait(3);
  gw_timer_free(t);
}
static void b2(void) {}

static void a3(void) { IN_TURN(1, ticked = 1); /* RACE 3: write ticked */ }
static void b3(void) {
  gw_timer *t = gw_timer_new(GW_MS);
  gw_recv(gw_timer_chan(t));
  turn_wait(2);
  use(ticked); /* RACE 3: read ticked */
  gw_timer_free(t);
}

/* Who stops a timer learns nothing from who stopped it before. */
static gw_timer *shared;
static void a4(void) {
  turn_wait(1);
  stopped = 1; /* RACE 4: write stopped */
  gw_timer_stop(shared);
  turn_done();
}
static void b4(void) {
  turn_wait(2);
  gw_timer_stop(shared);
  use(stopped); /* RACE 4: read stopped */
}

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  shared = gw_timer_new(3600 * GW_S); /* it never fires */
  both(a4, b4);
  gw_timer_free(shared);
}
