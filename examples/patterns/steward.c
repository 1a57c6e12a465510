/* Steward: one goroutine watches the heartbeat of another, its ward, and replaces it when it falls silent.  The ward
 * takes its work from a channel that outlives it, so the next one goes on where it stopped. */
#include "pattern.h"

enum { WORK = 30, HANGS_EVERY = 8, SILENT_NS = 100 * 1000 * 1000 };

struct ward {
  gw_ctx *ctx;
  gw_chan(char) pulse;
};

/* Hangs after a few items; whoever hangs has finished its item. */
static void ward(struct ward *w, gw_chan(int) work, gw_chan(int) results) {
  for (int i = 0;; i++) {
    if (i == HANGS_EVERY) {
      gw_recv(gw_ctx_done(w->ctx));
      return;
    }
    gw_select {
      gw_on_recv(gw_ctx_done(w->ctx)) { return; }
      gw_on_recv_ok(work, item, ok) {
        if (!ok) return;
        gw_send(results, item);
      }
      gw_on_after(5 * GW_MS) { i--; }
    }
    gw_try_send(w->pulse, 1);
  }
}

static void start_ward(struct ward *w, gw_waitgroup *wards, gw_chan(int) work, gw_chan(int) results) {
  w->ctx = gw_ctx_with_cancel(gw_ctx_background());
  gw_waitgroup_go(wards, ward, w, work, results);
}

/* Until ctx ends; how many wards it took. */
static void steward(gw_ctx *ctx, gw_chan(int) work, gw_chan(int) results, int *started) {
  struct ward w = {.pulse = gw_make(char, 1)};
  gw_waitgroup wards = {0};
  start_ward(&w, &wards, work, results);
  *started = 1;
  for (bool more = true; more;) {
    bool silent = false;
    gw_select {
      gw_on_recv(gw_ctx_done(ctx)) { more = false; }
      gw_on_recv(w.pulse) {}
      gw_on_after(SILENT_NS) { silent = true; }
    }
    if (more && !silent) continue;
    gw_ctx_cancel(w.ctx);
    gw_waitgroup_wait(&wards);
    gw_ctx_free(w.ctx);
    if (!more) break;
    start_ward(&w, &wards, work, results);
    ++*started;
  }
  gw_chan_free(w.pulse);
}

int main(void) {
  gw_ctx *ctx = gw_ctx_with_cancel(gw_ctx_background());
  gw_chan(int) work = gw_make(int, WORK), results = gw_make(int, WORK);
  gw_waitgroup all = {0};
  int started = 0;
  for (int i = 0; i < WORK; i++) gw_send(work, i);
  gw_waitgroup_go(&all, steward, ctx, work, results, &started);
  for (int i = 0; i < WORK; i++) CHECK(gw_recv(results) == i);
  gw_ctx_cancel(ctx);
  gw_waitgroup_wait(&all);
  printf("%d items done by %d goroutines, one after the other\n", WORK, started);
  CHECK(started >= (WORK + HANGS_EVERY - 1) / HANGS_EVERY);
  all_ended();
  gw_ctx_free(ctx);
  gw_chan_free(work);
  gw_chan_free(results);
}
