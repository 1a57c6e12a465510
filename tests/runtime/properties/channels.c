/* Channels, capacities 0 to 200. */
#include "property.h"

enum { CAP_MAX = 200 };

/* Exactly cap values fit; they come out in order; len and cap say so all the while. */
static void capacity_is_exact(void) {
  for (int cap = 0; cap <= CAP_MAX; cap++) {
    gw_chan(int) c = gw_make(int, cap);
    int v = -1;
    CHECK(gw_cap(c) == cap && gw_len(c) == 0 && !gw_try_recv(c, &v));
    for (int i = 0; i < cap; i++) CHECK(gw_try_send(c, i) && gw_len(c) == i + 1);
    CHECK(!gw_try_send(c, cap) && gw_len(c) == cap);
    for (int i = 0; i < cap; i++) CHECK(gw_try_recv(c, &v) && v == i && gw_len(c) == cap - 1 - i);
    CHECK(!gw_try_recv(c, &v) && gw_cap(c) == cap);
    gw_chan_free(c);
  }
}

static void count_up(gw_chan(int) c, int n) {
  for (int i = 0; i < n; i++) gw_send(c, i);
  gw_close(c);
}

/* One sender, one receiver: in order, nothing lost; after the close what is buffered, then zeros for ever. */
static void fifo(void) {
  for (int cap = 0; cap <= CAP_MAX; cap++) {
    gw_chan(int) c = gw_make(int, cap);
    int n = cap + cap / 2 + 5, v = -1;
    gw_go(count_up, c, n);
    for (int i = 0; i < n; i++) CHECK(gw_recv_ok(c, &v) && v == i);
    for (int i = 0; i < 3; i++) CHECK(!gw_recv_ok(c, &v) && v == 0 && gw_recv(c) == 0);
    gw_chan_free(c);
  }
}

enum { SIDES = 4, EACH = 300 };
static int times[SIDES * EACH]; /* how often each value came */

static void produce(gw_chan(int) c, int who) {
  for (int i = 0; i < EACH; i++) gw_send(c, who * EACH + i);
}

/* From each producer its values come in order, whoever takes the others. */
static void consume(gw_chan(int) c, gw_waitgroup *done) {
  int last[SIDES] = {-1, -1, -1, -1};
  gw_range(v, c) {
    CHECK(v >= 0 && v < SIDES * EACH && v > last[v / EACH]);
    last[v / EACH] = v;
    add(&times[v], 1);
  }
  gw_waitgroup_done(done);
}

static void many_to_many(void) {
  static const int caps[] = {0, 1, 2, 3, 10, 64, 200};
  for (size_t k = 0; k < sizeof caps / sizeof caps[0]; k++) {
    gw_chan(int) c = gw_make(int, caps[k]);
    gw_waitgroup made = {0}, taken = {0};
    memset(times, 0, sizeof times);
    gw_waitgroup_add(&taken, SIDES);
    for (int i = 0; i < SIDES; i++) gw_go(consume, c, &taken);
    for (int i = 0; i < SIDES; i++) gw_waitgroup_go(&made, produce, c, i);
    gw_waitgroup_wait(&made);
    gw_close(c);
    gw_waitgroup_wait(&taken);
    for (int i = 0; i < SIDES * EACH; i++) CHECK(times[i] == 1);
    gw_chan_free(c);
  }
}

static int got[16];
static void receive_one(gw_chan(int) c, int i, gw_waitgroup *done) {
  got[i] = gw_recv(c);
  gw_waitgroup_done(done);
}
static void send_one(gw_chan(int) c, int i) { gw_send(c, i); }

/* Who waits longest is served first. */
static void receivers_wait_in_line(void) {
  for (int cap = 0; cap <= 3; cap += 3) {
    gw_chan(int) c = gw_make(int, cap);
    gw_waitgroup done = {0};
    gw_waitgroup_add(&done, 8);
    for (int i = 0; i < 8; i++) {
      gw_go(receive_one, c, i, &done);
      await_parked(i + 1, "chan receive");
    }
    for (int i = 0; i < 8; i++) gw_send(c, 100 + i);
    gw_waitgroup_wait(&done);
    for (int i = 0; i < 8; i++) CHECK(got[i] == 100 + i);
    gw_chan_free(c);
  }
}

static void senders_wait_in_line(void) {
  for (int cap = 0; cap <= 3; cap++) {
    gw_chan(int) c = gw_make(int, cap);
    for (int i = 0; i < cap; i++) gw_send(c, i);
    for (int i = 0; i < 8; i++) {
      gw_go(send_one, c, cap + i);
      await_parked(i + 1, "chan send");
    }
    for (int i = 0; i < cap + 8; i++) CHECK(gw_recv(c) == i);
    gw_chan_free(c);
  }
}

static void expect_closed(gw_chan(int) c, gw_waitgroup *done) {
  int v = 7;
  CHECK(!gw_recv_ok(c, &v) && v == 0);
  gw_waitgroup_done(done);
}
static void expect_panic(gw_chan(int) c, gw_waitgroup *done) {
  gw_panic_info info;
  CHECK(!gw_try(&info, send_one, c, 1) && strcmp(info.message, "send on closed channel") == 0);
  gw_waitgroup_done(done);
}

