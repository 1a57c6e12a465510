/* Rounds of a lock within a round of another, which somebody else then gives back: that orders nothing of the section.
 */
#include "scenario.h"

static gw_rwmutex outer;
static gw_mutex inner;
static long in_first, in_outer;

static void a1(void) {
  turn_wait(1);
  gw_rwmutex_rlock(&outer);
  in_first = 1;
  gw_rwmutex_runlock(&outer);
  gw_rwmutex_rlock(&outer);
  in_outer = 1; /* RACE: write in_outer */
  for (int i = 0; i < 3; i++) {
    gw_mutex_lock(&inner);
    gw_mutex_unlock(&inner);
  }
  turn_done();
}
static void b1(void) {
  turn_wait(2);
  gw_rwmutex_runlock(&outer);
  gw_rwmutex_lock(&outer);
  use(in_outer); /* RACE: read in_outer */
  gw_rwmutex_unlock(&outer);
}

int main(void) { both(a1, b1); }
