/* Cancellation by a done channel: closing it reaches any number of goroutines at once, and those that come later, too.
 * Every send and receive that may last stands in a select beside it. */
#include "pattern.h"

enum { SEARCHERS = 6 };

struct found {
  int by;
  long n;
};

/* Looks for a number that is a square, and three times a square plus one. */
static void search(gw_chan(char) done, int start, gw_chan(struct found) out) {
  for (long a = 2 + start;; a += SEARCHERS) {
    gw_select {
      gw_on_recv(done) { return; }
      gw_on_default {}
    }
    long rest = a * a - 1;
    if (rest % 3) continue;
    long b = 1;
    while (b * b < rest / 3) b++;
    if (b * b == rest / 3) gw_select {
        gw_on_recv(done) { return; }
        gw_on_send(out, (struct found){start, a * a}) {}
      }
  }
}

int main(void) {
  gw_chan(char) done = gw_make(char, 0);
  gw_chan(struct found) out = gw_make(struct found, 0);
  gw_waitgroup all = {0};
  for (int i = 0; i < SEARCHERS; i++) gw_waitgroup_go(&all, search, done, i, out);
  for (int i = 0; i < 4; i++) {
    struct found f = gw_recv(out);
    printf("%ld\n", f.n);
    long root = 1;
    while (root * root < f.n) root++;
    CHECK(root * root == f.n && (f.n - 1) % 3 == 0);
  }
  gw_close(done); /* all of them, wherever they are */
  gw_waitgroup_wait(&all);
  gw_recv(done); /* closed stays closed */
  all_ended();
  gw_chan_free(done);
  gw_chan_free(out);
}
