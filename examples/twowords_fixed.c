/* A headline that one goroutine sets while another measures it: the repaired twowords_racy.c.
 *
 * Both words are read and written under one lock, so nobody sees half of a change. */
#include <godwit.h>
#include <stdio.h>

struct text {
  const char *bytes;
  size_t length;
};

static gw_rwmutex headline_mu; /* guards headline */
static struct text headline = {"quiet day", 9};

static void edit(gw_waitgroup *done) {
  struct text news = {"storm", 5};
  gw_rwmutex_lock(&headline_mu);
  headline = news;
  gw_rwmutex_unlock(&headline_mu);
  gw_waitgroup_done(done);
}

static void measure(size_t *longest, gw_waitgroup *done) {
  gw_rwmutex_rlock(&headline_mu);
  struct text shown = headline;
  gw_rwmutex_runlock(&headline_mu);
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
