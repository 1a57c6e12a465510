/* Error groups: the first failure counts and cancels, the limit holds, everybody is waited for. */
#include "check.h"

static int running, most; /* atomic */

static int work(int i, int fails, gw_ctx *ctx) {
  if (i == fails) return 10 + i;
  gw_recv(gw_ctx_done(ctx));
  return gw_ctx_err(ctx);
}

static void first_failure_counts(void) {
  gw_errgroup *g = gw_errgroup_new(NULL);
  for (int i = 0; i < 20; i++) gw_errgroup_go(g, work, i, 7, gw_errgroup_ctx(g));
  CHECK(gw_errgroup_wait(g) == 17 && gw_ctx_err(gw_errgroup_ctx(g)) == GW_CANCELED);
  CHECK(gw_errgroup_wait(g) == 17);
  gw_errgroup_free(g);
}

static int fine(long *sum, int n) {
  __atomic_fetch_add(sum, n, __ATOMIC_RELAXED);
  return 0;
}

static void success(void) {
  long sum = 0;
  gw_ctx *top = gw_ctx_with_cancel(gw_ctx_background());
  gw_errgroup *g = gw_errgroup_new(top);
  CHECK(gw_errgroup_wait(gw_errgroup_new(top)) == 0); /* nothing to wait for; its memory is small */
  for (int i = 0; i < 100; i++) gw_errgroup_go(g, fine, &sum, i);
  CHECK(gw_ctx_err(gw_errgroup_ctx(g)) == 0);
  CHECK(gw_errgroup_wait(g) == 0 && sum == 4950);
  CHECK(gw_ctx_err(gw_errgroup_ctx(g)) == GW_CANCELED && gw_ctx_err(top) == 0);
  gw_errgroup_free(g);
  gw_ctx_free(top);
}

static void parent_cancels(void) {
  gw_ctx *top = gw_ctx_with_cancel(gw_ctx_background());
  gw_errgroup *g = gw_errgroup_new(top);
  for (int i = 0; i < 3; i++) gw_errgroup_go(g, work, i, -1, gw_errgroup_ctx(g));
  gw_ctx_cancel(top);
  CHECK(gw_errgroup_wait(g) == GW_CANCELED);
  gw_errgroup_free(g);
  gw_ctx_free(top);
}

static int counted(int rounds) {
  int now = __atomic_add_fetch(&running, 1, __ATOMIC_RELAXED);
  int seen = __atomic_load_n(&most, __ATOMIC_RELAXED);
  while (now > seen && !__atomic_compare_exchange_n(&most, &seen, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  for (int i = 0; i < rounds; i++) gw_yield();
  __atomic_fetch_sub(&running, 1, __ATOMIC_RELAXED);
  return 0;
}

static void the_limit_holds(void) {
  for (int limit = 1; limit < 5; limit++) {
    gw_errgroup *g = gw_errgroup_new(NULL);
    gw_errgroup_set_limit(g, limit);
    most = 0;
    for (int i = 0; i < 40; i++) {
      gw_errgroup_go(g, counted, i % 5);
      CHECK(__atomic_load_n(&running, __ATOMIC_RELAXED) <= limit);
    }
    CHECK(gw_errgroup_wait(g) == 0 && most <= limit);
    gw_errgroup_set_limit(g, -1);
    for (int i = 0; i < 10; i++) gw_errgroup_go(g, counted, 1);
    gw_errgroup_wait(g);
    gw_errgroup_free(g);
  }
}

/* With a limit of one, what the functions do needs no lock. */
static int one_after_the_other(int *plain) {
  ++*plain;
  return 0;
}

static void limit_of_one(void) {
  int plain = 0;
  gw_errgroup *g = gw_errgroup_new(NULL);
  gw_errgroup_set_limit(g, 1);
  for (int i = 0; i < 50; i++) gw_errgroup_go(g, one_after_the_other, &plain);
  gw_errgroup_wait(g);
  CHECK(plain == 50);
  gw_errgroup_free(g);
}

static int leaves(void) { gw_goexit(); }

static void goexit_is_no_failure(void) {
  gw_errgroup *g = gw_errgroup_new(NULL);
  gw_errgroup_set_limit(g, 2);
  for (int i = 0; i < 10; i++) gw_errgroup_go(g, leaves);
  CHECK(gw_errgroup_wait(g) == 0);
  gw_errgroup_free(g);
}

static void limit_too_late(gw_errgroup *g) { gw_errgroup_set_limit(g, 1); }
static void free_too_early(gw_errgroup *g) { gw_errgroup_free(g); }

static void misuse(void) {
  gw_panic_info info;
  gw_errgroup *g = gw_errgroup_new(NULL);
  gw_errgroup_go(g, work, 1, 2, gw_errgroup_ctx(g));
  CHECK(!gw_try(&info, limit_too_late, g));
  CHECK(strcmp(info.message, "errgroup: modify limit while 1 goroutines in the group are still active") == 0);
  CHECK(!gw_try(&info, free_too_early, g));
  gw_ctx_cancel(gw_errgroup_ctx(g));
  CHECK(gw_errgroup_wait(g) == GW_CANCELED);
  gw_errgroup_free(g);
  gw_errgroup_free(NULL);
}

int main(void) {
  first_failure_counts();
  success();
  parent_cancels();
  the_limit_holds();
  limit_of_one();
  goexit_is_no_failure();
  misuse();
  while (gw_num_goroutine() > 1) gw_yield();
  return 0;
}
