/* Pipeline: stages joined by channels.  Each stage owns the channel that it sends on, and closes it when its own input
 * ends, so that the end runs through the pipeline like a value. */
#include "pattern.h"

static void numbers(gw_chan(int) out, int n) {
  for (int i = 1; i <= n; i++) gw_send(out, i);
  gw_close(out);
}

static void squares(gw_chan(int) in, gw_chan(long) out) {
  gw_range(x, in) gw_send(out, (long)x * x);
  gw_close(out);
}

static void multiples_of_three(gw_chan(long) in, gw_chan(long) out) {
  gw_range(x, in) {
    if (x % 3 == 0) gw_send(out, x);
  }
  gw_close(out);
}

int main(void) {
  gw_chan(int) all = gw_make(int, 0);
  gw_chan(long) squared = gw_make(long, 0), chosen = gw_make(long, 4);
  gw_go(numbers, all, 100);
  gw_go(squares, all, squared);
  gw_go(multiples_of_three, squared, chosen);
  long sum = 0;
  gw_range(x, chosen) sum += x;
  printf("the sum of the squares up to 100 that three divides: %ld\n", sum);
  CHECK(sum == 9 * (33 * 34 * 67 / 6));
  all_ended();
  gw_chan_free(all);
  gw_chan_free(squared);
  gw_chan_free(chosen);
}
