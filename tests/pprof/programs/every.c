/* Something for every profile, each in a function and on a line of its own: every BASE writes BASE.NAME. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../include/parked.h"

enum { PARKED = 7, LEAKED = 3, ROUNDS = 20, WAIT = 2, BLOCKS = 5, BLOCK = 4 << 20, BURN = 300 };

static gw_mutex mu;
static void *kept[BLOCKS];

static void parked(gw_chan(int) c) { gw_recv(c); /* LINE goroutine */ }
static void leaked(gw_chan(int) c) { gw_recv(c); /* LINE goroutineleak */ }
static __attribute__((noinline)) void leak(void) {
  for (int i = 0; i < LEAKED; i++) gw_go(leaked, gw_make(int, 0));
}

static void sender(gw_chan(int) c) {
  for (int i = 0; i < ROUNDS; i++) {
    await_parked(PARKED + LEAKED + 1, "chan receive");
    gw_sleep(WAIT * GW_MS);
    gw_send(c, i);
  }
}
static __attribute__((noinline)) void waits(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_go(sender, c);
  for (int i = 0; i < ROUNDS; i++) {
    gw_recv(c); /* LINE block */
  }
}

static __attribute__((noinline)) void holds(gw_chan(int) go) {
  for (int i = 0; i < ROUNDS; i++) {
    gw_mutex_lock(&mu);
    gw_send(go, i);
    await_parked(1, "sync.Mutex.Lock");
    gw_sleep(WAIT * GW_MS);
    gw_mutex_unlock(&mu); /* LINE mutex */
    gw_recv(go);
  }
}
static void contends(gw_chan(int) go) {
  for (int i = 0; i < ROUNDS; i++) {
    gw_recv(go);
    gw_mutex_lock(&mu);
    gw_mutex_unlock(&mu);
    gw_send(go, i);
  }
}

static __attribute__((noinline)) void allocates(void) {
  for (int i = 0; i < BLOCKS; i++) {
    kept[i] = malloc(BLOCK); /* LINE heap */
  }
  free(kept[0]);
}

/* Processor time, however long that takes. */
static __attribute__((noinline)) void burns(clock_t time) {
  static volatile long turns;
  for (clock_t until = clock() + time; clock() < until;) {
    for (int i = 0; i < 100000; i++) turns++; /* LINE cpu */
  }
}

static int write_one(const char *base, const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s.%s", base, name);
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0666);
  if (fd < 0 || gw_pprof_write(name, fd, 0) != 0) return perror(path), 1;
  return close(fd);
}

int main(int argc, char **argv) {
  if (argc < 2 || gw_set_cpu_profile_rate(100) != 0) return 64;
  static gw_chan(int) never; /* so that who waits for it isn't leaked */
  never = gw_make(int, 0);
  gw_set_block_profile_rate(1);
  gw_set_mutex_profile_fraction(1);
  for (int i = 0; i < PARKED; i++) gw_go(parked, never);
  leak();
  waits();
  gw_chan(int) go = gw_make(int, 0);
  gw_go(contends, go);
  holds(go);
  allocates();
  burns(CLOCKS_PER_SEC / 1000 * BURN);
  gw_set_cpu_profile_rate(0);
  static const char *const names[] = {"goroutine", "block",        "mutex",         "heap",
                                      "allocs",    "threadcreate", "goroutineleak", "cpu"};
  int bad = 0;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) bad |= write_one(argv[1], names[i]);
  return bad;
}
