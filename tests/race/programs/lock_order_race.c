/* godwit's locks taken in a circle. */
#include "scenario.h"

static gw_mutex a, b;
static void a_b(void) {
  turn_wait(1);
  gw_mutex_lock(&a);
  gw_mutex_lock(&b);
  gw_mutex_unlock(&b);
  gw_mutex_unlock(&a);
  turn_done();
}
static void b_a(void) {
  turn_wait(2);
  gw_mutex_lock(&b);
  gw_mutex_lock(&a); /* FINDING: GW1002 */
  gw_mutex_unlock(&a);
  gw_mutex_unlock(&b);
}

static gw_rwmutex r;
static gw_mutex c;
static void read_then_lock(void) {
  turn_wait(1);
  gw_rwmutex_rlock(&r);
  gw_mutex_lock(&c);
  gw_mutex_unlock(&c);
  gw_rwmutex_runlock(&r);
  turn_done();
}
static void lock_then_write(void) {
  turn_wait(2);
  gw_mutex_lock(&c);
  gw_rwmutex_lock(&r); /* FINDING: GW1002 */
  gw_rwmutex_unlock(&r);
  gw_mutex_unlock(&c);
}

/* The lock was handed over; who got it holds it like any other. */
static gw_mutex d, e;
static void try_d_lock_e(void) {
  turn_wait(1);
  if (!gw_mutex_try_lock(&d)) abort();
  gw_mutex_lock(&e);
  gw_mutex_unlock(&e);
  gw_mutex_unlock(&d);
  turn_done();
}
static void e_d(void) {
  turn_wait(2);
  gw_mutex_lock(&e);
  gw_mutex_lock(&d); /* FINDING: GW1002 */
  gw_mutex_unlock(&d);
  gw_mutex_unlock(&e);
}

/* A thousand goroutines do it right, one does not. */
static gw_mutex f, g;
static void right(gw_waitgroup *done) {
  gw_mutex_lock(&f);
  gw_mutex_lock(&g);
  gw_mutex_unlock(&g);
  gw_mutex_unlock(&f);
  gw_waitgroup_done(done);
}
static void wrong(gw_waitgroup *done) {
  gw_mutex_lock(&g);
  gw_mutex_lock(&f); /* FINDING: GW1002 */
  gw_mutex_unlock(&f);
  gw_mutex_unlock(&g);
  gw_waitgroup_done(done);
}

/* Before the creation, which would be no circle, and after it. */
static gw_mutex x, y;
static void x_y(void) {
  gw_mutex_lock(&x);
  gw_mutex_lock(&y);
  gw_mutex_unlock(&y);
  gw_mutex_unlock(&x);
}
static void y_x(gw_waitgroup *done) {
  turn_wait(2);
  gw_mutex_lock(&y);
  gw_mutex_lock(&x); /* FINDING: GW1002 */
  gw_mutex_unlock(&x);
  gw_mutex_unlock(&y);
  gw_waitgroup_done(done);
}
static void before_and_after_creation(void) {
  gw_waitgroup done = {0};
  turn_restart();
  x_y();
  gw_waitgroup_add(&done, 1);
  gw_go(y_x, &done);
  IN_TURN(1, x_y());
  gw_waitgroup_wait(&done);
}

int main(void) {
  before_and_after_creation();
  both(a_b, b_a);
  both(read_then_lock, lock_then_write);
  both(try_d_lock_e, e_d);
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 1000);
  for (int i = 0; i < 1000; i++) gw_go(right, &done);
  gw_waitgroup_wait(&done);
  gw_waitgroup_add(&done, 1);
  gw_go(wrong, &done);
  gw_waitgroup_wait(&done);
}
