/* Heartbeat: a goroutine tells that it lives, at intervals or with each piece of work, so that the one who waits for it
 * can tell slow from dead.  A beat that nobody wants is dropped: it may never hold up the work. */
#include "pattern.h"

static void beat(gw_chan(int) pulse, int n) {
  gw_try_send(pulse, n); /* with room for one: the latest is kept for who looks later */
}

/* Works until it hangs, at step `hangs_at`; -1: never. */
static void worker(gw_ctx *ctx, int steps, int hangs_at, gw_chan(int) pulse, gw_chan(long) result) {
  gw_ticker *t = gw_ticker_new(GW_MS);
  long sum = 0;
  int done = 0;
  beat(pulse, done);
  while (done < steps && gw_ctx_err(ctx) == 0) {
    if (done == hangs_at) {
      gw_recv(gw_ctx_done(ctx));
      break;
    }
    gw_select {
      gw_on_recv(gw_ticker_chan(t)) { beat(pulse, done); }
      gw_on_recv(gw_ctx_done(ctx)) {}
      gw_on_after(200 * GW_US) { /* the work */ sum += done++; }
    }
  }
  gw_ticker_free(t);
  gw_select {
    gw_on_send(result, sum) {}
    gw_on_recv(gw_ctx_done(ctx)) {}
  }
}

/* The worker's result, or -1 once it has been silent for too long. */
static long watch(int hangs_at) {
  gw_ctx *ctx = gw_ctx_with_cancel(gw_ctx_background());
  gw_chan(int) pulse = gw_make(int, 1);
  gw_chan(long) result = gw_make(long, 0);
  gw_waitgroup running = {0};
  gw_waitgroup_go(&running, worker, ctx, 50, hangs_at, pulse, result);
  long sum = -2;
  int beats = 0;
  while (sum == -2) gw_select {
      gw_on_recv(pulse) { beats++; }
      gw_on_recv(result, r) { sum = r; }
      gw_on_after(hangs_at < 0 ? 10 * GW_S : 200 * GW_MS) { sum = -1; }
    }
  gw_ctx_cancel(ctx);
  gw_waitgroup_wait(&running);
  while (gw_try_recv(pulse, NULL)) beats++;
  gw_ctx_free(ctx);
  gw_chan_free(pulse);
  gw_chan_free(result);
  CHECK(beats > 0);
  return sum;
}

int main(void) {
  long alive = watch(-1), dead = watch(20);
  printf("one worker made %ld, the other fell silent\n", alive);
  CHECK(alive == 50 * 49 / 2 && dead == -1);
  all_ended();
}
