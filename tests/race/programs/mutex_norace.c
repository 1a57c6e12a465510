/* NO RACE */
/* What a mutex orders: an unlock before the next lock, whoever unlocks, and over a chain of goroutines. */
#include "scenario.h"

static gw_mutex mu, second, by_other;
static long guarded, before_lock, tried, chain, handed;

static void add(void) {
  for (int i = 0; i < 200; i++) {
    gw_mutex_lock(&mu);
    guarded++;
    gw_mutex_unlock(&mu);
    if (i % 20 == 0) gw_yield();
  }
}

static void a2(void) {
  before_lock = 1;
  IN_TURN(1, gw_mutex_lock(&mu); gw_mutex_unlock(&mu));
}
static void b2(void) {
  IN_TURN(2, gw_mutex_lock(&mu); gw_mutex_unlock(&mu));
  use(before_lock);
}

static void a3(void) {
  turn_wait(1);
  gw_mutex_lock(&mu);
  tried = 1;
  gw_mutex_unlock(&mu);
  turn_done();
}
static void b3(void) {
  turn_wait(2);
  if (gw_mutex_try_lock(&mu)) {
    use(tried);
    gw_mutex_unlock(&mu);
  }
}

static void middle(void) {
  IN_TURN(2, gw_mutex_lock(&mu); gw_mutex_unlock(&mu); gw_mutex_lock(&second); gw_mutex_unlock(&second));
}
static void a4(void) {
  gw_go(middle);
  chain = 1;
  IN_TURN(1, gw_mutex_lock(&mu); gw_mutex_unlock(&mu));
}
static void b4(void) {
  IN_TURN(3, gw_mutex_lock(&second); gw_mutex_unlock(&second));
  use(chain);
}

static void a5(void) { /* locks, and b unlocks: as in Go */
  IN_TURN(1, gw_mutex_lock(&by_other));
  turn_wait(2);
  turn_done();
  gw_mutex_lock(&by_other);
  use(handed);
  gw_mutex_unlock(&by_other);
}
static void b5(void) {
  turn_wait(3);
  handed = 1;
  gw_mutex_unlock(&by_other);
}

int main(void) {
  both(add, add);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
}
