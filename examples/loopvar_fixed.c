/* One goroutine for each page of a book: the repaired loopvar_racy.c.
 *
 * The page's number is passed by value: gw_go evaluates its arguments before the goroutine starts. */
#include <godwit.h>
#include <stdio.h>

enum { PAGES = 5 };
static int rendered[PAGES + 1];
static gw_mutex rendered_mu;

static void render(int page, gw_waitgroup *done) {
  gw_mutex_lock(&rendered_mu);
  rendered[page]++;
  gw_mutex_unlock(&rendered_mu);
  gw_waitgroup_done(done);
}

int main(void) {
  gw_waitgroup done = {0};
  int page;
  gw_waitgroup_add(&done, PAGES);
  for (page = 0; page < PAGES; page++) {
    gw_go(render, page, &done);
  }
  gw_waitgroup_wait(&done);
  for (int i = 0; i < PAGES; i++) printf("page %d: rendered %d times\n", i, rendered[i]);
}
