/* NO RACE */
/* Orders of godwit's locks that can't end in a deadlock. */
#include "scenario.h"

static gw_mutex gate, a, b;
static void a_b(void) {
  turn_wait(1);
  gw_mutex_lock(&gate);
  gw_mutex_lock(&a);
  gw_mutex_lock(&b);
  gw_mutex_unlock(&b);
  gw_mutex_unlock(&a);
  gw_mutex_unlock(&gate);
  turn_done();
}
static void b_a(void) {
  turn_wait(2);
  gw_mutex_lock(&gate);
  gw_mutex_lock(&b);
  gw_mutex_lock(&a);
  gw_mutex_unlock(&a);
  gw_mutex_unlock(&b);
  gw_mutex_unlock(&gate);
}

/* Another goroutine unlocks: then this one holds it no longer. */
static gw_mutex handed, c;
static void lock_handed(void) {
  turn_wait(1);
  gw_mutex_lock(&handed);
  turn_done();
  turn_wait(3);
  gw_mutex_lock(&c);
  gw_mutex_unlock(&c);
  turn_done();
}
static void unlock_handed(void) {
  turn_wait(2);
  gw_mutex_unlock(&handed);
  turn_done();
  turn_wait(4);
  gw_mutex_lock(&c);
  gw_mutex_lock(&handed);
  gw_mutex_unlock(&handed);
  gw_mutex_unlock(&c);
}

/* Readers of both. */
static gw_rwmutex r, s;
static void r_s(void) {
  turn_wait(1);
  gw_rwmutex_rlock(&r);
  gw_rwmutex_rlock(&s);
  gw_rwmutex_runlock(&s);
  gw_rwmutex_runlock(&r);
  turn_done();
}
static void s_r(void) {
  turn_wait(2);
  gw_rwmutex_rlock(&s);
  gw_rwmutex_rlock(&r);
  gw_rwmutex_runlock(&r);
  gw_rwmutex_runlock(&s);
}

/* Two mutexes that lie where two others lay. */
struct node {
  gw_mutex mu;
};
static void nested(struct node *outer, struct node *inner, gw_chan(int) done) {
  gw_mutex_lock(&outer->mu);
  gw_mutex_lock(&inner->mu);
  gw_mutex_unlock(&inner->mu);
  gw_mutex_unlock(&outer->mu);
  gw_send(done, 1);
}

/* Before the goroutine was there; it, and one that it creates, does it the other way round. */
static gw_mutex e, f;
static void f_e(int depth, gw_waitgroup *done) {
  gw_mutex_lock(&f);
  gw_mutex_lock(&e);
  gw_mutex_unlock(&e);
  gw_mutex_unlock(&f);
  if (depth) gw_go(f_e, depth - 1, done);
  gw_waitgroup_done(done);
}
static void before_creation(void) {
  gw_waitgroup done = {0};
  gw_mutex_lock(&e);
  gw_mutex_lock(&f);
  gw_mutex_unlock(&f);
  gw_mutex_unlock(&e);
  gw_waitgroup_add(&done, 3);
  gw_go(f_e, 2, &done);
  gw_waitgroup_wait(&done);
}

int main(void) {
  before_creation();
  both(a_b, b_a);
  both(lock_handed, unlock_handed);
  both(r_s, s_r);
  gw_chan(int) done = gw_make(int, 0);
  for (int i = 0; i < 50; i++) {
    struct node *x = calloc(1, sizeof *x), *y = calloc(1, sizeof *y);
    gw_go(nested, i % 2 ? x : y, i % 2 ? y : x, done);
    gw_recv(done);
    free(x);
    free(y);
  }
}
