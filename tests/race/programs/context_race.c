/* What contexts don't order. */
#include "scenario.h"

static gw_ctx *c, *freed;
static long after_cancel, no_error, no_effect, derived, past_arming;

static void a1(void) {
  gw_ctx_cancel(c);
  IN_TURN(1, after_cancel = 1); /* RACE 1: write after_cancel */
}
static void b1(void) {
  turn_wait(2);
  gw_recv(gw_ctx_done(c));
  use(after_cancel * gw_ctx_err(c)); /* RACE 1: read after_cancel */
}

/* Looking without seeing an end. */
static void a2(void) { IN_TURN(1, no_error = 1, use(gw_ctx_err(c))); /* RACE 2: write no_error */ }
static void b2(void) {
  turn_wait(2);
  use(gw_ctx_err(c));
  use(no_error); /* RACE 2: read no_error */
}

/* A cancellation that comes second. */
static void a3(void) {
  IN_TURN(1, gw_ctx_cancel(c));
  turn_wait(3);
  gw_recv(gw_ctx_done(c));
  use(gw_ctx_err(c));
  use(no_effect); /* RACE 3: read no_effect */
}
static void b3(void) { IN_TURN(2, no_effect = 1, gw_ctx_cancel(c)); /* RACE 3: write no_effect */ }

/* Deriving from the same context, and freeing what was derived. */
static void a4(void) { IN_TURN(1, derived = 1, gw_ctx_free(gw_ctx_with_cancel(c))); /* RACE 4: write derived */ }
static void b4(void) {
  turn_wait(2);
  gw_ctx_free(gw_ctx_with_value(c, &c, NULL));
  use(derived); /* RACE 4: read derived */
}

/* A deadline knows what came before it was set. */
static gw_chan(gw_ctx *) given;
static void a5(void) {
  gw_send(given, gw_ctx_with_timeout(c, 5 * GW_MS));
  IN_TURN(1, past_arming = 1); /* RACE 5: write past_arming */
}
static void b5(void) {
  gw_ctx *timed = gw_recv(given);
  turn_wait(2);
  gw_recv(gw_ctx_done(timed));
  use(past_arming); /* RACE 5: read past_arming */
  gw_ctx_free(timed);
}

/* A use beside the last free. */
static void a6(void) { IN_TURN(1, gw_ctx_free(freed)); /* RACE 6: free */ }
static void b6(void) { IN_TURN(2, use(gw_ctx_deadline(freed))); /* RACE 6: read */ }

int main(void) {
  void (*pairs[][2])(void) = {{a1, b1}, {a2, b2}, {a3, b3}, {a4, b4}, {a5, b5}, {a6, b6}};
  given = gw_make(gw_ctx *, 1);
  freed = gw_ctx_with_cancel(gw_ctx_background());
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    c = gw_ctx_with_cancel(gw_ctx_background());
    both(pairs[i][0], pairs[i][1]);
    gw_ctx_free(c);
  }
}
