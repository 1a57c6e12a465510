/* Sleeps, timers, calls after a time, and tickers. */
#include "check.h"

#define FAR (3600 * GW_S) /* later than any machine lets a thread wait */

static void sleep_then_send(int ms, gw_chan(int) c) {
  gw_sleep(ms * GW_MS);
  gw_send(c, ms);
}

/* In which order is the machine's affair: who starts late sleeps on. */
static void sleeps_are_long_enough(void) {
  gw_chan(int) c = gw_make(int, 0);
  int64_t start = gw_now();
  for (int i = 10; i > 0; i--) gw_go(sleep_then_send, i * 20, c);
  int sum = 0;
  for (int i = 1; i <= 10; i++) {
    int ms = gw_recv(c);
    CHECK(gw_now() - start >= ms * GW_MS);
    sum += ms;
  }
  CHECK(sum == 1100);
}

static void timers_fire_once(void) {
  gw_timer *t = gw_timer_new(2 * GW_MS);
  int64_t start = gw_now(), v;
  CHECK(gw_recv(gw_timer_chan(t)) >= start);
  CHECK(!gw_timer_stop(t));
  gw_sleep(5 * GW_MS);
  CHECK(!gw_try_recv(gw_timer_chan(t), &v));
  CHECK(!gw_timer_reset(t, 2 * GW_MS));
  gw_recv(gw_timer_chan(t));
  gw_timer_free(t);
}

static void no_stale_tick(void) {
  for (int i = 0; i < 50; i++) {
    gw_timer *t = gw_timer_new(i * 20 * GW_US);
    int64_t v;
    gw_sleep(500 * GW_US);
    bool active = gw_timer_reset(t, FAR); /* fired or not, nobody has received: it was active */
    CHECK(active);
    CHECK(!gw_try_recv(gw_timer_chan(t), &v));
    CHECK(gw_timer_stop(t) && !gw_timer_stop(t));
    gw_timer_free(t);
  }
}

static void send_7(gw_chan(int) c, int n) { gw_send(c, 7 + n); }

static void calls_after(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_timer *t = gw_after_func(GW_MS, send_7, c, 1);
  CHECK(gw_recv(c) == 8);
  CHECK(!gw_timer_reset(t, GW_MS));
  CHECK(gw_recv(c) == 8);
  CHECK(!gw_timer_reset(t, FAR) && gw_timer_stop(t));
  gw_timer_free(t);
  gw_timer_free(gw_after_func(FAR, send_7, c, 2));
}

/* Missed ticks are dropped, but for one. What falls due while we look is none of them, nor is one more that a thread
 * held up on its way had read the clock for. */
static void missed_ticks(gw_ticker *t) {
  int64_t v;
  int missed = 0;
  gw_sleep(20 * GW_MS);
  while (gw_len(gw_ticker_chan(t)) == 0) gw_yield();
  int64_t begin = gw_now();
  while (gw_try_recv(gw_ticker_chan(t), &v)) missed += v < begin;
  CHECK(missed == 1 || missed == 2);
}

static void ticks(void) {
  int64_t start = gw_now(), last = 0, v;
  gw_ticker *t = gw_ticker_new(2 * GW_MS);
  for (int i = 1; i <= 5; i++) {
    int64_t now = gw_recv(gw_ticker_chan(t));
    CHECK(now > last && now - start >= i * 2 * GW_MS);
    last = now;
  }
  missed_ticks(t);
  gw_ticker_stop(t);
  gw_sleep(5 * GW_MS);
  CHECK(!gw_try_recv(gw_ticker_chan(t), &v));
  gw_ticker_free(t);
  gw_ticker_free(NULL);
  gw_timer_free(NULL);
}

enum { HEAP = 2000 };

/* Those that were stopped are looked at last, when the others, of the same heaps, have come. */
static void many_timers(void) {
  static gw_timer *t[HEAP];
  unsigned seed = 12345;
  int64_t start = gw_now(), v;
  static int64_t ns[HEAP];
  for (int i = 0; i < HEAP; i++) {
    seed = seed * 1103515245 + 12345;
    ns[i] = (seed >> 8) % (20 * 1000 * 1000);
    t[i] = gw_timer_new(ns[i]);
  }
  for (int i = 0; i < HEAP; i += 3) gw_timer_stop(t[i]);
  for (int i = 0; i < HEAP; i++)
    if (i % 3) CHECK(gw_recv(gw_timer_chan(t[i])) >= start + ns[i]);
  gw_sleep(start + 25 * GW_MS - gw_now());
  for (int i = 0; i < HEAP; i++) {
    CHECK(!gw_try_recv(gw_timer_chan(t[i]), &v));
    gw_timer_free(t[i]);
  }
}

int main(void) {
  sleeps_are_long_enough();
  timers_fire_once();
  no_stale_tick();
  calls_after();
  ticks();
  many_timers();
  gw_sleep(0);
  gw_sleep(-1);
  return 0;
}
