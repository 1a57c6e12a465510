/* Creation orders what came before it; nothing else does, and a goroutine's end gives nothing. */
#include "scenario.h"

static long after_go, siblings, ended, parent_late;

static void read_after_go(void) { IN_TURN(2, use(after_go)); /* RACE 1: read after_go */ }
static void a1(void) {
  gw_go(read_after_go);
  IN_TURN(1, after_go = 1); /* RACE 1: write after_go */
  turn_reached(3);
}
static void b1(void) {}

static void a2(void) { IN_TURN(1, siblings = 1); /* RACE 2 earlier: write siblings */ }
static void b2(void) { IN_TURN(2, siblings = 2); /* RACE 2 later: write siblings */ }

static void write_and_end(void) { IN_TURN(1, ended = 1); /* RACE 3: write ended */ }
static void a3(void) {
  gw_go(write_and_end);
  turn_reached(2);
  for (int i = 0; i < 100; i++) gw_yield();
  use(ended); /* RACE 3: read ended */
}
static void b3(void) {}

static void write_first(void) { IN_TURN(1, parent_late = 1); /* RACE 4 earlier: write parent_late */ }
static void a4(void) {
  gw_go(write_first);
  IN_TURN(2, use(parent_late)); /* RACE 4 later: read parent_late */
}
static void b4(void) {}

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  use(siblings); /* what nobody reads the optimiser takes away */
}
