/* Hits on a page, counted by several goroutines: the repaired counter_racy.c.
 *
 * An atomic addition is one step.  Relaxed order is enough: nobody concludes anything else from the number, and the
 * wait group orders the last additions before main's reading. */
#include <godwit.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_long hits;

static void serve(gw_waitgroup *done) {
  for (int request = 0; request < 100; request++) atomic_fetch_add_explicit(&hits, 1, memory_order_relaxed);
  gw_waitgroup_done(done);
}

int main(void) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 4);
  for (int i = 0; i < 4; i++) gw_go(serve, &done);
  gw_waitgroup_wait(&done);
  printf("%ld hits\n", atomic_load(&hits));
}
