/* What the detector keeps for goroutines and for memory, and what that costs: `live SCENARIO N`.
 *
 *   parked N    N goroutines wait on a channel: bytes of VmRSS and of VmPTE for each
 *   local N     the same; each has written a local variable whose address others could have
 *   churn N     N goroutines are started and end, 1000 at a time: KiB of VmRSS after a tenth of them and the most after
 * that rounds N    eight goroutines take turns with a lock, beside N that are alive and known to all by their clocks
 *   passes N    likewise, but four of the eight send to a channel and four receive from it
 *   turns N     N goroutines take turns with a lock, so each finds its own memory out of the cache
 *   pause N     N MiB of data are written, then lock rounds use up epoch ids: the longest round, in which ids are
 * collected
 *   readers N   N threads read the same 64 MiB side by side: KiB of VmRSS for each MiB, CPU ns for each read
 *
 * Each prints `name value` lines.
 */
#include <godwit.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
  WORKERS = 8,
  CAPACITY = 64,
  READ_MIB = 64,
  READ_TIMES = 2,
  OPERATIONS = 1000000,
  BATCH = 1000,
  ROUNDS_PER_MIB = 4000
};

/* What the scenarios need themselves: not seen by the detector. */
#define HIDDEN __attribute__((disable_sanitizer_instrumentation, noinline))

static long parked; /* atomic: those that are about to */
static gw_mutex lock;
static long counter; /* guarded by lock */

static double status_kib(const char *name) {
  char line[256];
  double kib = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, name, strlen(name)) == 0) kib = strtod(line + strlen(name) + 1, NULL);
  if (f) fclose(f);
  return kib;
}

