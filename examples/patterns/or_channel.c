/* Or-channel: one channel that closes as soon as any of several does.  The set is known at run time only, so the select
 * is made of an array; a second channel calls the goroutine off when nobody is interested any more. */
#include "pattern.h"

enum { MOST = 16 };

struct any {
  gw_waitgroup waiting;
  gw_chan(char) closed; /* the answer */
  gw_chan(char) off;    /* closed by any_free */
  gw_chan(char) of[MOST];
  int n;
};

static void wait_for_one(struct any *a) {
  gw_case cases[MOST + 1];
  for (int i = 0; i < a->n; i++) cases[i] = GW_CASE_RECV(a->of[i], NULL);
  cases[a->n] = GW_CASE_RECV(a->off, NULL);
  gw_select_cases(cases, a->n + 1);
  gw_close(a->closed);
}

static struct any *any_of(const gw_chan(char) * of, int n) {
  CHECK(n <= MOST);
  struct any *a = calloc(1, sizeof *a);
  CHECK(a);
  a->closed = gw_make(char, 0);
  a->off = gw_make(char, 0);
  a->n = n;
  for (int i = 0; i < n; i++) a->of[i] = of[i];
  gw_waitgroup_go(&a->waiting, wait_for_one, a);
  return a;
}

/* Also when none of them has closed. */
static void any_free(struct any *a) {
  gw_close(a->off);
  gw_waitgroup_wait(&a->waiting);
  gw_chan_free(a->closed);
  gw_chan_free(a->off);
  free(a);
}

static void close_later(gw_chan(char) c, int64_t ns) {
  gw_sleep(ns);
  gw_close(c);
}

int main(void) {
  gw_chan(char) of[10];
  for (int i = 0; i < 10; i++) of[i] = gw_make(char, 0);
  struct any *first = any_of(of, 10), *never = any_of(of + 8, 2);
  gw_go(close_later, of[6], 5 * GW_MS);
  gw_recv(first->closed);
  bool ok = true;
  CHECK(gw_try_recv_ok(of[6], NULL, &ok) && !ok); /* that one it was */
  CHECK(!gw_try_recv_ok(never->closed, NULL, &ok));
  printf("one of ten is closed\n");
  any_free(first);
  any_free(never);
  all_ended();
  for (int i = 0; i < 10; i++) gw_chan_free(of[i]);
}
