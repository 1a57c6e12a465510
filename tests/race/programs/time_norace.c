/* NO RACE */
/* Arming a timer is before its function, and the function's send before whoever receives it. */
#include "scenario.h"

static long armed, answered;
static gw_chan(int) done;

static void fired(long *what) {
  answered = *what;
  gw_send(done, 1);
}
static void a1(void) {
  armed = 1;
  gw_timer *t = gw_after_func(GW_MS, fired, &armed);
  gw_recv(done);
  use(answered);
  gw_timer_free(t);
}
static void b1(void) {
  gw_ticker *t = gw_ticker_new(GW_MS);
  for (int i = 0; i < 5; i++) gw_recv(gw_ticker_chan(t));
  gw_ticker_free(t);
}

int main(void) {
  done = gw_make(int, 0);
  for (int i = 0; i < 5; i++) both(a1, b1);
  gw_chan_free(done);
}
