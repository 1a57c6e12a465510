/* NO RACE */
/* Each done is before the wait that it releases, for every waiter; a group may be used again after its wait. */
#include "scenario.h"

static gw_waitgroup group, rounds;
static long results[8], seen;

static void a1(void) {
  results[0] = 1;
  gw_waitgroup_done(&group);
}
static void waiter(void) {
  gw_waitgroup_wait(&group);
  use(results[0]);
}

static void worker(int i) {
  results[i] += i;
  gw_waitgroup_done(&rounds);
}

static void counted(long *where) { (*where)++; }

int main(void) {
  gw_waitgroup_add(&group, 1);
  both(a1, waiter);
  gw_waitgroup_add(&group, 1);
  gw_waitgroup_done(&group);
  both(waiter, waiter);
  for (int round = 0; round < 50; round++) {
    gw_waitgroup_add(&rounds, 8);
    for (int i = 0; i < 8; i++) gw_go(worker, i);
    gw_waitgroup_wait(&rounds);
    for (int i = 0; i < 8; i++) seen += results[i];
  }
  for (int i = 0; i < 8; i++) gw_waitgroup_go(&rounds, counted, &results[i]);
  gw_waitgroup_wait(&rounds);
  use(results[3]);
}
