/* `bench ROW N`: makes a tenth of N operations to warm up, then N, and prints what one of them cost; `bench many N` is
 * another matter (many.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "many.h"

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct spent spent(void) { return (struct spent){now(CLOCK_PROCESS_CPUTIME_ID), now(CLOCK_MONOTONIC)}; }

void print_since(const char *name, struct spent from, long n) {
  struct spent to = spent();
  printf("%s %.1f %.1f\n", name, (to.cpu - from.cpu) / (double)n, (to.wall - from.wall) / (double)n);
}

void print_value(const char *name, double value) { printf("%s %.1f\n", name, value); }

static const struct row {
  const char *name;
  void (*make)(long n);
} rows[] = {
#define ROW(name, function) {name, function},
#include "rows.inc"
};

int main(int argc, char **argv) {
  long n = argc == 3 ? atol(argv[2]) : 0;
  if (n > 0 && strcmp(argv[1], "many") == 0) {
    many(n);
    return 0;
  }
  for (size_t i = 0; n > 0 && i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].name, argv[1]) != 0) continue;
    rows[i].make(n / 10 + 1);
    struct spent from = spent();
    rows[i].make(n);
    print_since("op", from, n);
    return 0;
  }
  fprintf(stderr, "usage: bench ROW N\n");
  return 64;
}
