/* Queuing: a buffer between two stages lets the first one go on while the second is busy, up to a bound.  It doesn't
 * make the pipeline faster than its slowest stage; it keeps a burst from stopping the one before. */
#include "pattern.h"

enum { BURST = 20 };

static void slow(gw_chan(int) in, gw_chan(long) total) {
  long sum = 0;
  gw_range(v, in) {
    gw_sleep(500 * GW_US);
    sum += v;
  }
  gw_send(total, sum);
}

/* How much of a burst was accepted while the consumer did its first item. */
static int accepted_at_once(int capacity, gw_chan(long) total) {
  gw_chan(int) queue = gw_make(int, capacity);
  int at_once = 0;
  while (gw_try_send(queue, at_once)) at_once++; /* nobody takes any yet */
  gw_go(slow, queue, total);
  for (int i = at_once; i < BURST; i++) gw_send(queue, i);
  gw_close(queue);
  CHECK(gw_recv(total) == BURST * (BURST - 1) / 2);
  all_ended();
  gw_chan_free(queue);
  return at_once;
}

int main(void) {
  gw_chan(long) total = gw_make(long, 0);
  for (int capacity = 0; capacity <= 16; capacity += 8) {
    int n = accepted_at_once(capacity, total);
    printf("a queue of %2d takes %2d without waiting\n", capacity, n);
    CHECK(n == capacity);
  }
  gw_chan_free(total);
}