/* A close sets everybody who waits free: receivers with zero, senders with a panic. */
static void close_wakes_all(void) {
  for (int senders = 0; senders < 2; senders++) {
    gw_chan(int) c = gw_make(int, senders);
    gw_waitgroup done = {0};
    gw_waitgroup_add(&done, 10);
    if (senders) gw_send(c, 41);
    for (int i = 0; i < 10; i++)
      if (senders)
        gw_go(expect_panic, c, &done);
      else
        gw_go(expect_closed, c, &done);
    await_parked(10, senders ? "chan send" : "chan receive");
    gw_race_ignore_begin(); /* a close beside a send is a race, and a detector says so */
    gw_close(c);
    gw_race_ignore_end();
    gw_waitgroup_wait(&done);
    int v;
    CHECK(gw_recv_ok(c, &v) == (senders == 1)); /* what was buffered is still there; what was refused is not */
    CHECK(!gw_recv_ok(c, &v));
    gw_chan_free(c);
  }
}

static void close_it(gw_chan(int) c) { gw_close(c); }

static void close_keeps_the_buffer(void) {
  for (int cap = 1; cap <= CAP_MAX; cap += 13) {
    gw_chan(int) c = gw_make(int, cap);
    for (int i = 0; i < cap; i++) gw_send(c, i + 1);
    gw_close(c);
    gw_panic_info info;
    CHECK(!gw_try(&info, send_one, c, 1) && !gw_try(&info, close_it, c));
    CHECK(gw_len(c) == cap);
    int n = 0;
    gw_range(v, c) CHECK(v == ++n);
    CHECK(n == cap && gw_len(c) == 0);
    gw_chan_free(c);
  }
}

static int entered;
static void meet(gw_chan(int) c) {
  poke(&entered, 1);
  gw_recv(c);
}

/* Unbuffered: a send ends only after its receiver has come. */
static void rendezvous(void) {
  gw_chan(int) c = gw_make(int, 0);
  for (int i = 0; i < 200; i++) {
    poke(&entered, 0);
    gw_go(meet, c);
    gw_send(c, i);
    CHECK(peek(&entered) == 1);
  }
  gw_chan_free(c);
}

struct big {
  int n[700];
};
struct nothing {
  char none[0];
};

static void send_bigs(gw_chan(struct big) c, int from) {
  struct big b;
  for (int k = 0; k < 30; k++) {
    for (int i = 0; i < 700; i++) b.n[i] = from + k + i;
    gw_send(c, b);
  }
}
static const struct nothing empty;
static void send_nothings(gw_chan(struct nothing) c, int n) {
  for (int i = 0; i < n; i++) gw_send(c, empty);
}

/* Values stay whole, whatever their size. */
static void values_stay_whole(void) {
  for (int cap = 0; cap <= 4; cap += 2) {
    gw_chan(struct big) c = gw_make(struct big, cap);
    for (int i = 0; i < 3; i++) gw_go(send_bigs, c, i * 1000);
    for (int k = 0; k < 90; k++) {
      struct big b = gw_recv(c);
      for (int i = 1; i < 700; i++) CHECK(b.n[i] == b.n[0] + i);
    }
    gw_chan_free(c);
    gw_chan(struct nothing) e = gw_make(struct nothing, cap);
    gw_go(send_nothings, e, 50);
    for (int i = 0; i < 50; i++) gw_recv_ok(e, NULL);
    CHECK(!gw_try_recv(e, NULL));
    gw_chan_free(e);
  }
}

static void try_to_send(gw_chan(int) c, gw_waitgroup *done) {
  for (int i = 1; i <= 100; i++)
    while (!gw_try_send(c, i)) try_again_later();
  gw_waitgroup_done(done);
}

/* Tries lose nothing and make nothing up. */
static void tries_are_exact(void) {
  gw_chan(int) c = gw_make(int, 3);
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 3);
  for (int i = 0; i < 3; i++) gw_go(try_to_send, c, &done);
  int sum = 0;
  for (int n = 0, v; n < 300;) {
    if (gw_try_recv(c, &v))
      sum += v, n++;
    else
      try_again_later();
  }
  gw_waitgroup_wait(&done);
  CHECK(sum == 3 * 100 * 101 / 2 && gw_len(c) == 0);
  gw_chan_free(c);
}

static void null_is_never_ready(void) {
  gw_chan(int) c = NULL;
  int v = 5;
  bool ok = true;
  CHECK(!gw_try_send(c, 1) && !gw_try_recv(c, &v) && !gw_try_recv_ok(c, &v, &ok) && v == 5);
  CHECK(gw_len(c) == 0 && gw_cap(c) == 0);
}

PROPERTIES(PROPERTY(capacity_is_exact), PROPERTY(fifo), PROPERTY(many_to_many), PROPERTY(receivers_wait_in_line),
           PROPERTY(senders_wait_in_line), PROPERTY(close_wakes_all), PROPERTY(close_keeps_the_buffer),
           PROPERTY(rendezvous), PROPERTY(values_stay_whole), PROPERTY(tries_are_exact), PROPERTY(null_is_never_ready))
