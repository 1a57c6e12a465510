/* Select. */
#include <math.h>

#include "property.h"

enum { TRIALS = 10000 };

/* 4.89 standard deviations: wrong once in a million.  For two cases that is 4.89 / (2 * sqrt(n)) of the trials. */
static void check_share(int count, int cases) {
  double p = 1.0 / cases;
  CHECK(fabs((double)count / TRIALS - p) < 4.89 * sqrt(p * (1 - p) / TRIALS));
}

/* Of two cases that are ready each is taken as often: receives, a receive and a send, sends. */
static void fair_of_two(void) {
  for (int kind = 0; kind < 3; kind++) {
    gw_chan(int) a = gw_make(int, 1), b = gw_make(int, 1);
    int first = 0;
    for (int i = 0; i < TRIALS; i++) {
      int v;
      gw_try_recv(a, &v);
      gw_try_recv(b, &v);
      if (kind < 2) gw_send(a, 1);
      if (kind < 1) gw_send(b, 1);
      if (kind == 0) {
        gw_select {
          gw_on_recv(a) { first++; }
          gw_on_recv(b) {}
        }
      } else if (kind == 1) {
        gw_select {
          gw_on_recv(a) { first++; }
          gw_on_send(b, 1) {}
        }
      } else {
        gw_select {
          gw_on_send(a, 1) { first++; }
          gw_on_send(b, 1) {}
        }
      }
    }
    check_share(first, 2);
    gw_chan_free(a);
    gw_chan_free(b);
  }
}

/* Likewise of many, some of which aren't ready. */
static void fair_of_many(void) {
  enum { CASES = 7 };
  gw_chan(int) c[CASES], never = gw_make(int, 0), none = NULL;
  int count[CASES] = {0};
  gw_case cases[2 * CASES];
  for (int i = 0; i < CASES; i++) {
    c[i] = gw_make(int, 1);
    gw_send(c[i], i);
    cases[2 * i] = GW_CASE_RECV(i % 2 ? never : none, NULL);
    cases[2 * i + 1] = GW_CASE_RECV(c[i], NULL);
  }
  for (int i = 0; i < TRIALS; i++) {
    int k = gw_select_cases(cases, 2 * CASES);
    CHECK(k % 2 == 1 && cases[k].ok);
    count[k / 2]++;
    gw_send(c[k / 2], 1);
  }
  for (int i = 0; i < CASES; i++) check_share(count[i], CASES);
  for (int i = 0; i < CASES; i++) gw_chan_free(c[i]);
  gw_chan_free(never);
}

static void both_ways(gw_chan(int) c, int me, bool buffered, gw_waitgroup *done) {
  for (int i = 0; i < 500; i++) {
    if (i % 2) {
      gw_select {
        gw_on_recv(c, v) { CHECK(buffered || v != me); }
        gw_on_send(c, me) {}
      }
    } else {
      gw_select {
        gw_on_send(c, me) {}
        gw_on_recv(c, v) { CHECK(buffered || v != me); }
      }
    }
  }
  gw_waitgroup_done(done);
}

static void drain(gw_chan(int) c, gw_chan(int) stop) {
gw_for_select: /* the last of the two would wait for ever */
  gw_select {
    gw_on_recv(c) { goto gw_for_select; }
    gw_on_send(c, -1) { goto gw_for_select; }
    gw_on_recv(stop) {}
  }
}

/* Two who both send and receive on one channel: nobody meets himself. */
static void nobody_meets_himself(void) {
  for (int cap = 0; cap <= 10; cap += 10) {
    gw_chan(int) c = gw_make(int, cap), stop = gw_make(int, 0);
    gw_waitgroup done = {0};
    gw_waitgroup_add(&done, 2);
    gw_go(both_ways, c, 0, cap > 0, &done);
    gw_go(both_ways, c, 1, cap > 0, &done);
    gw_go(drain, c, stop);
    gw_waitgroup_wait(&done);
    gw_send(stop, 1);
  }
}

enum { CHANS = 4, ROUNDS = 200 };
static gw_chan(int) on[CHANS];

static void plain_send(int k) {
  for (int i = 0; i < ROUNDS; i++) gw_send(on[k], 0);
}
static void plain_recv(int k) {
  for (int i = 0; i < ROUNDS; i++) gw_recv(on[k]);
}
static void select_send(void) {
  gw_chan(int) c[CHANS];
  int left[CHANS] = {ROUNDS, ROUNDS, ROUNDS, ROUNDS};
  memcpy(c, on, sizeof c);
  for (int i = 0; i < CHANS * ROUNDS; i++) {
    int k = gw_select_of(GW_CASE_SEND(c[3], &(int){0}), GW_CASE_SEND(c[2], &(int){0}), GW_CASE_SEND(c[0], &(int){0}),
                         GW_CASE_SEND(c[1], &(int){0}));
    k = (int[]){3, 2, 0, 1}[k];
    if (--left[k] == 0) c[k] = NULL;
  }
}
static void select_recv(void) {
  gw_chan(int) c[CHANS];
  int left[CHANS] = {ROUNDS, ROUNDS, ROUNDS, ROUNDS};
  memcpy(c, on, sizeof c);
  for (int i = 0; i < CHANS * ROUNDS; i++) {
    int k = -1;
    gw_select {
      gw_on_recv(c[0]) { k = 0; }
      gw_on_recv(c[1]) { k = 1; }
      gw_on_recv(c[2]) { k = 2; }
      gw_on_recv(c[3]) { k = 3; }
    }
    if (--left[k] == 0) c[k] = NULL;
  }
}

