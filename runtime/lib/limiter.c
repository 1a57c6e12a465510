/* Token buckets, with the rules of golang.org/x/time/rate: tokens are counted when somebody asks, may be owed, and go
 * back if their taker gives up before anybody else has taken one.
 *
 * Rejected: a compare-and-swap on the time at which the bucket will be full, which needs no lock, but counts in whole
 * nanoseconds per token and so is off by percents at high rates. */
#include "runtime/g.h"

static struct spin_LIMITER *lock_of(gw_limiter *l) { return (struct spin_LIMITER *)(void *)&l->gw__lock; }

void gw_limiter_init(gw_limiter *l, double per_second, int burst) {
  if (!(per_second >= 0)) gw_panic("limiter: %g tokens per second", per_second);
  if (burst < 1) gw_panic("limiter: burst of %d", burst);
  *l = (gw_limiter){.gw__per_second = per_second, .gw__burst = burst, .gw__tokens = burst, .gw__last = prim_now()};
}

static void count_locked(gw_limiter *l, int64_t now) {
  if (now <= l->gw__last) return; /* another processor's clock */
  double tokens = l->gw__tokens + l->gw__per_second * ((double)(now - l->gw__last) / 1e9);
  l->gw__tokens = tokens < l->gw__burst ? tokens : l->gw__burst;
  l->gw__last = now;
}

/* Takes a token that is there within ns; *wait_ns: when. False, and takes none, if it would come later. */
static bool take(gw_limiter *l, int64_t within_ns, int64_t *wait_ns, uint32_t *turn) {
  struct m *m = rt_enter(g_self());
  spin_lock(lock_of(l));
  count_locked(l, prim_now());
  double owed = 1 - l->gw__tokens;
  double wait = owed <= 0 ? 0 : owed / l->gw__per_second * 1e9 + 1; /* rounded up; a division by zero: never */
  bool ok = wait <= (double)within_ns && wait < (double)INT64_MAX;
  if (ok) {
    l->gw__tokens -= 1;
    *turn = ++l->gw__turns;
    *wait_ns = (int64_t)wait;
  }
  spin_unlock(lock_of(l));
  rt_exit(m);
  return ok;
}

static void give_back(gw_limiter *l, uint32_t turn) {
  struct m *m = rt_enter(g_self());
  spin_lock(lock_of(l));
  if (l->gw__turns == turn) l->gw__tokens += 1; /* else the next one's turn has been told already */
  spin_unlock(lock_of(l));
  rt_exit(m);
}

bool gw_limiter_allow(gw_limiter *l) {
  int64_t wait_ns;
  uint32_t turn;
  return take(l, 0, &wait_ns, &turn);
}

/* True if the context ended first. */
static bool wait_or_end(gw_ctx *ctx, int64_t ns) {
  gw_case cases[] = {GW_CASE_RECV(gw_ctx_done(ctx), NULL), GW_CASE_AFTER(ns)};
  return gw_select_cases(cases, ns < INT64_MAX ? 2 : 1) == 0;
}

int gw_limiter_wait(gw_limiter *l, gw_ctx *ctx) {
  if (!ctx) ctx = gw_ctx_background();
  int err = gw_ctx_err(ctx);
  if (err) return err;
  int64_t deadline = gw_ctx_deadline(ctx), wait_ns = INT64_MAX;
  uint32_t turn = 0;
  if (!take(l, deadline == INT64_MAX ? INT64_MAX : deadline - prim_now(), &wait_ns, &turn)) {
    if (deadline < INT64_MAX) return GW_DEADLINE_EXCEEDED;
    wait_or_end(ctx, INT64_MAX); /* there will never be one */
    return gw_ctx_err(ctx);
  }
  if (wait_ns == 0 || !wait_or_end(ctx, wait_ns)) return 0;
  give_back(l, turn);
  return gw_ctx_err(ctx);
}
