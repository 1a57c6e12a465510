/* Bounded concurrency: as many goroutines as there are tasks, of which only so many may be at it at a time.  A weighted
 * semaphore lets a large task take the room of several. */
#include "pattern.h"

enum { ROOM = 4, TASKS = 40 };

static gw_sema room;
static int used, most; /* atomic */

static void task(int weight) {
  gw_sema_acquire(&room, weight);
  int now = __atomic_add_fetch(&used, weight, __ATOMIC_RELAXED), seen = __atomic_load_n(&most, __ATOMIC_RELAXED);
  while (now > seen && !__atomic_compare_exchange_n(&most, &seen, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  gw_sleep(GW_MS);
  __atomic_fetch_sub(&used, weight, __ATOMIC_RELAXED);
  gw_sema_release(&room, weight);
}

int main(void) {
  gw_sema_init(&room, ROOM);
  gw_waitgroup all = {0};
  for (int i = 0; i < TASKS; i++) gw_waitgroup_go(&all, task, i % 7 == 0 ? 3 : 1);
  gw_waitgroup_wait(&all);
  printf("%d of %d places in use at most\n", most, ROOM);
  CHECK(most <= ROOM && used == 0);
  CHECK(gw_sema_try_acquire(&room, ROOM)); /* all of it is free again */
  all_ended();
}
