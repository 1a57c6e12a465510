/* An add from zero beside a wait: whether the wait sees it is chance.  The race is on the group itself. */
#include "scenario.h"

#include "parked.h"

static gw_waitgroup group;

static void adder(void) {
  turn_wait(1);
  gw_waitgroup_add(&group, 1); /* RACE 1: read */
  turn_done();
  await_parked(2, "sync.WaitGroup.Wait"); /* main, who waits for both of us, and the waiter */
  gw_waitgroup_done(&group);
}
static void waiter(void) {
  turn_wait(2);
  gw_waitgroup_wait(&group); /* RACE 1: write */
}

int main(void) { both(adder, waiter); }
