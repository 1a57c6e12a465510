/* What a channel doesn't order. */
#include "scenario.h"

static gw_chan(int) c;
static long after_send, receive_to_send, slot, by_len, failed, after_close, late_rendezvous;

static void a1(void) {
  turn_wait(1);
  gw_send(c, 1);
  after_send = 1; /* RACE 1: write after_send */
  turn_done();
}
static void b1(void) {
  turn_wait(2);
  gw_recv(c);
  use(after_send); /* RACE 1: read after_send */
}

/* Buffered: the receive is not before the end of its own send. */
static void a2(void) {
  IN_TURN(1, gw_send(c, 1));
  IN_TURN(3, use(receive_to_send)); /* RACE 2: read receive_to_send */
}
static void b2(void) {
  turn_wait(2);
  receive_to_send = 1; /* RACE 2: write receive_to_send */
  gw_recv(c);
  turn_done();
}

/* Capacity 2: the third send waits for the first receive, not for what came after it. */
static void a3(void) {
  IN_TURN(1, gw_send(c, 1); gw_send(c, 2));
  IN_TURN(3, gw_send(c, 3); use(slot)); /* RACE 3: read slot */
  turn_wait(4);
}
static void b3(void) {
  turn_wait(2);
  gw_recv(c);
  slot = 1; /* RACE 3: write slot */
  gw_recv(c);
  turn_done();
  turn_reached(4);
  gw_recv(c);
}

static void a4(void) {
  turn_wait(1);
  by_len = 1; /* RACE 4: write by_len */
  gw_send(c, 1);
  turn_done();
  turn_wait(3);
  gw_recv(c);
}
static void b4(void) {
  turn_wait(2);
  if (gw_len(c) == 1) use(by_len); /* RACE 4: read by_len */
  turn_done();
}

/* A try that finds nothing has learnt nothing. */
static void a5(void) {
  turn_wait(1);
  gw_send(c, 1);
  gw_recv(c);
  failed = 1; /* RACE 5: write failed */
  turn_done();
}
static void b5(void) {
  int v;
  turn_wait(2);
  if (!gw_try_recv(c, &v)) use(failed); /* RACE 5: read failed */
}

static void a6(void) {
  turn_wait(1);
  gw_close(c);
  after_close = 1; /* RACE 6: write after_close */
  turn_done();
}
static void b6(void) {
  turn_wait(2);
  gw_recv_ok(c, NULL);
  use(after_close); /* RACE 6: read after_close */
}

/* Unbuffered: both ways, but only what came before. */
static void a7(void) {
  gw_send(c, 1);
  IN_TURN(1, late_rendezvous = 1); /* RACE 7: write late_rendezvous */
}
static void b7(void) {
  gw_recv(c);
  IN_TURN(2, use(late_rendezvous)); /* RACE 7: read late_rendezvous */
}

/* What a receive writes is an access where another goroutine knows the variable. */
static gw_chan(int *) lent;
static void a8(void) {
  int into = 0;
  gw_send(lent, &into);
  turn_wait(2);
  gw_send(c, 1);
  gw_recv_ok(c, &into); /* RACE 8: write into */
  turn_done();
}
static void b8(void) {
  int *theirs = gw_recv(lent);
  IN_TURN(1, use(*theirs)); /* RACE 8: read into */
}

static void a9(void) {
  gw_send(c, 1);
  gw_send(c, 2);
  gw_range(v, c) { /* RACE 9: write v */
    if (v == 2) break;
    gw_send(lent, &v);
    turn_wait(2);
  }
  turn_done();
}
static void b9(void) {
  int *theirs = gw_recv(lent);
  IN_TURN(1, use(*theirs)); /* RACE 9: read v */
}

static void with(int cap, void (*a)(void), void (*b)(void)) {
  c = gw_make(int, cap);
  both(a, b);
  gw_chan_free(c);
}

int main(void) {
  with(1, a1, b1);
  with(1, a2, b2);
  with(2, a3, b3);
  with(1, a4, b4);
  with(1, a5, b5);
  with(0, a6, b6);
  with(0, a7, b7);
  lent = gw_make(int *, 0);
  with(1, a8, b8);
  with(2, a9, b9);
  gw_chan_free(lent);
}
