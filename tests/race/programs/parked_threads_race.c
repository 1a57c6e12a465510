/* Pthreads that were parked: whoever wakes one has ended its epoch for it, so what it wrote before is no excuse for
 * what it writes after that. */
#include "scenario.h"

#include <pthread.h>

#include "parked.h"

static gw_chan(int) c, never;
static long by_receive, by_send, by_room, by_select;

static void *receives(void *unused) {
  by_receive = 1;
  gw_recv(c);
  IN_TURN(1, by_receive = 2); /* RACE 1: write by_receive */
  return unused;
}
static void sends_late(void) {
  await_parked(1, "chan receive");
  gw_send(c, 1);
  IN_TURN(2, use(by_receive)); /* RACE 1: read by_receive */
}

static void *sends(void *unused) {
  by_send = 1;
  gw_send(c, 1);
  IN_TURN(1, by_send = 2); /* RACE 2: write by_send */
  return unused;
}
static void receives_late(void) {
  await_parked(1, "chan send");
  gw_recv(c);
  IN_TURN(2, use(by_send)); /* RACE 2: read by_send */
}

/* The channel is full. */
static void *needs_room(void *unused) {
  by_room = 1;
  gw_send(c, 2);
  IN_TURN(1, by_room = 2); /* RACE 3: write by_room */
  return unused;
}
static void makes_room(void) {
  await_parked(1, "chan send");
  gw_recv(c);
  gw_recv(c);
  IN_TURN(2, use(by_room)); /* RACE 3: read by_room */
}

static void *selects(void *unused) {
  by_select = 1;
  gw_select {
    gw_on_recv(c) use(1);
    gw_on_recv(never) use(2);
  }
  IN_TURN(1, by_select = 2); /* RACE 4: write by_select */
  return unused;
}
static void sends_to_select(void) {
  await_parked(1, "select");
  gw_send(c, 1);
  IN_TURN(2, use(by_select)); /* RACE 4: read by_select */
}

static void thread_and(void *(*f)(void *), void (*main_part)(void)) {
  pthread_t t;
  turn_restart();
  if (pthread_create(&t, NULL, f, NULL)) abort();
  main_part();
  pthread_join(t, NULL);
}

int main(void) {
  c = gw_make(int, 0);
  never = gw_make(int, 0);
  thread_and(receives, sends_late);
  thread_and(sends, receives_late);
  thread_and(selects, sends_to_select);
  c = gw_make(int, 1);
  gw_send(c, 1);
  thread_and(needs_room, makes_room);
  return 0;
}
