/* Rounds of a lock that nobody else takes meanwhile: what a goroutine does after the last of them isn't ordered by it,
 * nor what it does in a section that another ends. */
#include "scenario.h"

static gw_mutex mu;
static gw_rwmutex rw, handed;
static long in_mu, after_mu, in_rw, after_rw, in_first, in_handed, after_handed, in_next, in_last, in_mutex;

static void a1(void) {
  turn_wait(1);
  for (int i = 0; i < 3; i++) {
    gw_mutex_lock(&mu);
    in_mu = i;
    gw_mutex_unlock(&mu);
  }
  after_mu = 1; /* RACE 1: write after_mu */
  turn_done();
}
static void b1(void) {
  turn_wait(2);
  gw_mutex_lock(&mu);
  use(in_mu);
  use(after_mu); /* RACE 1: read after_mu */
  gw_mutex_unlock(&mu);
}

static void a2(void) {
  turn_wait(1);
  for (int i = 0; i < 3; i++) {
    gw_rwmutex_rlock(&rw);
    in_rw = i;
    gw_rwmutex_runlock(&rw);
  }
  after_rw = 1; /* RACE 2: write after_rw */
  turn_done();
}
static void b2(void) {
  turn_wait(2);
  gw_rwmutex_lock(&rw);
  use(in_rw);
  use(after_rw); /* RACE 2: read after_rw */
  gw_rwmutex_unlock(&rw);
}

/* The second section is a's, and b gives the lock back for it. */
static void a3(void) {
  turn_wait(1);
  gw_rwmutex_rlock(&handed);
  in_first = 1;
  gw_rwmutex_runlock(&handed);
  gw_rwmutex_rlock(&handed);
  in_handed = 1; /* RACE 3: write in_handed */
  turn_done();
  turn_wait(3);
  after_handed = 1; /* RACE 4: write after_handed */
  turn_done();
}
static void b3(void) {
  turn_wait(2);
  gw_rwmutex_runlock(&handed);
  gw_rwmutex_lock(&handed);
  use(in_handed); /* RACE 3: read in_handed */
  turn_done();
  turn_wait(4);
  use(after_handed); /* RACE 4: read after_handed */
  gw_rwmutex_unlock(&handed);
}

/* From then on it is as ever. */
static void a4(void) {
  turn_wait(1);
  gw_rwmutex_rlock(&rw);
  gw_rwmutex_runlock(&rw);
  gw_rwmutex_rlock(&rw);
  in_next = 1; /* RACE 5: write in_next */
  turn_done();
}
static void b4(void) {
  turn_wait(2);
  gw_rwmutex_runlock(&rw);
  gw_rwmutex_lock(&rw);
  use(in_next); /* RACE 5: read in_next */
  gw_rwmutex_unlock(&rw);
}

/* What came before the section that another ends is ordered, as ever. */
static void a5(void) {
  turn_wait(1);
  gw_rwmutex_rlock(&rw);
  in_last = 1;
  gw_rwmutex_runlock(&rw);
  gw_rwmutex_rlock(&rw);
  gw_mutex_lock(&mu);
  in_mutex = 1;
  gw_mutex_unlock(&mu);
  gw_mutex_lock(&mu);
  turn_done();
}
static void b5(void) {
  turn_wait(2);
  gw_rwmutex_runlock(&rw);
  gw_rwmutex_lock(&rw);
  use(in_last);
  gw_rwmutex_unlock(&rw);
  gw_mutex_unlock(&mu);
  gw_mutex_lock(&mu);
  use(in_mutex);
  gw_mutex_unlock(&mu);
}

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
}
