/* `grow WHAT N`: N goroutines do the same to one thing, side by side; prints CPU nanoseconds for each of them, creation
 * and end included.  All of it is without a race. */
#include <godwit.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static atomic_long word;
static gw_waitgroup all;

static void nothing(long i) { (void)i; }
static void relaxed(long i) { atomic_fetch_add_explicit(&word, i, memory_order_relaxed); }
static void release(long i) { atomic_fetch_add_explicit(&word, i, memory_order_release); }
static void seq_cst(long i) { atomic_fetch_add(&word, i); }
static void store(long i) { atomic_store(&word, i); }
static void load(long i) {
  if (atomic_load_explicit(&word, memory_order_relaxed) == i) atomic_thread_fence(memory_order_acquire);
}
static const struct {
  const char *name;
  void (*make)(long i);
} rows[] = {
    {"nothing", nothing}, {"relaxed", relaxed}, {"release", release},
    {"seq_cst", seq_cst}, {"store", store},     {"load", load},
};

static void body(void (*make)(long i), long i, long *mine) {
  *mine = i; /* so that it has a clock of its own */
  make(i);
  gw_waitgroup_done(&all);
}

static double cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void run(void (*make)(long i), long n, long *mine) {
  gw_waitgroup_add(&all, (int)n);
  for (long i = 0; i < n; i++) gw_go(body, make, i, &mine[i]);
  gw_waitgroup_wait(&all);
  for (long i = 0; i < n; i++)
    if (mine[i] != i) abort();
}

int main(int argc, char **argv) {
  long n = argc == 3 ? atol(argv[2]) : 0;
  for (size_t i = 0; n > 0 && i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].name, argv[1]) != 0) continue;
    long *mine = malloc((size_t)n * sizeof *mine);
    double from = cpu_ns();
    run(rows[i].make, n, mine);
    printf("%.1f\n", (cpu_ns() - from) / (double)n);
    free(mine);
    return 0;
  }
  fprintf(stderr, "usage: grow WHAT N\n");
  return 64;
}
