/* Sleeps, timers, tickers. */
#include "property.h"

static int woken;

static void sleep_and_check(int64_t ns) {
  int64_t began = gw_now();
  gw_sleep(ns);
  CHECK(gw_now() - began >= ns);
  add(&woken, 1);
}

/* Nobody wakes too soon, nobody sleeps on. */
static void sleeps_are_long_enough(void) {
  gw_waitgroup done = {0};
  woken = 0;
  for (int i = 0; i < 300; i++) gw_waitgroup_go(&done, sleep_and_check, i % 20 * 250 * GW_US + i);
  gw_waitgroup_wait(&done);
  CHECK(woken == 300);
  gw_sleep(0);
  gw_sleep(-GW_S);
}

/* A tick isn't early, and there is one. */
static void timer_fires_once(void) {
  for (int i = 0; i < 20; i++) {
    int64_t began = gw_now(), ns = i * 100 * GW_US;
    gw_timer *t = gw_timer_new(ns);
    int64_t tick = gw_recv(gw_timer_chan(t));
    CHECK(tick >= began + ns && gw_now() >= tick);
    CHECK(!gw_timer_stop(t) && !gw_try_recv(gw_timer_chan(t), &tick));
    gw_timer_free(t);
  }
}

/* Stop says whether there was anything to stop; no tick comes after it, at whatever moment it came. */
static void no_tick_after_stop(void) {
  gw_timer *t = gw_timer_new(GW_S);
  CHECK(gw_timer_stop(t) && !gw_timer_stop(t));
  for (int i = 0; i < 2000; i++) {
    int64_t tick;
    gw_timer_reset(t, i % 4 * GW_US);
    for (int k = 0; k < i % 50; k++) gw_yield();
    bool active = i % 2 ? gw_timer_stop(t) : gw_timer_reset(t, GW_S);
    CHECK(active); /* nobody received: it was armed, or its tick was in the channel */
    CHECK(gw_len(gw_timer_chan(t)) == 0 && !gw_try_recv(gw_timer_chan(t), &tick));
    CHECK(gw_timer_stop(t) == (i % 2 == 0));
  }
  gw_timer_free(t);
}

/* What comes after a reset was due after it. */
static void no_stale_tick_after_reset(void) {
  gw_timer *t = gw_timer_new(0);
  for (int i = 0; i < 100; i++) {
    for (int k = 0; k < i % 10; k++) gw_yield();
    int64_t began = gw_now();
    gw_timer_reset(t, 50 * GW_US);
    CHECK(gw_recv(gw_timer_chan(t)) >= began + 50 * GW_US);
  }
  gw_timer_free(t);
}

static int runs;
static void run(void) { add(&runs, 1); }

/* A function's timer runs it once, unless a stop says that it came in time. */
static void after_func_once_or_stopped(void) {
  int stopped = 0;
  runs = 0;
  for (int i = 0; i < 500; i++) {
    gw_timer *t = gw_after_func(i % 5 * 10 * GW_US, run);
    for (int k = 0; k < i % 20; k++) gw_yield();
    stopped += gw_timer_stop(t);
    CHECK(!gw_timer_stop(t));
    gw_timer_free(t);
  }
  while (get(&runs) + stopped < 500) gw_yield();
  gw_sleep(GW_MS);
  CHECK(get(&runs) + stopped == 500);
}

static void send_id(gw_chan(uint64_t) c) { gw_send(c, gw_goid()); }

static void after_func_has_its_own_goroutine(void) {
  gw_chan(uint64_t) c = gw_make(uint64_t, 0);
  gw_timer *t = gw_after_func(0, send_id, c);
  CHECK(gw_recv(c) != gw_goid());
  gw_timer_free(t);
  gw_chan_free(c);
}

/* The k-th tick comes at k periods or later; those that nobody takes are dropped; none after stop. */
static void tickers(void) {
  int64_t began = gw_now(), period = 500 * GW_US, tick;
  gw_ticker *t = gw_ticker_new(period);
  for (int k = 1; k <= 6; k++) CHECK(gw_recv(gw_ticker_chan(t)) >= began + k * period);
  gw_sleep(4 * period);
  CHECK(gw_len(gw_ticker_chan(t)) <= 1);
  gw_ticker_stop(t);
  CHECK(!gw_try_recv(gw_ticker_chan(t), &tick));
  gw_sleep(2 * period);
  CHECK(!gw_try_recv(gw_ticker_chan(t), &tick));
  gw_ticker_free(t);
}

enum { MANY = 2000 };
static int fired[MANY];
static int64_t due[MANY];
static void fire(int i) {
  CHECK(gw_now() >= due[i]);
  add(&fired[i], 1);
  add(&runs, 1);
}

/* Each of very many, each once, in whatever order they are set and stopped. */
static void many_timers(void) {
  static gw_timer *t[MANY];
  static bool stopped[MANY];
  uint32_t x = 12345;
  int expect = 0;
  runs = 0;
  for (int i = 0; i < MANY; i++) {
    x = x * 1664525 + 1013904223;
    int64_t ns = x % 5000 * GW_US;
    due[i] = gw_now() + ns;
    t[i] = gw_after_func(ns, fire, i);
  }
  for (int i = 0; i < MANY; i++) {
    stopped[i] = i % 3 == 0 && gw_timer_stop(t[i]);
    expect += !stopped[i];
  }
  while (get(&runs) < expect) gw_yield();
  for (int i = 0; i < MANY; i++) {
    gw_timer_free(t[i]);
    CHECK(get(&fired[i]) == !stopped[i]);
  }
}

PROPERTIES(PROPERTY(sleeps_are_long_enough), PROPERTY(timer_fires_once), PROPERTY(no_tick_after_stop),
           PROPERTY(no_stale_tick_after_reset), PROPERTY(after_func_once_or_stopped),
           PROPERTY(after_func_has_its_own_goroutine), PROPERTY(tickers), PROPERTY(many_timers))
