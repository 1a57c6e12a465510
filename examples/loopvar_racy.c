/* One goroutine for each page of a book.
 *
 * The bug: every goroutine gets the address of the same loop variable, and reads it while main goes on counting: some
 * pages are rendered twice, others never. */
#include <godwit.h>
#include <stdio.h>

enum { PAGES = 5 };
static int rendered[PAGES + 1];
static gw_mutex rendered_mu;

static void render(const int *page, gw_waitgroup *done) {
  int mine = *page;
  gw_mutex_lock(&rendered_mu);
  rendered[mine]++;
  gw_mutex_unlock(&rendered_mu);
  gw_waitgroup_done(done);
}

int main(void) {
  gw_waitgroup done = {0};
  int page;
  gw_waitgroup_add(&done, PAGES);
  for (page = 0; page < PAGES; page++) {
    gw_go(render, &page, &done);
  }
  gw_waitgroup_wait(&done);
  for (int i = 0; i < PAGES; i++) printf("page %d: rendered %d times\n", i, rendered[i]);
}
