/* Tee: every value goes to both of two consumers, at the pace of the slower one.  Each turn sends to whichever is ready
 * first, and disables its case by a NULL channel until the other has it, too. */
#include "pattern.h"

enum { N = 200 };

static void source(gw_chan(int) out) {
  for (int i = 0; i < N; i++) gw_send(out, i);
  gw_close(out);
}

static void tee(gw_chan(int) in, gw_chan(int) one, gw_chan(int) two) {
  gw_range(v, in) {
    gw_chan(int) a = one, b = two;
    while (a || b) gw_select {
        gw_on_send(a, v) { a = NULL; }
        gw_on_send(b, v) { b = NULL; }
      }
  }
  gw_close(one);
  gw_close(two);
}

static void sum_up(gw_chan(int) in, long *sum, int64_t pause_ns) {
  gw_range(v, in) {
    *sum += v;
    if (v % 50 == 0) gw_sleep(pause_ns);
  }
}

int main(void) {
  gw_chan(int) in = gw_make(int, 0), one = gw_make(int, 0), two = gw_make(int, 8);
  long sums[2] = {0};
  gw_waitgroup all = {0};
  gw_go(source, in);
  gw_go(tee, in, one, two);
  gw_waitgroup_go(&all, sum_up, one, &sums[0], 0);
  gw_waitgroup_go(&all, sum_up, two, &sums[1], GW_MS);
  gw_waitgroup_wait(&all);
  printf("both have seen %ld\n", sums[0]);
  CHECK(sums[0] == N * (N - 1) / 2 && sums[0] == sums[1]);
  all_ended();
  gw_chan_free(in);
  gw_chan_free(one);
  gw_chan_free(two);
}
