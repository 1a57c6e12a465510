/* Squares, computed by a goroutine each and appended to one list.
 *
 * The bug: two goroutines that append at once take the same place in the list; one result is lost. */
#include <godwit.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBERS = 8 };
struct list {
  int count;
  int items[NUMBERS];
};

static void list_append(struct list *l, int item) {
  int place = l->count;
  l->items[place] = item;
  l->count = place + 1;
}

static void square(struct list *results, int n, gw_waitgroup *done) {
  list_append(results, n * n);
  gw_waitgroup_done(done);
}

int main(void) {
  struct list *results = calloc(1, sizeof *results);
  gw_waitgroup done = {0};
  if (!results) return 1;
  gw_waitgroup_add(&done, NUMBERS);
  for (int n = 0; n < NUMBERS; n++) gw_go(square, results, n, &done);
  gw_waitgroup_wait(&done);
  printf("%d results\n", results->count);
  free(results);
}
