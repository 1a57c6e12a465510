/* Squares, computed by a goroutine each and collected in one list: the repaired append_racy.c.
 *
 * The results travel over a channel, and main alone appends: what only one goroutine touches needs no lock. */
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

static void square(gw_chan(int) squares, int n) { gw_send(squares, n * n); }

int main(void) {
  struct list *results = calloc(1, sizeof *results);
  gw_chan(int) squares = gw_make(int, 0);
  if (!results) return 1;
  for (int n = 0; n < NUMBERS; n++) gw_go(square, squares, n);
  for (int n = 0; n < NUMBERS; n++) list_append(results, gw_recv(squares));
  gw_chan_free(squares);
  printf("%d results\n", results->count);
  free(results);
}
