/* NO RACE */
/* A case that is taken orders as its plain operation does: ready or waited for, receive, send and close. */
#include "scenario.h"

static gw_chan(int) c, quit, never;
static long sent, received, closed, total, answer;

static void a1(void) {
  sent = 1;
  gw_select {
    gw_on_send(c, 1) {}
    gw_on_recv(never) { abort(); }
  }
}
static void b1(void) {
  gw_select {
    gw_on_recv(never) { abort(); }
    gw_on_recv(c, v) { use(v + sent); }
  }
}

static void a2(void) { /* unbuffered: the receive is before the end of the send */
  gw_select {
    gw_on_send(c, 1) { use(received); }
  }
}
static void b2(void) {
  received = 1;
  gw_recv(c);
}

static void a3(void) {
  closed = 1;
  gw_close(c);
}
static void b3(void) {
  gw_select {
    gw_on_recv_ok(c, v, ok) {
      if (!ok) use(v + closed);
    }
    gw_on_after(60 * GW_S) { abort(); }
  }
}

static void serve(void) {
  for (bool open = true; open;) {
    gw_select {
      gw_on_recv(c, v) { total += v; }
      gw_on_recv(quit) { open = false; }
    }
  }
  answer = total;
  gw_send(quit, 1);
}
static void ask(void) {
  for (int i = 0; i < 200; i++) gw_send(c, i);
  gw_send(quit, 1);
  gw_recv(quit);
  use(answer + total);
}

static void a5(void) { /* the same as expressions */
  int v = 0;
  sent = 2;
  gw_select_of(GW_CASE_SEND(c, &v), GW_CASE_RECV(never, NULL));
}
static void b5(void) {
  int v;
  gw_case cases[2] = {GW_CASE_RECV(never, NULL), GW_CASE_RECV(c, &v)};
  if (gw_select_cases(cases, 2) != 1) abort();
  use(v + sent);
}

static void with(int cap, void (*a)(void), void (*b)(void)) {
  c = gw_make(int, cap);
  quit = gw_make(int, 0);
  both(a, b);
  gw_chan_free(c);
  gw_chan_free(quit);
}

int main(void) {
  for (int cap = 0; cap < 3; cap++) {
    with(cap, a1, b1);
    with(cap, a3, b3);
    with(cap, a5, b5);
  }
  with(0, a2, b2);
  with(0, serve, ask);
}