/* Selects and plain operations on the same channels: everything arrives, nobody hangs. */
static void selects_among_others(void) {
  for (int cap = 0; cap <= 3; cap += 3) {
    gw_waitgroup done = {0};
    for (int i = 0; i < CHANS; i++) on[i] = gw_make(int, cap);
    for (int i = 0; i < CHANS; i++) {
      gw_waitgroup_go(&done, plain_send, i);
      gw_waitgroup_go(&done, plain_recv, i);
    }
    gw_waitgroup_go(&done, select_send);
    gw_waitgroup_go(&done, select_recv);
    gw_waitgroup_wait(&done);
    for (int i = 0; i < CHANS; i++) {
      CHECK(gw_len(on[i]) == 0);
      gw_chan_free(on[i]);
    }
  }
}

static void wait_on_two(gw_chan(int) a, gw_chan(int) b, gw_chan(int) out) {
  gw_select {
    gw_on_recv(a, v) { gw_send(out, v); }
    gw_on_recv(b, v) { gw_send(out, -v); }
  }
}

/* A select takes one case; for the others it was never there. */
static void one_case_only(void) {
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 0), out = gw_make(int, 0);
  for (int i = 1; i <= 50; i++) {
    gw_go(wait_on_two, a, b, out);
    await_parked(1, "select");
    CHECK(gw_try_send(i % 2 ? a : b, i));
    CHECK(!gw_try_send(a, 1) && !gw_try_send(b, 1));
    CHECK(gw_recv(out) == (i % 2 ? i : -i));
  }
}

static void race_for(gw_chan(int) c, int *wins) {
  if (gw_try_send(c, 1)) add(wins, 1);
}

/* Two who could complete it at once: one does. */
static void one_winner(void) {
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 0), out = gw_make(int, 1);
  for (int i = 0; i < 100; i++) {
    int wins = 0;
    gw_waitgroup done = {0};
    gw_go(wait_on_two, a, b, out);
    await_parked(1, "select");
    gw_waitgroup_go(&done, race_for, a, &wins);
    gw_waitgroup_go(&done, race_for, b, &wins);
    gw_waitgroup_wait(&done);
    CHECK(wins == 1);
    gw_recv(out);
  }
}

/* default only when nothing is ready; a closed channel is. */
static void default_is_last(void) {
  gw_chan(int) c = gw_make(int, 1);
  for (int i = 0; i < 100; i++) {
    bool took = false;
    if (i % 2) gw_send(c, i);
    gw_select {
      gw_on_recv(c) { took = true; }
      gw_on_default {}
    }
    CHECK(took == (i % 2 == 1));
  }
  gw_close(c);
  bool ok = true;
  gw_select {
    gw_on_recv_ok(c, v, fine) { ok = fine || v != 0; }
    gw_on_default {}
  }
  CHECK(!ok);
  gw_panic_info info;
  gw_case to_closed = GW_CASE_SEND(c, &(int){1});
  CHECK(!gw_try(&info, gw_select_cases, &to_closed, 1) && strcmp(info.message, "send on closed channel") == 0);
}

/* Not before its time; the shorter of two; never while another case is ready. */
static void timeouts(void) {
  gw_chan(int) never = gw_make(int, 0), ready = gw_make(int, 1);
  for (int i = 0; i < 5; i++) {
    int64_t began = gw_now();
    int which = 0;
    gw_select {
      gw_on_recv(never) {}
      gw_on_after(GW_S) { which = 1; }
      gw_on_after(GW_MS) { which = 2; }
    }
    CHECK(which == 2 && gw_now() - began >= GW_MS);
    gw_send(ready, 1);
    gw_select {
      gw_on_recv(ready) { which = 3; }
      gw_on_after(0) { which = 4; }
    }
    CHECK(which == 3);
  }
}

/* The same channel in many cases, in both directions, among 64. */
static void many_cases(void) {
  gw_chan(int) c = gw_make(int, 1);
  gw_case cases[64];
  int v[64];
  for (int round = 0; round < 100; round++) {
    for (int i = 0; i < 64; i++) {
      v[i] = i;
      cases[i] = i % 2 ? GW_CASE_SEND(c, &v[i]) : GW_CASE_RECV(c, &v[i]);
    }
    int sent = gw_select_cases(cases, 64);
    CHECK(sent % 2 == 1 && gw_len(c) == 1);
    int taken = gw_select_cases(cases, 64);
    CHECK(taken % 2 == 0 && cases[taken].ok && v[taken] == sent && gw_len(c) == 0);
  }
}

PROPERTIES(PROPERTY(fair_of_two), PROPERTY(fair_of_many), PROPERTY(nobody_meets_himself),
           PROPERTY(selects_among_others), PROPERTY(one_case_only), PROPERTY(one_winner), PROPERTY(default_is_last),
           PROPERTY(timeouts), PROPERTY(many_cases))
