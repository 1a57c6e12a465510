/* Select: every form, fairness, evaluation once and in order, leaving the body in every way, and no growth. */
#include "check.h"

#include <math.h>

#define NULL_CHANNEL_OF_INT ((gw_chan(int))NULL)

static int trace[16], traced;
static gw_chan(int) at(int n, gw_chan(int) c) {
  trace[traced++] = n;
  return c;
}
static int value(int n) {
  trace[traced++] = n;
  return n;
}
static int64_t after(int n) {
  trace[traced++] = n;
  return GW_S;
}

static void evaluates_once_in_order(void) {
  gw_chan(int) a = gw_make(int, 1), b = gw_make(int, 1);
  gw_send(a, 5);
  gw_send(b, 6);
  traced = 0;
  int got = 0;
  gw_select {
    gw_on_send(at(1, b), value(2)) { got = -1; }
    gw_on_recv(at(3, a), v) { got = v; }
    gw_on_after(after(4)) { got = -2; }
    gw_on_recv(at(5, NULL)) { got = -3; }
  }
  CHECK(got == 5 && traced == 5);
  for (int i = 0; i < 5; i++) CHECK(trace[i] == i + 1);
}

/* With n trials and k cases as likely, each gets n/k within 4.89 standard deviations (one failure in a million). */
static void fair(int cases) {
  gw_chan(int) c[4];
  int count[4] = {0}, n = 10000;
  for (int i = 0; i < cases; i++) {
    c[i] = gw_make(int, 1);
    gw_send(c[i], i);
  }
  for (int i = cases; i < 4; i++) c[i] = NULL;
  for (int i = 0; i < n; i++) {
    int got = -1;
    gw_select {
      gw_on_recv(c[0], v) { got = v; }
      gw_on_recv(c[1], v) { got = v; }
      gw_on_recv(c[2], v) { got = v; }
      gw_on_recv(c[3], v) { got = v; }
    }
    count[got]++;
    gw_send(c[got], got);
  }
  double p = 1.0 / cases, bound = 4.89 * sqrt(n * p * (1 - p));
  for (int i = 0; i < cases; i++) CHECK(fabs(count[i] - n * p) <= bound);
}

static int leaves_by_return(gw_chan(int) c) {
  for (;;) gw_select {
      gw_on_recv(c, v) { return v; }
      gw_on_default { gw_yield(); }
    }
}

static void leaves_in_every_way(void) {
  gw_chan(int) c = gw_make(int, 1);
  int rounds = 0;
  gw_send(c, 1);
  CHECK(leaves_by_return(c) == 1);
  for (int i = 0; i < 3; i++) {
    gw_send(c, i);
    gw_select {
      gw_on_recv(c, v) {
        if (v == 0) break;
        if (v == 1) continue;
        goto out;
      }
      gw_on_recv(NULL_CHANNEL_OF_INT) { CHECK(!"never ready"); }
    }
    rounds++;
  }
out:
  CHECK(rounds == 2);
}

static void nested(void) {
  gw_chan(int) a = gw_make(int, 1), b = gw_make(int, 1), d = gw_make(int, 1);
  int sum = 0;
  gw_send(a, 1);
  gw_send(b, 10);
  gw_send(d, 100);
  gw_select {
    gw_on_recv(a, v) {
      sum += v;
      gw_select {
        gw_on_recv_ok(b, w, ok) {
          if (ok) sum += v + w;
          gw_range(x, d) {
            sum += x;
            break;
          }
          break;
        }
        gw_on_recv(a, w) { sum -= w; }
      }
      sum += 1000;
    }
    gw_on_recv(NULL_CHANNEL_OF_INT, v) { sum -= v; }
  }
  CHECK(sum == 1 + 1 + 10 + 100 + 1000);
}

static void send_all(gw_chan(int) c) {
  for (int i = 0; i < 100; i++) gw_send(c, i);
  gw_close(c);
}

/* Senders and receivers that all select, with nothing but parked partners. */
static void both_sides(gw_chan(int) a, gw_chan(int) b, gw_chan(int) done) {
  for (int i = 0; i < 1000; i++) gw_select {
      gw_on_send(a, i) {}
      gw_on_recv(b, v) { CHECK(v >= 0); }
    }
  gw_send(done, 1);
}

static void select_against_select(void) {
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 0), done = gw_make(int, 2);
  gw_go(both_sides, a, b, done);
  gw_go(both_sides, b, a, done);
  gw_recv(done);
  gw_recv(done);
}

