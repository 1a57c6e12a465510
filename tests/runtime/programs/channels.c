/* Channels of every capacity from 0 to 200: order, blocking, close, many senders and receivers, odd element types. */
#include "check.h"

struct big {
  long a[20];
};
struct empty {};

static void send_all(gw_chan(int) c, int n) {
  for (int i = 0; i < n; i++) gw_send(c, i);
  gw_close(c);
}

static void in_order(int cap) {
  gw_chan(int) c = gw_make(int, cap);
  gw_go(send_all, c, 300);
  int want = 0;
  gw_range(v, c) {
    CHECK(v == want);
    want++;
  }
  CHECK(want == 300);
  int v = 7;
  CHECK(!gw_recv_ok(c, &v) && v == 0 && gw_recv(c) == 0);
  bool ok = true;
  v = 7;
  CHECK(gw_try_recv_ok(c, &v, &ok) && !ok && v == 0);
  CHECK(!gw_try_recv(c, &v));
  gw_chan_free(c);
}

static void buffer_is_bounded(int cap) {
  gw_chan(int) c = gw_make(int, cap);
  CHECK(gw_cap(c) == cap && gw_len(c) == 0);
  for (int i = 0; i < cap; i++) {
    CHECK(gw_try_send(c, i));
    CHECK(gw_len(c) == i + 1);
  }
  CHECK(!gw_try_send(c, 99));
  int v;
  for (int i = 0; i < cap; i++) CHECK(gw_try_recv(c, &v) && v == i);
  CHECK(!gw_try_recv(c, &v));
  gw_close(c);
  gw_chan_free(c);
}

static void produce(gw_chan(int) c, int from, int n, gw_waitgroup *w) {
  for (int i = 0; i < n; i++) gw_send(c, from + i);
  gw_waitgroup_done(w);
}

static void consume(gw_chan(int) c, char *seen, gw_waitgroup *w) {
  gw_range(v, c) seen[v]++;
  gw_waitgroup_done(w);
}

enum { PRODUCERS = 5, CONSUMERS = 4, EACH = 400 };

static void many_to_many(int cap) {
  static char seen[PRODUCERS * EACH];
  memset(seen, 0, sizeof seen);
  gw_chan(int) c = gw_make(int, cap);
  gw_waitgroup producers = {0}, consumers = {0};
  gw_waitgroup_add(&producers, PRODUCERS);
  gw_waitgroup_add(&consumers, CONSUMERS);
  for (int i = 0; i < PRODUCERS; i++) gw_go(produce, c, i * EACH, EACH, &producers);
  for (int i = 0; i < CONSUMERS; i++) gw_go(consume, c, seen, &consumers);
  gw_waitgroup_wait(&producers);
  gw_close(c);
  gw_waitgroup_wait(&consumers);
  for (int i = 0; i < PRODUCERS * EACH; i++) CHECK(seen[i] == 1);
  gw_chan_free(c);
}

static void receive_one(gw_chan(int) c, gw_chan(bool) done) {
  int v = 5;
  bool ok = gw_recv_ok(c, &v);
  gw_send(done, !ok && v == 0);
}

static void close_wakes_receivers(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_chan(bool) done = gw_make(bool, 0);
  for (int i = 0; i < 10; i++) gw_go(receive_one, c, done);
  for (int i = 0; i < 20; i++) gw_yield();
  gw_close(c);
  for (int i = 0; i < 10; i++) CHECK(gw_recv(done));
  gw_chan_free(c);
  gw_chan_free(done);
}

#ifndef __GODWIT_RACE__ /* close beside send is a race on the channel */
static void send_42(gw_chan(int) c) { gw_send(c, 42); }

static void send_and_tell(gw_chan(int) c, gw_chan(const char *) told) {
  gw_panic_info info = {""};
  const char *text = gw_try(&info, send_42, c)                        ? "sent"
                     : strcmp(info.message, "send on closed channel") ? "?"
                                                                      : "panic";
  gw_send(told, text);
}

static void close_wakes_senders(void) {
  gw_chan(int) c = gw_make(int, 1);
  gw_chan(const char *) told = gw_make(const char *, 0);
  gw_send(c, 1);
  for (int i = 0; i < 5; i++) gw_go(send_and_tell, c, told);
  for (int i = 0; i < 20; i++) gw_yield();
  gw_close(c);
  for (int i = 0; i < 5; i++) CHECK(strcmp(gw_recv(told), "panic") == 0);
  CHECK(gw_recv(c) == 1);
}
#endif

static void send_types(gw_chan(struct big) b, gw_chan(struct empty) e, gw_chan(char) ch, gw_chan(gw_chan(int)) cc) {
  struct big v = {{0}};
  for (int i = 0; i < 20; i++) v.a[i] = i * i;
  gw_send(b, v);
  gw_send(e, (struct empty){});
  gw_send(ch, 'x');
  gw_chan(int) inner = gw_make(int, 1);
  gw_send(cc, inner);
  gw_send(inner, 12);
}

static void element_types(int cap) {
  gw_chan(struct big) b = gw_make(struct big, cap);
  gw_chan(struct empty) e = gw_make(struct empty, cap);
  gw_chan(char) ch = gw_make(char, cap);
  gw_chan(gw_chan(int)) cc = gw_make(gw_chan(int), cap);
  gw_go(send_types, b, e, ch, cc);
  struct big v = gw_recv(b);
  for (int i = 0; i < 20; i++) CHECK(v.a[i] == i * i);
  (void)gw_recv(e);
  CHECK(gw_recv(ch) == 'x');
  CHECK(gw_recv(gw_recv(cc)) == 12);
}

static int calls;
static gw_chan(long) once(gw_chan(long) c) {
  calls++;
  return c;
}

static void conversions_and_single_evaluation(void) {
  gw_chan(long) c = gw_make(long, 3);
  gw_send(once(c), 'a');
  gw_send(once(c), -1);
  double fraction = 2.9;
  gw_send(once(c), fraction);
  CHECK(calls == 3);
  CHECK(gw_recv(once(c)) == 'a' && gw_recv(c) == -1 && calls == 4);
  long v;
  CHECK(gw_recv_ok(once(c), &v) && v == 2 && calls == 5);
  gw_send(c, 1);
  gw_close(c);
  gw_range(x, once(c)) CHECK(x == 1);
  CHECK(calls == 6);
}

int main(void) {
  for (int cap = 0; cap <= 200; cap += cap < 10 ? 1 : 19) {
    in_order(cap);
    buffer_is_bounded(cap);
    many_to_many(cap);
  }
  for (int cap = 0; cap < 3; cap++) element_types(cap);
  close_wakes_receivers();
#ifndef __GODWIT_RACE__
  close_wakes_senders();
#endif
  conversions_and_single_evaluation();
  gw_chan(int) none = NULL;
  int v;
  CHECK(!gw_try_send(none, 1) && !gw_try_recv(none, &v) && gw_len(none) == 0 && gw_cap(none) == 0);
  return 0;
}
