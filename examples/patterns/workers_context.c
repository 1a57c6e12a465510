/* A worker pool that a context stops: workers and the one who hands out jobs all look at the context, so that nobody is
 * left waiting for a partner that has gone. */
#include "pattern.h"

enum { WORKERS = 4, ENOUGH = 25 };

static void worker(gw_ctx *ctx, gw_chan(int) jobs, gw_chan(int) results) {
  for (;;) {
    int job = -1;
    gw_select {
      gw_on_recv(gw_ctx_done(ctx)) {}
      gw_on_recv(jobs, j) { job = j; }
    }
    if (job < 0) return;
    gw_select {
      gw_on_recv(gw_ctx_done(ctx)) {}
      gw_on_send(results, job * 2) {}
    }
  }
}

/* There is always one more job. */
static void hand_out(gw_ctx *ctx, gw_chan(int) jobs) {
  for (int i = 0; gw_ctx_err(ctx) == 0; i++) gw_select {
      gw_on_recv(gw_ctx_done(ctx)) {}
      gw_on_send(jobs, i) {}
    }
}

int main(void) {
  gw_ctx *ctx = gw_ctx_with_cancel(gw_ctx_background());
  gw_chan(int) jobs = gw_make(int, 0), results = gw_make(int, 0);
  gw_waitgroup all = {0};
  gw_waitgroup_go(&all, hand_out, ctx, jobs);
  for (int i = 0; i < WORKERS; i++) gw_waitgroup_go(&all, worker, ctx, jobs, results);
  for (int i = 0; i < ENOUGH; i++) CHECK(gw_recv(results) % 2 == 0);
  gw_ctx_cancel(ctx);
  gw_waitgroup_wait(&all);
  printf("%d results, then: %s\n", ENOUGH, strerror(gw_ctx_err(ctx)));
  CHECK(gw_ctx_err(ctx) == GW_CANCELED);
  all_ended();
  gw_ctx_free(ctx);
  gw_chan_free(jobs);
  gw_chan_free(results);
}
