/* 100,000 goroutines that live at once, with one race between the first and the last. */
#include "scenario.h"

enum { COUNT = 100000 };
static long shared;

static void wait_for_end(int i, gw_chan(char) start, gw_waitgroup *done) {
  if (i == 0) shared = 1; /* RACE 1: write shared */
  gw_recv(start);
  if (i == COUNT - 1) shared = 2; /* RACE 1: write shared */
  gw_waitgroup_done(done);
}

int main(void) {
  gw_chan(char) start = gw_make(char, 0);
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, COUNT);
  for (int i = 0; i < COUNT; i++) gw_go(wait_for_end, i, start, &done);
  if (gw_num_goroutine() != COUNT + 1) abort();
  gw_close(start);
  gw_waitgroup_wait(&done);
  use(shared); /* or the optimiser takes it away */
}
