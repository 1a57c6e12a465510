/* A headline that one goroutine sets while another measures it.
 *
 * The bug: a pointer and a length are two words.  Whoever reads between the two stores sees the new pointer with the
 * old length, and reads past the end. */
#include <godwit.h>
#include <stdio.h>

struct text {
  const char *bytes;
  size_t length;
};

static struct text headline = {"quiet day", 9};

static void edit(gw_waitgroup *done) {
  struct text news = {"storm", 5};
  headline = news;
  gw_waitgroup_done(done);
}

static void measure(size_t *longest, gw_waitgroup *done) {
  struct text shown = headline;
  if (shown.length > *longest) *longest = shown.length;
  gw_waitgroup_done(done);
}

int main(void) {
  gw_waitgroup done = {0};
  size_t longest = 0;
  gw_waitgroup_add(&done, 2);
  gw_go(edit, &done);
  gw_go(measure, &longest, &done);
  gw_waitgroup_wait(&done);
  printf("up to %zu letters\n", longest);
}
