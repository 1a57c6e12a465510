/* The two accesses lie a hundred thousand synchronisations and a few thousand goroutines apart; nothing is forgotten.
 */
#include "scenario.h"

static gw_mutex mu;
static long far_apart, guarded;

static void busy(void) {
  for (int i = 0; i < 100000; i++) {
    gw_mutex_lock(&mu);
    guarded++;
    gw_mutex_unlock(&mu);
  }
}
static void nothing(gw_waitgroup *done) { gw_waitgroup_done(done); }

static void a1(void) { IN_TURN(1, far_apart = 1); /* RACE 1 earlier: write far_apart */ }
static void b1(void) {
  turn_wait(2);
  busy();
  gw_waitgroup done = {0};
  for (int i = 0; i < 3000; i++) {
    gw_waitgroup_add(&done, 1);
    gw_go(nothing, &done);
    gw_waitgroup_wait(&done);
  }
  use(far_apart); /* RACE 1 later: read far_apart */
}

int main(void) { both(a1, b1); }
