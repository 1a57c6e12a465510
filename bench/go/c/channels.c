/* Channels, and select. */
#include "bench.h"

static void echo(gw_chan(long) in, gw_chan(long) out) {
  gw_range(v, in) gw_send(out, v);
  gw_close(out);
}

void chan_ping_pong(long n) {
  gw_chan(long) ping = gw_make(long, 0);
  gw_chan(long) pong = gw_make(long, 0);
  gw_go(echo, ping, pong);
  for (long i = 0; i < n; i++) {
    gw_send(ping, i);
    gw_recv(pong);
  }
  gw_close(ping);
  gw_recv(pong);
  gw_chan_free(ping);
  gw_chan_free(pong);
}

void chan_buffered(long n) {
  gw_chan(long) c = gw_make(long, 100);
  for (long i = 0; i < n; i++) {
    gw_send(c, i);
    gw_recv(c);
  }
  gw_chan_free(c);
}

static void produce(gw_chan(long) c, long n, gw_waitgroup *w) {
  for (long i = 0; i < n; i++) gw_send(c, i);
  gw_waitgroup_done(w);
}

static void consume(gw_chan(long) c, gw_waitgroup *w) {
  gw_range(v, c)(void) v;
  gw_waitgroup_done(w);
}

static void pass(long n, int cap, int tasks) {
  gw_chan(long) c = gw_make(long, cap);
  gw_waitgroup producers = {0}, consumers = {0};
  gw_waitgroup_add(&producers, tasks);
  gw_waitgroup_add(&consumers, tasks);
  for (int i = 0; i < tasks; i++) {
    gw_go(produce, c, n / tasks, &producers);
    gw_go(consume, c, &consumers);
  }
  gw_waitgroup_wait(&producers);
  gw_close(c);
  gw_waitgroup_wait(&consumers);
  gw_chan_free(c);
}

void chan_spsc(long n) { pass(n, 0, 1); }
void chan_mpmc(long n) { pass(n, 1024, 4); }

enum { RING = 1000 };

/* The last one of a token that went n hops ends it. */
static void hop(gw_chan(long) in, gw_chan(long) out, gw_chan(char) end) {
  gw_range(left, in) {
    if (left == 0)
      gw_send(end, 1);
    else
      gw_send(out, left - 1);
  }
}

void chan_ring(long n) {
  gw_chan(long) c[RING];
  gw_chan(char) end = gw_make(char, 0);
  for (int i = 0; i < RING; i++) c[i] = gw_make(long, 0);
  for (int i = 0; i < RING; i++) gw_go(hop, c[i], c[(i + 1) % RING], end);
  gw_send(c[0], n);
  gw_recv(end);
  for (int i = 0; i < RING; i++) gw_close(c[i]);
}

static void numbers(gw_chan(long) out, bool *stop) {
  for (long i = 2; !__atomic_load_n(stop, __ATOMIC_RELAXED); i++) gw_send(out, i);
  gw_close(out);
}

static void filter(gw_chan(long) in, gw_chan(long) out, long prime) {
  gw_range(v, in) if (v % prime != 0) gw_send(out, v);
  gw_close(out);
}

/* The first n primes, by a chain of n filters. */
void chan_sieve(long n) {
  bool stop = false;
  gw_chan(long) c = gw_make(long, 0);
  gw_go(numbers, c, &stop);
  for (long i = 0; i < n; i++) {
    long prime = gw_recv(c);
    gw_chan(long) next = gw_make(long, 0);
    gw_go(filter, c, next, prime);
    c = next;
  }
  __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
  gw_range(v, c)(void) v;
}

static void echo_four(gw_chan(long) a, gw_chan(long) b, gw_chan(long) c, gw_chan(long) d, gw_chan(long) out) {
  for (bool on = true; on;) {
    gw_select {
      gw_on_recv_ok(a, v, ok) {
        on = ok;
        gw_send(out, v);
      }
      gw_on_recv(b, v) { gw_send(out, v); }
      gw_on_recv(c, v) { gw_send(out, v); }
      gw_on_recv(d, v) { gw_send(out, v); }
    }
  }
}

void select_ping_pong(long n) {
  gw_chan(long) c[4];
  gw_chan(long) out = gw_make(long, 0);
  for (int i = 0; i < 4; i++) c[i] = gw_make(long, 0);
  gw_go(echo_four, c[0], c[1], c[2], c[3], out);
  for (long i = 0; i < n; i++) {
    gw_send(c[i % 4], i);
    gw_recv(out);
  }
  gw_close(c[0]);
  gw_recv(out);
}

/* Four channels with a value each: one is taken, and put back. */
void select_ready(long n) {
  gw_chan(long) c[4];
  for (int i = 0; i < 4; i++) {
    c[i] = gw_make(long, 1);
    gw_send(c[i], i);
  }
  for (long i = 0; i < n; i++) {
    gw_select {
      gw_on_recv(c[0], v) { gw_send(c[0], v); }
      gw_on_recv(c[1], v) { gw_send(c[1], v); }
      gw_on_recv(c[2], v) { gw_send(c[2], v); }
      gw_on_recv(c[3], v) { gw_send(c[3], v); }
    }
  }
  for (int i = 0; i < 4; i++) gw_chan_free(c[i]);
}
