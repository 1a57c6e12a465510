/* Stacks: very many goroutines (argument: how many), deep ones, used again. */
#include "check.h"

static gw_waitgroup all;

static long deep(int n) {
  volatile char frame[512];
  for (unsigned i = 0; i < sizeof frame; i++) frame[i] = (char)n;
  return n == 0 ? 0 : frame[100] - (char)n + 1 + deep(n - 1);
}

static void go_deep(int n) {
  CHECK(deep(n) == n);
  gw_waitgroup_done(&all);
}

static void wait_for(gw_chan(int) c, long *sum) {
  int v = 0;
  gw_recv_ok(c, &v);
  __atomic_add_fetch(sum, 1, __ATOMIC_RELAXED);
  gw_waitgroup_done(&all);
}

int main(int argc, char **argv) {
  int many = argc > 1 ? atoi(argv[1]) : 1000;
  for (int round = 0; round < 2; round++) {
    gw_chan(int) c = gw_make(int, 0);
    long sum = 0;
    while (gw_num_goroutine() > 1) gw_yield(); /* the last round's have all ended */
    gw_waitgroup_add(&all, many);
    for (int i = 0; i < many; i++) gw_go(wait_for, c, &sum);
    CHECK(gw_num_goroutine() == many + 1);
    gw_close(c);
    gw_waitgroup_wait(&all);
    CHECK(sum == many);
    gw_chan_free(c);
  }
  gw_waitgroup_add(&all, 100);
  for (int i = 0; i < 100; i++) gw_go(go_deep, 300); /* 160 KB and more of 256 */
  gw_waitgroup_wait(&all);
  return 0;
}