static double cpu_ns(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

static double wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

HIDDEN static void about_to_park(void) { __atomic_fetch_add(&parked, 1, __ATOMIC_RELAXED); }

static void parker(gw_chan(char) stop, gw_waitgroup *all) {
  about_to_park();
  gw_recv(stop);
  gw_waitgroup_done(all);
}

static __attribute__((noinline)) void touch(volatile long *local) { *local += 1; }

static void parker_with_local(gw_chan(char) stop, gw_waitgroup *all) {
  long local = 0;
  touch(&local);
  about_to_park();
  gw_recv(stop);
  touch(&local);
  gw_waitgroup_done(all);
}

HIDDEN static void await_parked(long n) {
  while (__atomic_load_n(&parked, __ATOMIC_RELAXED) < n) gw_yield();
}

static void alive(long n, bool with_local) {
  double rss = status_kib("VmRSS"), pte = status_kib("VmPTE");
  gw_waitgroup all = {0};
  gw_chan(char) stop = gw_make(char, 0);
  gw_waitgroup_add(&all, (int)n);
  for (long i = 0; i < n; i++)
    if (with_local)
      gw_go(parker_with_local, stop, &all);
    else
      gw_go(parker, stop, &all);
  await_parked(n);
  printf("rss %.0f\npte %.0f\n", (status_kib("VmRSS") - rss) * 1024 / (double)n,
         (status_kib("VmPTE") - pte) * 1024 / (double)n);
  gw_close(stop);
  gw_waitgroup_wait(&all);
  gw_chan_free(stop);
}

static void parked_ones(long n) { alive(n, false); }
static void with_locals(long n) { alive(n, true); }

static void short_one(gw_waitgroup *all) {
  long local = 0;
  touch(&local);
  gw_waitgroup_done(all);
}

static void churn(long n) {
  double early = 0, most = 0;
  for (long i = 0; i < n; i += BATCH) {
    gw_waitgroup all = {0};
    gw_waitgroup_add(&all, BATCH);
    for (int k = 0; k < BATCH; k++) gw_go(short_one, &all);
    gw_waitgroup_wait(&all);
    if (i % (BATCH * 64) || i < n / 10) continue;
    double rss = status_kib("VmRSS");
    if (!early) early = rss;
    if (rss > most) most = rss;
  }
  printf("early %.0f\nmost %.0f\nend %.0f\n", early, most, status_kib("VmRSS"));
}

static void lock_rounds(long n) {
  for (long i = 0; i < n; i++) {
    gw_mutex_lock(&lock);
    counter++;
    gw_mutex_unlock(&lock);
    gw_yield();
  }
}

static void worker(long n, gw_waitgroup *all) {
  lock_rounds(n);
  gw_waitgroup_done(all);
}

/* It has been seen by the lock's clock: who takes the lock from now on knows of it. */
static void known_one(gw_chan(char) stop, gw_waitgroup *all) {
  long local = 0;
  touch(&local);
  gw_mutex_lock(&lock);
  counter++;
  gw_mutex_unlock(&lock);
  about_to_park();
  gw_recv(stop);
  gw_waitgroup_done(all);
}

static double work(int workers) {
  gw_waitgroup all = {0};
  double from = cpu_ns();
  gw_waitgroup_add(&all, workers);
  for (int i = 0; i < workers; i++) gw_go(worker, (long)(OPERATIONS / workers), &all);
  gw_waitgroup_wait(&all);
  return (cpu_ns() - from) / OPERATIONS;
}

/* Once each, so that the channel's clocks too know all. */
static void know_all(void) {
  gw_mutex_lock(&lock);
  counter++;
  gw_mutex_unlock(&lock);
}

static void sender(gw_chan(long) c, long n, gw_waitgroup *all) {
  know_all();
  for (long i = 0; i < n; i++) gw_send(c, i);
  gw_waitgroup_done(all);
}

static void receiver(gw_chan(long) c, long n, gw_waitgroup *all) {
  know_all();
  for (long i = 0; i < n; i++) gw_recv(c);
  gw_waitgroup_done(all);
}

static double pass(int workers) {
  gw_waitgroup all = {0};
  gw_chan(long) c = gw_make(long, CAPACITY);
  long n = OPERATIONS / (workers / 2);
  double from = cpu_ns();
  gw_waitgroup_add(&all, workers);
  for (int i = 0; i < workers / 2; i++) {
    gw_go(sender, c, n, &all);
    gw_go(receiver, c, n, &all);
  }
  gw_waitgroup_wait(&all);
  double each = (cpu_ns() - from) / OPERATIONS;
  gw_chan_free(c);
  return each;
}

static void beside(long n, double (*make)(int workers)) {
  gw_waitgroup all = {0};
  gw_chan(char) stop = gw_make(char, 0);
  gw_waitgroup_add(&all, (int)n);
  for (long i = 0; i < n; i++) gw_go(known_one, stop, &all);
  await_parked(n);
  make(WORKERS); /* warm up */
  printf("ns %.1f\n", make(WORKERS));
  gw_close(stop);
  gw_waitgroup_wait(&all);
  gw_chan_free(stop);
}

static void rounds(long n) { beside(n, work); }
static void passes(long n) { beside(n, pass); }
static void turns(long n) { printf("ns %.1f\n", work((int)n)); }

/* Nobody else runs: a round that takes long is one in which ids were collected, or the system took the processor away;
 * therefore the processor's time counts. */
static double process_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void pauses(long mib) {
  size_t size = (size_t)mib << 20;
  long n = mib * ROUNDS_PER_MIB;
  volatile char *data = malloc(size);
  if (!data) exit(3);
  for (size_t i = 0; i < size; i += 8) data[i] = 1;
  gw_waitgroup all = {0};
  gw_waitgroup_add(&all, 1);
  gw_go(worker, n, &all);
  double longest = 0, sum = 0, from_wall = wall_ns();
  for (long i = 0; i < n; i++) {
    double from = process_ns();
    gw_mutex_lock(&lock);
    counter++;
    gw_mutex_unlock(&lock);
    double took = process_ns() - from;
    if (took > longest) longest = took;
    if (took > 1e6) sum += took;
    gw_yield();
  }
  gw_waitgroup_wait(&all);
  printf("longest_ms %.1f\nsum_ms %.1f\nwall_ms %.0f\nrss %.0f\n", longest / 1e6, sum / 1e6,
         (wall_ns() - from_wall) / 1e6, status_kib("VmRSS"));
  free((void *)data);
}

static long *read_by_all;
enum { READ_WORDS = (READ_MIB << 20) / sizeof(long) };

static void *read_all(void *barrier) {
  pthread_barrier_wait(barrier);
  volatile long *data = read_by_all;
  for (size_t i = 0; i < READ_WORDS; i++) (void)data[i];
  return NULL;
}

static void readers(long n) {
  pthread_t *thread = malloc((size_t)n * sizeof *thread);
  pthread_barrier_t barrier;
  read_by_all = malloc((size_t)READ_MIB << 20);
  if (!thread || !read_by_all) exit(3);
  memset(read_by_all, 1, (size_t)READ_MIB << 20);
  pthread_barrier_init(&barrier, NULL, (unsigned)n);
  double from = cpu_ns();
  for (long i = 0; i < n; i++) pthread_create(&thread[i], NULL, read_all, &barrier);
  for (long i = 0; i < n; i++) pthread_join(thread[i], NULL);
  printf("rss_per_mib %.0f\nns %.1f\n", status_kib("VmHWM") / READ_MIB, (cpu_ns() - from) / READ_WORDS / (double)n);
  free(read_by_all);
  free(thread);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(long n);
  } scenario[] = {{"parked", parked_ones}, {"local", with_locals}, {"churn", churn},  {"rounds", rounds},
                  {"passes", passes},      {"turns", turns},       {"pause", pauses}, {"readers", readers}};
  long n = argc == 3 ? atol(argv[2]) : 0;
  for (size_t i = 0; i < sizeof scenario / sizeof scenario[0]; i++) {
    if (n < 1 || strcmp(argv[1], scenario[i].name) != 0) continue;
    scenario[i].run(n);
    return 0;
  }
  fprintf(stderr, "usage: live parked|local|churn|rounds|passes|turns|pause|readers N\n");
  return 64;
}
