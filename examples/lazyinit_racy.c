/* A table that is made by whoever needs it first.
 *
 * The bug: check, then act.  Two goroutines find no table, and both make one; what the first has put into its own is
 * lost. */
#include <godwit.h>
#include <stdio.h>
#include <stdlib.h>

static int *table;

static int *make_squares(int count) {
  int *squares = calloc((size_t)count, sizeof *squares);
  if (!squares) abort();
  for (int i = 0; i < count; i++) squares[i] = i * i;
  return squares;
}

static int *get_table(void) {
  if (table == NULL) {
    table = make_squares(16);
  }
  return table;
}

static void use(int n, gw_chan(int) answers) {
  int *squares = get_table();
  gw_send(answers, squares[n]);
}

int main(void) {
  gw_chan(int) answers = gw_make(int, 2);
  gw_go(use, 3, answers);
  gw_go(use, 4, answers);
  int sum = gw_recv(answers);
  sum += gw_recv(answers);
  printf("3 * 3 + 4 * 4 = %d\n", sum);
  free(table);
  gw_chan_free(answers);
}
