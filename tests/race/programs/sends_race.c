/* A close, or the channel's end, that isn't ordered after a send: after each send that isn't, and after no other. */
#include "scenario.h"

static gw_chan(int) c;
static gw_chan(int) other;

/* The closer knows the first send, not the second; the sender does nothing but send. */
static void a_second(void) {
  gw_send(c, 1);
  turn_wait(2);
  gw_send(c, 2); /* RACE 1: read */
  turn_done();
}
static void b_second(void) {
  IN_TURN(1, gw_recv(c));
  IN_TURN(3, gw_close(c)); /* RACE 1: write */
}

/* What was told before the send says nothing of it. */
static void a_told(void) {
  gw_send(other, 1);
  IN_TURN(1, gw_send(c, 1)); /* RACE 2: read */
}
static void b_told(void) {
  gw_recv(other);
  IN_TURN(2, gw_close(c)); /* RACE 2: write */
}

/* One that isn't taken, and one that fails. */
static void a_untaken(void) {
  turn_wait(1);
  gw_select { /* RACE 3: read */
    gw_on_send(c, 1) {}
    gw_on_default {}
  }
  turn_done();
}
static void a_failed(void) { IN_TURN(1, gw_try_send(c, 1)); /* RACE 4: read */ }
static void b_untaken(void) { IN_TURN(2, gw_close(c)); /* RACE 3: write */ }
static void b_failed(void) { IN_TURN(2, gw_close(c)); /* RACE 4: write */ }

/* Of more senders than there is room for, the one that comes first, or last. */
enum { CROWD = 100 };
static void one_of_many(gw_waitgroup *done) {
  gw_send(c, 1);
  gw_waitgroup_done(done);
}
static void crowd(void) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, CROWD);
  for (int i = 0; i < CROWD; i++) gw_go(one_of_many, &done);
  gw_waitgroup_wait(&done);
}
static void a_first(void) {
  IN_TURN(1, gw_send(c, 1)); /* RACE 5: read */
  turn_wait(3);
}
static void b_first(void) {
  turn_wait(2);
  crowd();
  gw_close(c); /* RACE 5: write */
  turn_done();
}
static void a_last(void) {
  IN_TURN(2, gw_send(c, 1)); /* RACE 6: read */
  turn_wait(4);
}
static void b_last(void) {
  IN_TURN(1, crowd());
  turn_wait(3);
  gw_close(c); /* RACE 6: write */
  turn_done();
}

/* The close comes first: the send panics, and is told. */
static void closed_send(void) { gw_send(c, 1); /* RACE 7: read */ }
static void a_late(void) {
  turn_wait(2);
  if (gw_try(NULL, closed_send)) abort();
  turn_done();
}
static void b_late(void) { IN_TURN(1, gw_close(c)); /* RACE 7: write */ }

/* The channel's end. */
static void a_freed(void) { IN_TURN(1, gw_send(c, 1)); /* RACE 8: read */ }
static void b_freed(void) { IN_TURN(2, gw_chan_free(c)); /* RACE 8: write */ }

/* The sender is gone by then, its clock with it; and many that came after it did likewise. */
static void brief(gw_chan(int) into, bool first) {
  gw_send(into, 1); /* RACE 9: read */
  if (first) turn_done();
}
static void a_gone(void) {
  gw_go(brief, c, true);
  turn_reached(2);
  for (int i = 0; i < CROWD; i++) gw_go(brief, other, false);
}
static void b_gone(void) {
  for (int i = 0; i < CROWD; i++) gw_recv(other);
  gw_close(c); /* RACE 9: write */
}

static void with(int cap, void (*a)(void), void (*b)(void)) {
  c = gw_make(int, cap);
  both(a, b);
}

int main(void) {
  other = gw_make(int, 0);
  with(2, a_second, b_second);
  with(1, a_told, b_told);
  with(0, a_untaken, b_untaken);
  with(0, a_failed, b_failed);
  with(CROWD + 1, a_first, b_first);
  with(CROWD + 1, a_last, b_last);
  with(1, a_late, b_late);
  with(1, a_freed, b_freed);
  other = gw_make(int, CROWD);
  with(1, a_gone, b_gone);
}
