/* Bridge: a channel of channels is read like one channel; a loop over it needn't know that the values come in parts.
 * Order is kept: one part is read to its end before the next is looked at. */
#include "pattern.h"

enum { PARTS = 10, EACH = 5 };

static void part(gw_chan(int) out, int from) {
  for (int i = 0; i < EACH; i++) gw_send(out, from + i);
  gw_close(out);
}

static void parts(gw_chan(gw_chan(int)) out) {
  for (int i = 0; i < PARTS; i++) {
    gw_chan(int) c = gw_make(int, i % 3);
    gw_go(part, c, i * EACH);
    gw_send(out, c);
  }
  gw_close(out);
}

/* The parts are its own: once one has been read to its end, nobody else has it. */
static void bridge(gw_chan(gw_chan(int)) in, gw_chan(int) out) {
  gw_range(c, in) {
    gw_range(v, c) gw_send(out, v);
    gw_chan_free(c);
  }
  gw_close(out);
}

int main(void) {
  gw_chan(gw_chan(int)) in = gw_make(gw_chan(int), 0);
  gw_chan(int) out = gw_make(int, 0);
  gw_go(parts, in);
  gw_go(bridge, in, out);
  int next = 0;
  gw_range(v, out) {
    CHECK(v == next);
    next++;
  }
  printf("%d values, in order\n", next);
  CHECK(next == PARTS * EACH);
  all_ended();
  gw_chan_free(in);
  gw_chan_free(out);
}
