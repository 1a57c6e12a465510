/* NO RACE */
/* A cancellation is before its done channel is seen closed and before its error is seen, all the way down. */
#include "scenario.h"

static gw_ctx *c, *middle, *leaf;
static long by_done, by_error, by_leaf_done, by_leaf_error, by_late_done, by_birth, by_deadline, by_free, by_owner;

static void await_error(gw_ctx *one) {
  while (!gw_ctx_err(one)) gw_yield();
}

static void a1(void) {
  by_done = 1;
  gw_ctx_cancel(c);
}
static void b1(void) {
  gw_recv(gw_ctx_done(c));
  use(by_done);
}

static void a2(void) {
  by_error = 1;
  gw_ctx_cancel(c);
}
static void b2(void) {
  await_error(c);
  use(by_error);
}

static void a3(void) {
  by_leaf_done = by_leaf_error = 1;
  gw_ctx_cancel(c);
}
static void b3(void) {
  gw_recv(gw_ctx_done(leaf));
  use(by_leaf_done);
  await_error(middle);
  use(by_leaf_error);
}

/* Nobody asked for the channel before the end. */
static void a4(void) { IN_TURN(1, by_late_done = 1, gw_ctx_cancel(c)); }
static void b4(void) {
  turn_wait(2);
  gw_recv(gw_ctx_done(leaf));
  use(by_late_done);
}

/* Born ended. */
static void a5(void) { IN_TURN(1, by_birth = 1, gw_ctx_cancel(c)); }
static void b5(void) {
  turn_wait(2);
  gw_ctx *born = gw_ctx_with_cancel(leaf);
  gw_recv(gw_ctx_done(born));
  use(by_birth);
  gw_ctx_free(born);
}

static gw_chan(gw_ctx *) given;

static void a6(void) {
  by_deadline = 1;
  gw_send(given, gw_ctx_with_timeout(c, GW_MS));
}
static void b6(void) {
  gw_ctx *timed = gw_recv(given);
  gw_recv(gw_ctx_done(timed));
  use(by_deadline);
  gw_ctx_free(timed);
}

/* The owner of what somebody else canceled, who never looked, gives it back: no use of his is seen by anybody. */
static gw_ctx *unseen;
static void a7(void) { IN_TURN(1, gw_ctx_cancel(c)); }
static void b7(void) { IN_TURN(2, gw_ctx_free(unseen), unseen = NULL); }

/* Two owners; the one that is last cancels. */
static void owner(void) { by_owner += 0 * gw_ctx_err(c); /* the lock below orders this */ }
static gw_mutex mu;
static void locked_owner(void) {
  gw_mutex_lock(&mu);
  owner();
  gw_mutex_unlock(&mu);
  by_free = by_free + 0 * gw_ctx_deadline(c);
  gw_ctx_free(c);
}
static void other_owner(void) {
  gw_mutex_lock(&mu);
  owner();
  gw_mutex_unlock(&mu);
  gw_ctx_free(c);
}

static void fresh(void) {
  c = gw_ctx_with_cancel(gw_ctx_background());
  middle = gw_ctx_with_value(c, &c, NULL);
  leaf = gw_ctx_with_cancel(middle);
  unseen = gw_ctx_with_cancel(middle);
  gw_ctx_done(unseen);
}
static void drop(void) {
  gw_ctx_free(c);
  gw_ctx_free(leaf);
  gw_ctx_free(middle);
  gw_ctx_free(unseen);
}

int main(void) {
  void (*pairs[][2])(void) = {{a1, b1}, {a2, b2}, {a3, b3}, {a4, b4}, {a5, b5}, {a6, b6}, {a7, b7}};
  given = gw_make(gw_ctx *, 0);
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    fresh();
    both(pairs[i][0], pairs[i][1]);
    drop();
  }
  c = gw_ctx_ref(gw_ctx_with_cancel(gw_ctx_background()));
  both(locked_owner, other_owner);
  use(by_free);
}
