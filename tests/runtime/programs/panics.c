/* Panics, gw_try, gw_defer and gw_goexit. */
#include "check.h"

static int log_[16], logged;
static void note(int *n) { log_[logged++] = *n; }
static int numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

static void boom(const char *what) { gw_panic("boom %s %d", what, 3); }
static int fine(int *out) {
  *out = 7;
  return 1;
}

static void deferring(int how) {
  gw_defer(note, &numbers[1]);
  {
    gw_defer(note, &numbers[2]);
    gw_defer(note, &numbers[3]);
  }
  for (int i = 4; i < 6; i++) {
    gw_defer(note, &numbers[i]);
    if (how == 1 && i == 5) return;
    if (how == 2 && i == 5) boom("x");
    if (how == 3 && i == 5) gw_goexit();
  }
  gw_defer(note, &numbers[6]);
}

static bool logged_is(const char *digits) {
  bool same = (int)strlen(digits) == logged;
  for (int i = 0; same && i < logged; i++) same = log_[i] == digits[i] - '0';
  logged = 0;
  return same;
}

static void nested_try(void) {
  gw_panic_info info;
  gw_defer(note, &numbers[1]);
  CHECK(!gw_try(&info, boom, "inner") && strcmp(info.message, "boom inner 3") == 0);
  CHECK(logged == 0); /* the deferred call of this scope is not due yet */
  boom("outer");
}

static void panic_again(int *unused) {
  (void)unused;
  gw_panic("second");
}

static void panics_in_defer(void) {
  gw_defer(note, &numbers[1]);
  gw_defer(panic_again, &numbers[0]);
  gw_panic("first");
}

static void tell(gw_chan(int) * done) { gw_send(*done, 1); }

static void ends_early(gw_chan(int) done) {
  gw_defer(tell, &done);
  deferring(3);
  CHECK(!"gw_goexit returned");
}

static void deep(int n) {
  gw_defer(note, &numbers[9]);
  if (n > 0) deep(n - 1);
  if (n == 0) boom("deep");
}

static gw_mutex mu;
static void locked_boom(void) {
  gw_mutex_lock(&mu);
  gw_defer(gw_mutex_unlock, &mu);
  boom("locked");
}

static void goexit_in_try(gw_chan(int) done) {
  gw_defer(tell, &done);
  gw_try(NULL, deferring, 3);
  CHECK(!"gw_goexit was caught");
}

int main(void) {
  gw_panic_info info = {""};
  int out = 0;
  CHECK(gw_try(&info, fine, &out) && out == 7);
  CHECK(!gw_try(&info, boom, "a") && strcmp(info.message, "boom a 3") == 0);
  CHECK(!gw_try(NULL, boom, "a"));
  deferring(0);
  CHECK(logged_is("324561"));
  deferring(1);
  CHECK(logged_is("32451"));
  CHECK(!gw_try(&info, deferring, 2) && logged_is("32451"));
  CHECK(!gw_try(&info, nested_try) && strcmp(info.message, "boom outer 3") == 0 && logged_is("1"));
  CHECK(!gw_try(&info, panics_in_defer) && strcmp(info.message, "second") == 0 && logged_is("1"));
  gw_chan(int) done = gw_make(int, 1);
  gw_go(ends_early, done);
  gw_recv(done);
  CHECK(logged_is("32451"));
  gw_go(goexit_in_try, done);
  gw_recv(done);
  logged = 0;
  CHECK(!gw_try(&info, deep, 9) && logged_is("9999999999"));
  CHECK(!gw_try(NULL, locked_boom) && gw_mutex_try_lock(&mu));
  gw_mutex_unlock(&mu);
  for (int i = 0; i < 100000; i++) CHECK(!gw_try(&info, boom, "again"));
  return 0;
}
