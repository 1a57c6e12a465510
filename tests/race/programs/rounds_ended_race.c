/* A goroutine ends in a section, and another gives the lock back: that orders nothing of the section. */
#include "scenario.h"

static gw_rwmutex rw;
static long in_first, in_last;

static void a1(void) {
  gw_rwmutex_rlock(&rw);
  in_first = 1;
  gw_rwmutex_runlock(&rw);
  gw_rwmutex_rlock(&rw);
  in_last = 1; /* RACE: write in_last */
}

int main(void) {
  int before = gw_num_goroutine();
  gw_go(a1);
  while (gw_num_goroutine() > before) gw_yield();
  gw_rwmutex_runlock(&rw);
  gw_rwmutex_lock(&rw);
  use(in_last); /* RACE: read in_last */
  gw_rwmutex_unlock(&rw);
}
