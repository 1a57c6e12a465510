/* NO RACE */
/* Rounds of a lock that nobody else takes meanwhile: the next one to take it is ordered after all of them, and who
 * comes back after him is ordered after him. */
#include "scenario.h"

static gw_mutex mu;
static gw_rwmutex rw;
static gw_chan(int) c;
static long in_mu[4], in_rw[4], of_b, told;

static void a1(void) {
  turn_wait(1);
  for (int i = 0; i < 4; i++) {
    gw_mutex_lock(&mu);
    in_mu[i] = i;
    gw_mutex_unlock(&mu);
  }
  turn_done();
  turn_wait(3);
  gw_mutex_lock(&mu);
  in_mu[0] = of_b;
  gw_mutex_unlock(&mu);
}
static void b1(void) {
  turn_wait(2);
  gw_mutex_lock(&mu);
  for (int i = 0; i < 4; i++) in_mu[i]++;
  of_b = 1;
  gw_mutex_unlock(&mu);
  turn_done();
}

static void a2(void) {
  turn_wait(1);
  for (int i = 0; i < 4; i++) {
    gw_rwmutex_rlock(&rw);
    in_rw[i] = i;
    gw_rwmutex_runlock(&rw);
  }
  turn_done();
  turn_wait(3);
  gw_rwmutex_rlock(&rw);
  use(of_b);
  gw_rwmutex_runlock(&rw);
}
static void b2(void) {
  turn_wait(2);
  gw_rwmutex_lock(&rw);
  for (int i = 0; i < 4; i++) in_rw[i]++;
  of_b = 2;
  gw_rwmutex_unlock(&rw);
  turn_done();
}

/* What a learns in its section is its lock's as well. */
static void sender(void) {
  told = 1;
  gw_send(c, 1);
}
static void a3(void) {
  turn_wait(1);
  for (int i = 0; i < 2; i++) {
    gw_rwmutex_rlock(&rw);
    in_rw[0] = i;
    if (i) (void)gw_recv(c);
    gw_rwmutex_runlock(&rw);
  }
  turn_done();
}
static void b3(void) {
  turn_wait(2);
  gw_rwmutex_lock(&rw);
  told = 2;
  gw_rwmutex_unlock(&rw);
}

int main(void) {
  c = gw_make(int, 1);
  both(a1, b1);
  both(a2, b2);
  gw_go(sender);
  both(a3, b3);
}
