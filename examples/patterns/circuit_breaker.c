/* Circuit breaker: after some failures in a row calls are refused at once, to spare both sides; after a while one call
 * is let through as a probe, and its outcome decides whether the circuit closes again. */
#include "pattern.h"

enum { FAILURES_MAX = 3, REFUSED = -1, FAILED = 1 };
enum state { CLOSED, OPEN, PROBING };

struct breaker {
  gw_mutex mu; /* guards the following */
  enum state state;
  int failures;      /* in a row */
  int64_t opened_at; /* while it isn't closed */
  int64_t pause_ns;  /* constant: until a probe */
};

static bool may_call(struct breaker *b) {
  gw_mutex_lock(&b->mu);
  gw_defer(gw_mutex_unlock, &b->mu);
  if (b->state == CLOSED) return true;
  if (b->state == PROBING || gw_now() - b->opened_at < b->pause_ns) return false;
  b->state = PROBING; /* this caller's */
  return true;
}

static void outcome(struct breaker *b, bool ok) {
  gw_mutex_lock(&b->mu);
  gw_defer(gw_mutex_unlock, &b->mu);
  if (ok) {
    b->state = CLOSED;
    b->failures = 0;
  } else if (b->state == PROBING || ++b->failures >= FAILURES_MAX) {
    b->state = OPEN;
    b->opened_at = gw_now();
  }
}

struct server {
  bool up;   /* atomic */
  int calls; /* atomic */
};

static int ask(struct server *s) {
  __atomic_fetch_add(&s->calls, 1, __ATOMIC_RELAXED);
  return __atomic_load_n(&s->up, __ATOMIC_RELAXED) ? 0 : FAILED;
}

static int call(struct breaker *b, struct server *s) {
  if (!may_call(b)) return REFUSED;
  int err = ask(s);
  outcome(b, err == 0);
  return err;
}

static void client(struct breaker *b, struct server *s, int *refused) {
  for (int i = 0; i < 25; i++)
    if (call(b, s) == REFUSED) __atomic_fetch_add(refused, 1, __ATOMIC_RELAXED);
}

int main(void) {
  struct server s = {.up = true};
  struct breaker b = {.pause_ns = 3600 * GW_S};
  CHECK(call(&b, &s) == 0);
  __atomic_store_n(&s.up, false, __ATOMIC_RELAXED);
  int refused = 0, before = s.calls;
  gw_waitgroup all = {0};
  for (int i = 0; i < 4; i++) gw_waitgroup_go(&all, client, &b, &s, &refused);
  gw_waitgroup_wait(&all);
  int reached = s.calls - before;
  printf("of 100 calls to a dead server %d reached it\n", reached);
  CHECK(reached >= FAILURES_MAX && reached < FAILURES_MAX + 4 && reached + refused == 100);

  CHECK(b.state == OPEN && call(&b, &s) == REFUSED);
  b.pause_ns = 0;
  CHECK(call(&b, &s) == FAILED && b.state == OPEN); /* a probe that fails */
  __atomic_store_n(&s.up, true, __ATOMIC_RELAXED);
  CHECK(call(&b, &s) == 0 && b.state == CLOSED && call(&b, &s) == 0);
  all_ended();
}
