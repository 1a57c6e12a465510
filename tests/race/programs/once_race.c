/* once orders what its function did, and nothing that came after. */
#include "scenario.h"

static gw_once once;
static long after_do;

static void make(void) {}
static void a1(void) {
  turn_wait(1);
  gw_once_do(&once, make);
  after_do = 1; /* RACE 1: write after_do */
  turn_done();
}
static void b1(void) {
  turn_wait(2);
  gw_once_do(&once, make);
  use(after_do); /* RACE 1: read after_do */
}

int main(void) { both(a1, b1); }
