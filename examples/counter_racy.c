/* Hits on a page, counted by several goroutines.
 *
 * The bug: `hits++` is a read, an addition and a write.  Two goroutines that do it at once lose hits. */
#include <godwit.h>
#include <stdio.h>

static long hits;

static void serve(gw_waitgroup *done) {
  for (int request = 0; request < 100; request++) hits++;
  gw_waitgroup_done(done);
}

int main(void) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 4);
  for (int i = 0; i < 4; i++) gw_go(serve, &done);
  gw_waitgroup_wait(&done);
  printf("%ld hits\n", hits);
}
