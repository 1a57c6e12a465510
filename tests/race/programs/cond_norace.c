/* NO RACE */
/* A condition variable with its mutex; and a signal orders what came before it, as in Go, with the mutex or without. */
#include "scenario.h"

static gw_mutex mu;
static gw_cond cond = GW_COND_INIT(&mu), empty = GW_COND_INIT(&mu);
static bool waiting;
static long signalled;
static int queue[4], count;

static void put(void) {
  for (int i = 1; i <= 200; i++) {
    gw_mutex_lock(&mu);
    while (count == 4) gw_cond_wait(&empty);
    queue[count++] = i;
    gw_cond_signal(&cond);
    gw_mutex_unlock(&mu);
  }
}
static void get(void) {
  for (int i = 1; i <= 200; i++) {
    gw_mutex_lock(&mu);
    while (count == 0) gw_cond_wait(&cond);
    use(queue[--count]);
    gw_cond_signal(&empty);
    gw_mutex_unlock(&mu);
  }
}

static void a2(void) {
  for (bool go_on = true; go_on; gw_yield()) {
    gw_mutex_lock(&mu);
    go_on = !waiting;
    gw_mutex_unlock(&mu);
  }
  signalled = 1;
  gw_cond_signal(&cond);
}
static void b2(void) {
  gw_mutex_lock(&mu);
  waiting = true;
  gw_cond_wait(&cond);
  use(signalled);
  gw_mutex_unlock(&mu);
}

int main(void) {
  both(put, get);
  both(a2, b2);
}
