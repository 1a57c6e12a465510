/* Readers of a read-write lock don't order one another. */
#include "scenario.h"

static gw_rwmutex mu;
static long under_rlock, reader_to_reader, after_unlock;

static void a1(void) {
  gw_rwmutex_rlock(&mu);
  IN_TURN(1, under_rlock = 1); /* RACE 1: write under_rlock */
  gw_rwmutex_runlock(&mu);
}
static void b1(void) {
  gw_rwmutex_rlock(&mu);
  IN_TURN(2, use(under_rlock)); /* RACE 1: read under_rlock */
  gw_rwmutex_runlock(&mu);
}

static void a2(void) {
  turn_wait(1);
  reader_to_reader = 1; /* RACE 2: write reader_to_reader */
  gw_rwmutex_rlock(&mu);
  gw_rwmutex_runlock(&mu);
  turn_done();
}
static void b2(void) {
  turn_wait(2);
  gw_rwmutex_rlock(&mu);
  gw_rwmutex_runlock(&mu);
  use(reader_to_reader); /* RACE 2: read reader_to_reader */
}

static void a3(void) {
  turn_wait(1);
  gw_rwmutex_lock(&mu);
  gw_rwmutex_unlock(&mu);
  after_unlock = 1; /* RACE 3: write after_unlock */
  turn_done();
}
static void b3(void) {
  turn_wait(2);
  gw_rwmutex_rlock(&mu);
  use(after_unlock); /* RACE 3: read after_unlock */
  gw_rwmutex_runlock(&mu);
}

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
}