static void waits_for_senders(void) {
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 3);
  gw_go(send_all, a);
  gw_go(send_all, b);
  int got = 0, closed = 0;
  while (closed < 2) gw_select {
      gw_on_recv_ok(a, v, ok) {
        got += ok;
        CHECK(ok || v == 0);
        if (!ok) a = NULL, closed++;
      }
      gw_on_recv_ok(b, v, ok) {
        got += ok;
        CHECK(ok || v == 0);
        if (!ok) b = NULL, closed++;
      }
    }
  CHECK(got == 200);
}

static void timeouts(void) {
  gw_chan(int) c = gw_make(int, 0);
  int64_t start = gw_now();
  int way = 0;
  gw_select {
    gw_on_recv(c) { way = 1; }
    gw_on_after(20 * GW_MS) { way = 2; }
    gw_on_after(5 * GW_MS) { way = 3; }
  }
  CHECK(way == 3 && gw_now() - start >= 5 * GW_MS);
  gw_select {
    gw_on_after(0) { way = 4; }
  }
  CHECK(way == 4);
}

static void expressions(void) {
  gw_chan(int) a = gw_make(int, 1), b = gw_make(int, 1);
  int v = 0, x = 9;
  CHECK(gw_select_of(GW_CASE_RECV(a, &v), GW_CASE_DEFAULT) == 1);
  CHECK(gw_select_of(GW_CASE_RECV(a, &v), GW_CASE_SEND(b, &x)) == 1);
  CHECK(gw_select_of(GW_CASE_RECV(b, &v), GW_CASE_AFTER(GW_S)) == 0 && v == 9);
  CHECK(gw_select_of(GW_CASE_RECV(a, NULL), GW_CASE_AFTER(GW_MS)) == 1);
  switch (gw_select_of(GW_CASE_SEND(a, &x), GW_CASE_DEFAULT)) {
    case 0:
      break;
    default:
      CHECK(!"room was there");
  }
  gw_case cases[200];
  gw_chan(int) many[100];
  for (int i = 0; i < 100; i++) {
    many[i] = gw_make(int, 1);
    cases[2 * i] = GW_CASE_RECV(many[i], &v);
    cases[2 * i + 1] = GW_CASE_RECV(many[i], NULL);
  }
  gw_send(many[77], 770);
  int taken = gw_select_cases(cases, 200);
  CHECK((taken == 154 && v == 770) || taken == 155);
  for (int i = 0; i < 200; i++) CHECK(cases[i].ok == (i == taken));
  gw_close(many[3]);
  taken = gw_select_cases(cases, 200);
  CHECK(taken / 2 == 3 && !cases[taken].ok);
}

#define FOUR(c)    \
  gw_on_recv(c) {} \
  gw_on_recv(c) {} \
  gw_on_recv(c) {} \
  gw_on_recv(c) {}
#define SIXTEEN(c) FOUR(c) FOUR(c) FOUR(c) FOUR(c)
static void sixty_four_cases(void) {
  gw_chan(int) c = gw_make(int, 1), none = gw_make(int, 0);
  int got = 0;
  for (int i = 0; i < 100; i++) {
    gw_send(c, i);
    gw_select {
      SIXTEEN(none) SIXTEEN(none) SIXTEEN(none) SIXTEEN(none) gw_on_recv(c, v) { got += v; }
    }
  }
  CHECK(got == 4950);
}

struct wide {
  char bytes[1000];
};

static long resident_kb(void) {
  long pages = 0, skip;
  FILE *f = fopen("/proc/self/statm", "r");
  CHECK(f && fscanf(f, "%ld %ld", &skip, &pages) == 2);
  fclose(f);
  return pages * 4;
}

static void no_growth(void) {
  gw_chan(struct wide) c = gw_make(struct wide, 1);
  struct wide w = {{1}};
  long before = 0;
  for (int i = 0; i < 1000000; i++) {
    if (i == 1000) before = resident_kb();
    gw_select {
      gw_on_send(c, w) {}
      gw_on_recv(c, v) { w = v; }
      gw_on_after(GW_S) {}
    }
  }
  CHECK(resident_kb() - before < 1000);
}

static void send_closed(gw_chan(int) c) {
  gw_select {
    gw_on_send(c, 1) {}
    gw_on_recv(NULL_CHANNEL_OF_INT) {}
  }
}

int main(void) {
  evaluates_once_in_order();
  for (int k = 1; k <= 4; k++) fair(k);
  leaves_in_every_way();
  nested();
  waits_for_senders();
  select_against_select();
  timeouts();
  expressions();
  sixty_four_cases();
  no_growth();
  gw_chan(int) closed = gw_make(int, 0);
  gw_close(closed);
  gw_panic_info info;
  CHECK(!gw_try(&info, send_closed, closed) && strcmp(info.message, "send on closed channel") == 0);
  return 0;
}
