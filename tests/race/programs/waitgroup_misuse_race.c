/* An add from zero beside a wait: whether the wait sees it is chance.  The race is on the group itself. */
#include "scenario.h"

static gw_waitgroup group;

static void adder(void) {
  turn_wait(1);
  gw_waitgroup_add(&group, 1); /* RACE 1: read */
  turn_done();
  turn_wait(3);
  gw_waitgroup_done(&group);
}
static void waiter(void) {
  turn_wait(2);
  turn_done();
  gw_waitgroup_wait(&group); /* RACE 1: write */
}

int main(void) {
  gw_maxprocs(1); /* so that the waiter waits before the adder goes on */
  both(adder, waiter);
}
