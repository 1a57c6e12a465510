/* Waits of known number, and profiles of them: known BASE writes BASE.NAME for each.  Printed is how long main waited,
 * for values and for the lock: at least, from when it was seen to be parked until somebody set about waking it, and at
 * most, from before it did until it had been woken.  So the bounds hold on any machine, and lie close on a quiet one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../include/parked.h"

enum { PARKED = 7, ROUNDS = 20, WAIT = 5 };

static gw_mutex mu;
static _Atomic int64_t waiting_since; /* main's wait */
static struct waits {
  _Atomic int64_t least, most;
} received, locked;

static void parked(gw_chan(int) c) { gw_recv(c); /* LINE parked */ }

/* Sleeps while main waits for `reason`, as n goroutines do then; what follows wakes it. */
static void let_wait(int n, const char *reason, struct waits *w) {
  await_parked(n, reason);
  int64_t parked_at = gw_now();
  gw_sleep(WAIT * GW_MS);
  w->least += gw_now() - parked_at;
}

static void slow_sender(gw_chan(int) c, gw_chan(int) end) {
  for (int i = 0; i < ROUNDS; i++) {
    let_wait(PARKED + 1, "chan receive", &received);
    int64_t since = waiting_since;
    gw_send(c, i);
    received.most += gw_now() - since;
  }
  gw_close(end);
}

static inline __attribute__((always_inline)) int receive_inlined(gw_chan(int) c) {
  return gw_recv(c); /* LINE inlined */
}

static __attribute__((noinline)) int receive_all(gw_chan(int) c) {
  int sum = 0;
  for (int i = 0; i < ROUNDS; i++) {
    waiting_since = gw_now();
    sum += receive_inlined(c); /* LINE receive_all */
  }
  return sum;
}

static void holder(gw_chan(int) go, gw_chan(int) done) {
  for (int i = 0; i < ROUNDS; i++) {
    gw_mutex_lock(&mu);
    gw_send(go, i);
    let_wait(1, "sync.Mutex.Lock", &locked);
    gw_mutex_unlock(&mu); /* LINE unlock */
    locked.most += gw_now() - waiting_since;
    gw_recv(done);
  }
}

static __attribute__((noinline)) void contend(gw_chan(int) go, gw_chan(int) done) {
  for (int i = 0; i < ROUNDS; i++) {
    gw_recv(go);
    waiting_since = gw_now();
    gw_mutex_lock(&mu); /* LINE lock */
    gw_mutex_unlock(&mu);
    gw_send(done, i);
  }
}

static int write_one(const char *base, const char *name, int debug) {
  char path[512];
  snprintf(path, sizeof path, "%s.%s%s", base, name, debug == 0 ? "" : debug == 1 ? ".1" : ".2");
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0666);
  if (fd < 0 || gw_pprof_write(name, fd, debug) != 0) {
    perror(path);
    return 1;
  }
  return close(fd);
}

int main(int argc, char **argv) {
  if (argc < 2) return 64;
  gw_chan(int) never = gw_make(int, 0), c = gw_make(int, 0), go = gw_make(int, 0), done = gw_make(int, 0);
  gw_chan(int) end = gw_make(int, 0);
  gw_set_block_profile_rate(1);
  gw_set_mutex_profile_fraction(1);
  for (int i = 0; i < PARKED; i++) gw_go(parked, never); /* LINE go */
  gw_go(slow_sender, c, end);
  int sum = receive_all(c);
  gw_recv_ok(end, NULL);
  gw_go(holder, go, done);
  contend(go, done);
  gw_set_label("phase", "writing");
  gw_set_name("the writer");
  int bad = sum != ROUNDS * (ROUNDS - 1) / 2;
  static const char *const names[] = {"goroutine", "block", "mutex", "threadcreate"};
  for (int i = 0; i < 4; i++)
    for (int debug = 0; debug < 2; debug++) bad |= write_one(argv[1], names[i], debug);
  bad |= write_one(argv[1], "goroutine", 2);
  printf("%lld %lld\n", (long long)received.least, (long long)received.most);
  printf("%lld %lld\n", (long long)locked.least, (long long)locked.most);
  return bad;
}
