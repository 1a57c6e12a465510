/* A close beside a send: whether the send panics is chance.  The race is on the channel itself. */
#include "scenario.h"

static gw_chan(int) c;

static void sender(void) {
  turn_wait(1);
  gw_send(c, 1); /* RACE 1: read */
  turn_done();
}
static void closer(void) {
  turn_wait(2);
  gw_close(c); /* RACE 1: write */
}

int main(void) {
  c = gw_make(int, 1);
  both(sender, closer);
}
