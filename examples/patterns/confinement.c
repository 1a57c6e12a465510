/* Confinement: data that only one goroutine can reach needs no lock.  Here the lines of a table are dealt out, each to
 * one goroutine; and a buffer travels through a channel: whoever has received it owns it, who sent it lets go of it. */
#include "pattern.h"

enum { LINES = 8, WIDTH = 1000 };

struct line {
  int cells[WIDTH];
  long sum;
};

static void fill(struct line *own, int seed) {
  for (int i = 0; i < WIDTH; i++) own->cells[i] = (i * 31 + seed) % 100;
}

static void stage(gw_chan(struct line *) in, gw_chan(struct line *) out) {
  gw_range(l, in) {
    for (int i = 0; i < WIDTH; i++) l->sum += l->cells[i];
    gw_send(out, l); /* and from here on it is somebody else's */
  }
  gw_close(out);
}

int main(void) {
  struct line *table = calloc(LINES, sizeof *table);
  CHECK(table);
  gw_waitgroup all = {0};
  for (int i = 0; i < LINES; i++) gw_waitgroup_go(&all, fill, &table[i], i);
  gw_waitgroup_wait(&all);

  gw_chan(struct line *) in = gw_make(struct line *, 0), out = gw_make(struct line *, LINES);
  gw_go(stage, in, out);
  long expected = 0, sum = 0;
  for (int i = 0; i < LINES; i++) {
    for (int k = 0; k < WIDTH; k++) expected += table[i].cells[k];
    gw_send(in, &table[i]);
  }
  gw_close(in);
  gw_range(l, out) sum += l->sum;
  printf("%ld, without a lock\n", sum);
  CHECK(sum == expected);
  all_ended();
  gw_chan_free(in);
  gw_chan_free(out);
  free(table);
}
