/* Or-done: reading a channel that somebody else controls, without being stuck on it when one's own work is called off.
 * The select stands in one function, and the loop that uses it stays a plain one. */
#include "pattern.h"

static void forward(gw_chan(char) done, gw_chan(int) in, gw_chan(int) out) {
  for (bool more = true; more;) {
    int value = 0;
    gw_select {
      gw_on_recv(done) { more = false; }
      gw_on_recv_ok(in, v, ok) {
        more = ok;
        value = v;
      }
    }
    if (more) gw_select {
        gw_on_recv(done) { more = false; }
        gw_on_send(out, value) {}
      }
  }
  gw_close(out);
}

static gw_chan(int) or_done(gw_chan(char) done, gw_chan(int) in) {
  gw_chan(int) out = gw_make(int, 0);
  gw_go(forward, done, in, out);
  return out;
}

/* Sends three values and then falls silent, without a close. */
static void falls_silent(gw_chan(int) out, gw_chan(char) done) {
  for (int i = 1; i <= 3; i++) gw_send(out, i);
  gw_recv(done);
}

static void call_off(gw_chan(char) done) {
  gw_sleep(5 * GW_MS);
  gw_close(done);
}

int main(void) {
  gw_chan(char) done = gw_make(char, 0);
  gw_chan(int) theirs = gw_make(int, 0), mine = or_done(done, theirs);
  gw_go(falls_silent, theirs, done);
  int sum = 0;
  gw_range(v, mine) {
    sum += v;
    if (v == 3) gw_go(call_off, done);
  }
  printf("the loop has ended, the other channel is still open\n");
  CHECK(sum == 6);
  all_ended();
  gw_chan_free(done);
  gw_chan_free(theirs);
  gw_chan_free(mine);
}
