/* What profiles cost, on godwit: prof WHAT PROFILE N.  WHAT is ping-pong (two goroutines, an unbuffered channel each
 * way), mutex (four goroutines, one lock that is held for a moment) or parked (N goroutines, and one goroutine
 * profile). PROFILE is off, block:RATE, mutex:FRACTION, cpu, serve, trace (which GODWIT=trace=FILE turns on).  Prints
 * nanoseconds, CPU and on the clock: of one round, one lock and unlock, or the whole profile. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <godwit.h>

static int64_t cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (int64_t)t.tv_sec * GW_S + t.tv_nsec;
}

static void ping(gw_chan(int) out, gw_chan(int) in, long n) {
  for (long i = 0; i < n; i++) {
    gw_send(out, 1);
    gw_recv(in);
  }
}

static void pong(gw_chan(int) in, gw_chan(int) out, long n) {
  for (long i = 0; i < n; i++) {
    gw_recv(in);
    gw_send(out, 1);
  }
}

static void ping_pong(long n) {
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 0);
  gw_go(pong, a, b, n);
  ping(a, b, n);
}

static gw_mutex mu;
static gw_waitgroup wg;
static volatile long counter;

static void locker(long n) {
  for (long i = 0; i < n; i++) {
    gw_mutex_lock(&mu);
    for (int k = 0; k < 20; k++) counter++;
    gw_mutex_unlock(&mu);
  }
  gw_waitgroup_done(&wg);
}

static void mutex_of_4(long n) {
  gw_waitgroup_add(&wg, 4);
  for (int i = 0; i < 4; i++) gw_go(locker, n / 4);
  gw_waitgroup_wait(&wg);
}

static void parked(gw_chan(int) c) { gw_recv(c); }
static void deep(gw_chan(int) c, int depth) {
  if (depth == 0)
    parked(c);
  else
    deep(c, depth - 1);
  __asm__ volatile("");
}

static int discard(const char *name) {
  int fd = open("/dev/null", O_WRONLY);
  int r = gw_pprof_write(name, fd, 0);
  close(fd);
  return r;
}

static int start(const char *profile) {
  if (strncmp(profile, "block:", 6) == 0) gw_set_block_profile_rate(atoll(profile + 6));
  if (strncmp(profile, "mutex:", 6) == 0) gw_set_mutex_profile_fraction(atoi(profile + 6));
  if (strcmp(profile, "cpu") == 0) return gw_set_cpu_profile_rate(100);
  if (strcmp(profile, "serve") == 0) return gw_pprof_serve(":0") > 0 ? 0 : -1;
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 4 || start(argv[2]) != 0) return 64;
  long n = atol(argv[3]), of = n;
  gw_chan(int) never = gw_make(int, 0);
  if (strcmp(argv[1], "parked") == 0) {
    for (long i = 0; i < n; i++) gw_go(deep, never, 4);
    gw_sleep(200 * GW_MS);
    discard("goroutine"); /* starts the symboliser: Go's tables are in the program */
    of = 1;
  }
  int64_t cpu = cpu_ns(), wall = gw_now();
  if (strcmp(argv[1], "ping-pong") == 0)
    ping_pong(n);
  else if (strcmp(argv[1], "mutex") == 0)
    mutex_of_4(n);
  else if (discard("goroutine") != 0)
    return 1;
  printf("%.1f %.1f\n", (double)(cpu_ns() - cpu) / (double)of, (double)(gw_now() - wall) / (double)of);
  return 0;
}
