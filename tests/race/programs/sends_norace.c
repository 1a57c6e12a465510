/* NO RACE */
/* A close that comes after every send, in whatever way. */
#include "scenario.h"

static gw_chan(int) c;
static gw_chan(int) other;

/* Who sends alone, and then closes. */
static void a_own(void) {
  for (int i = 0; i < 100; i++) gw_send(c, i);
  gw_close(c);
}
static void b_own(void) { gw_range(v, c) use(v); }

/* The receiver of the last one closes. */
static void a_receiver(void) {
  for (int i = 0; i < 100; i++) gw_send(c, i);
}
static void b_receiver(void) {
  for (int i = 0; i < 100; i++) gw_recv(c);
  gw_close(c);
}

/* The sender tells by another channel that it is done, and has done nothing else: the closer knows earlier sends too.
 */
static void a_told(void) {
  for (int i = 0; i < 3; i++) {
    gw_send(c, i);
    gw_send(other, i);
  }
}
static void b_told(void) {
  for (int i = 0; i < 3; i++) gw_recv(other);
  gw_close(c);
}

/* By way of a third, who only passes it on. */
static gw_chan(int) relay;
static void passer(void) { gw_send(relay, gw_recv(other)); }
static void a_passed(void) {
  gw_go(passer);
  gw_send(other, 1);
  gw_send(c, 1);
  gw_go(passer);
  gw_send(other, 1);
}
static void b_passed(void) {
  gw_recv(relay);
  gw_recv(relay);
  gw_close(c);
}

/* The next sender comes after the first, and closes. */
static void a_next(void) {
  gw_send(c, 1);
  gw_send(other, 1);
}
static void b_next(void) {
  gw_recv(other);
  gw_send(c, 2);
  gw_close(c);
}

/* More senders than there is room for, all of them before the close. */
enum { CROWD = 100 };
static void one_of_many(gw_waitgroup *done) {
  gw_send(c, 1);
  gw_waitgroup_done(done);
}
static void a_many(void) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, CROWD);
  for (int i = 0; i < CROWD; i++) gw_go(one_of_many, &done);
  gw_waitgroup_wait(&done);
  gw_close(c);
}
static void b_many(void) { gw_range(v, c) use(v); }

/* A slot goes from one short-lived sender to the next. */
static void one_in_turn(void) { gw_send(c, 1); }
static void a_in_turn(void) {
  for (int i = 0; i < CROWD; i++) {
    gw_go(one_in_turn);
    gw_recv(c);
  }
  gw_close(c);
}
static void nothing(void) {}

/* The case of a select that isn't taken, and a try that fails. */
static void a_tried(void) {
  gw_send(c, 1);
  if (gw_try_send(c, 2)) abort();
  gw_select {
    gw_on_send(c, 3) {}
    gw_on_default {}
  }
  gw_send(other, 1);
}
static void b_tried(void) {
  gw_recv(other);
  gw_close(c);
}

static void with(int cap, void (*a)(void), void (*b)(void)) {
  c = gw_make(int, cap);
  other = gw_make(int, 0);
  both(a, b);
  gw_chan_free(c);
  gw_chan_free(other);
}

int main(void) {
  relay = gw_make(int, 0);
  for (int cap = 0; cap < 3; cap++) {
    with(cap, a_own, b_own);
    with(cap, a_receiver, b_receiver);
    with(cap, a_many, b_many);
    with(cap, a_in_turn, nothing);
  }
  with(3, a_told, b_told);
  with(1, a_passed, b_passed);
  with(2, a_next, b_next);
  with(1, a_tried, b_tried);
  gw_chan_free(relay);
}
