/* Goroutines that come and go. */
#include "bench.h"

static void done(gw_waitgroup *w) { gw_waitgroup_done(w); }

void spawn_one(long n) {
  gw_waitgroup w = {0};
  for (long i = 0; i < n; i++) {
    gw_waitgroup_add(&w, 1);
    gw_go(done, &w);
    gw_waitgroup_wait(&w);
  }
}

void spawn_batches(long n) {
  gw_waitgroup w = {0};
  for (; n > 0; n -= 1000) {
    gw_waitgroup_add(&w, 1000);
    for (int i = 0; i < 1000; i++) gw_go(done, &w);
    gw_waitgroup_wait(&w);
  }
}

static void yielder(long n, gw_waitgroup *w) {
  for (long i = 0; i < n; i++) gw_yield();
  gw_waitgroup_done(w);
}

void yield_two(long n) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, 1);
  gw_go(yielder, n / 2, &w);
  for (long i = 0; i < n / 2; i++) gw_yield();
  gw_waitgroup_wait(&w);
}

/* Each call is a goroutine of its own, with a channel for its two halves. */
static void fib(long n, gw_chan(long) out) {
  if (n < 2) {
    gw_send(out, n);
    return;
  }
  gw_chan(long) halves = gw_make(long, 2);
  gw_go(fib, n - 1, halves);
  gw_go(fib, n - 2, halves);
  long one = gw_recv(halves), other = gw_recv(halves);
  gw_chan_free(halves);
  gw_send(out, one + other);
}

/* fib(20) makes 21891 calls. */
void fib_calls(long n) {
  gw_chan(long) out = gw_make(long, 1);
  for (long calls = 0; calls < n; calls += 21891) {
    gw_go(fib, 20, out);
    if (gw_recv(out) != 6765) gw_panic("fib");
  }
  gw_chan_free(out);
}
