/* Token buckets: what passes in a stretch of time is at most the burst and what came in meanwhile. */
#include <math.h>

#include "check.h"

static void burst_then_rate(void) {
  gw_limiter l;
  gw_limiter_init(&l, 1000, 5);
  int64_t start = gw_now();
  int passed = 5;
  for (int i = 0; i < passed; i++) CHECK(gw_limiter_allow(&l));
  while (gw_now() - start < 10 * GW_MS) {
    passed += gw_limiter_allow(&l);
    CHECK(passed <= 5 + (double)(gw_now() - start) / 1e9 * 1000); /* the clock is read after the fact */
  }
  while (gw_limiter_allow(&l)) {
  }
  gw_sleep(4 * GW_MS);
  for (int i = 0; i < 3; i++) CHECK(gw_limiter_allow(&l)); /* however long the sleep really was */
}

static void waits_in_turn(void) {
  gw_limiter l;
  gw_limiter_init(&l, 2000, 1);
  int64_t start = gw_now();
  for (int i = 0; i < 11; i++) CHECK(gw_limiter_wait(&l, NULL) == 0);
  CHECK(gw_now() - start >= 5 * GW_MS);
}

static void no_limit_and_no_tokens(void) {
  gw_limiter l, zero = {0};
  gw_limiter_init(&l, INFINITY, 1);
  for (int i = 0; i < 10000; i++) CHECK(gw_limiter_allow(&l) && gw_limiter_wait(&l, NULL) == 0);
  gw_limiter_init(&l, 0, 3);
  CHECK(gw_limiter_allow(&l) && gw_limiter_allow(&l) && gw_limiter_wait(&l, NULL) == 0);
  CHECK(!gw_limiter_allow(&l) && !gw_limiter_allow(&zero));
  gw_ctx *c = gw_ctx_with_timeout(gw_ctx_background(), 1000 * GW_S);
  CHECK(gw_limiter_wait(&l, c) == GW_DEADLINE_EXCEEDED && gw_limiter_wait(&zero, c) == GW_DEADLINE_EXCEEDED);
  gw_ctx_cancel(c);
  CHECK(gw_limiter_wait(&l, c) == GW_CANCELED);
  gw_ctx_free(c);
}

static void wait_for(gw_limiter *l, gw_ctx *c, gw_chan(int) out) { gw_send(out, gw_limiter_wait(l, c)); }

static void contexts_end_waits(void) {
  gw_limiter l;
  gw_limiter_init(&l, 0.0001, 1); /* the next one in 10,000 s */
  gw_chan(int) out = gw_make(int, 1);
  CHECK(gw_limiter_allow(&l));
  gw_ctx *soon = gw_ctx_with_timeout(gw_ctx_background(), 1000 * GW_S);
  int64_t start = gw_now();
  CHECK(gw_limiter_wait(&l, soon) == GW_DEADLINE_EXCEEDED && gw_now() - start < 500 * GW_S); /* at once */
  gw_ctx *c = gw_ctx_with_cancel(gw_ctx_background());
  gw_go(wait_for, &l, c, out);
  gw_yield();
  gw_ctx_cancel(c);
  CHECK(gw_recv(out) == GW_CANCELED);
  gw_ctx_free(c);
  gw_limiter_init(&l, 0, 1);
  c = gw_ctx_with_cancel(gw_ctx_background());
  CHECK(gw_limiter_allow(&l));
  gw_go(wait_for, &l, c, out); /* a token that never comes */
  gw_yield();
  gw_ctx_cancel(c);
  CHECK(gw_recv(out) == GW_CANCELED);
  gw_ctx_free(c);
  gw_ctx_free(soon);
  gw_chan_free(out);
}

/* A token that its taker gave up is there for the next one, so that the next waits no longer than he would have. */
static void unused_tokens_go_back(void) {
  gw_limiter l;
  gw_chan(int) out = gw_make(int, 1);
  gw_limiter_init(&l, 10, 1);
  CHECK(gw_limiter_allow(&l));
  for (int i = 0; i < 300; i++) {
    gw_ctx *c = gw_ctx_with_cancel(gw_ctx_background());
    gw_go(wait_for, &l, c, out);
    gw_yield();
    gw_ctx_cancel(c);
    int err = gw_recv(out);
    CHECK(err == GW_CANCELED || err == 0);
    gw_ctx_free(c);
  }
  int64_t start = gw_now();
  CHECK(gw_limiter_wait(&l, NULL) == 0);
  CHECK(gw_now() - start < 20 * GW_S); /* not the thirty seconds of 300 tokens */
  gw_chan_free(out);
}

static gw_limiter shared;
static int passed; /* atomic */
static void passer(int64_t until) {
  while (gw_now() < until) {
    if (gw_limiter_allow(&shared)) __atomic_fetch_add(&passed, 1, __ATOMIC_RELAXED);
    gw_yield();
  }
}

static void many_at_once(void) {
  gw_waitgroup all = {0};
  gw_limiter_init(&shared, 5000, 10);
  int64_t start = gw_now();
  for (int i = 0; i < 4; i++) gw_waitgroup_go(&all, passer, start + 20 * GW_MS);
  gw_waitgroup_wait(&all);
  CHECK(passed <= 10 + (double)(gw_now() - start) / 1e9 * 5000);
}

static void bad(int how) {
  gw_limiter l;
  gw_limiter_init(&l, how == 0 ? -1 : how == 1 ? NAN : 1, how == 2 ? 0 : 1);
}

int main(void) {
  burst_then_rate();
  waits_in_turn();
  no_limit_and_no_tokens();
  contexts_end_waits();
  unused_tokens_go_back();
  many_at_once();
  for (int how = 0; how < 3; how++) CHECK(!gw_try(NULL, bad, how));
  return 0;
}
