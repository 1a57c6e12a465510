/* Error group: fetch many things at a time, so many at once; the first failure calls the rest off and is what the
 * caller gets. */
#include "pattern.h"

enum { PAGES = 30, AT_ONCE = 5, NOT_FOUND = 404 };

/* Stands for a request over a network: takes a while, and heeds its context.  Beside a missing page, those after it
 * take an hour. */
static int fetch(gw_ctx *ctx, int page, int missing, int *size) {
  int err = 0;
  gw_select {
    gw_on_recv(gw_ctx_done(ctx)) { err = gw_ctx_err(ctx); }
    gw_on_after(missing >= 0 && page > missing ? 3600 * GW_S : (1 + page % 3) * GW_MS) {
      if (page == missing)
        err = NOT_FOUND;
      else
        *size = 100 + page;
    }
  }
  return err;
}

static int fetch_all(int missing, int *sizes) {
  gw_errgroup *g = gw_errgroup_new(gw_ctx_background());
  gw_errgroup_set_limit(g, AT_ONCE);
  for (int i = 0; i < PAGES; i++) gw_errgroup_go(g, fetch, gw_errgroup_ctx(g), i, missing, &sizes[i]);
  int err = gw_errgroup_wait(g);
  gw_errgroup_free(g);
  return err;
}

int main(void) {
  int sizes[PAGES] = {0}, total = 0;
  CHECK(fetch_all(-1, sizes) == 0);
  for (int i = 0; i < PAGES; i++) total += sizes[i];
  printf("%d pages, %d bytes\n", PAGES, total);
  CHECK(total == PAGES * 100 + PAGES * (PAGES - 1) / 2);

  memset(sizes, 0, sizeof sizes);
  int err = fetch_all(7, sizes), fetched = 0;
  for (int i = 0; i < PAGES; i++) fetched += sizes[i] != 0;
  printf("error %d\n", err);
  CHECK(err == NOT_FOUND && fetched <= 7 && sizes[7] == 0);
  all_ended();
}
