/* What a select doesn't order: a case that was not taken, the default, a time. */
#include "scenario.h"

static gw_chan(int) c, d;
static long by_default, other_case, by_time, after_sent;

static void a1(void) {
  turn_wait(1);
  by_default = 1; /* RACE 1: write by_default */
  turn_done();
}
static void b1(void) {
  turn_wait(2);
  gw_select {
    gw_on_recv(c) { abort(); }
    gw_on_default { use(by_default); } /* RACE 1: read by_default */
  }
}

/* c is ready, d (a NULL channel) never: only what was before the send on c is ordered. */
static void a2(void) {
  turn_wait(1);
  gw_send(c, 1);
  other_case = 1; /* RACE 2: write other_case */
  turn_done();
}
static void b2(void) {
  turn_wait(2);
  gw_select {
    gw_on_recv(c, v) { use(v); }
    gw_on_send(d, 7) { abort(); }
  }
  use(other_case); /* RACE 2: read other_case */
}

static void a3(void) { IN_TURN(1, by_time = 1); /* RACE 3: write by_time */ }
static void b3(void) {
  turn_wait(2);
  gw_select {
    gw_on_recv(c) { abort(); }
    gw_on_after(20 * GW_MS) { use(by_time); } /* RACE 3: read by_time */
  }
}

static void a4(void) {
  gw_select {
    gw_on_send(c, 1) {}
  }
  IN_TURN(1, after_sent = 1); /* RACE 4: write after_sent */
}
static void b4(void) {
  turn_wait(2);
  gw_recv(c);
  use(after_sent); /* RACE 4: read after_sent */
}

int main(void) {
  c = gw_make(int, 1);
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  gw_chan_free(c);
}
