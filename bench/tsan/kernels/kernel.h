/* What the kernels share: arguments, a team of threads, checks and the line that a kernel prints.
 *
 * A kernel is a plain pthread program: `kernel [size [threads]]`.  It checks its own result and prints one line that
 * depends on the size and the number of threads alone, never on the schedule or the build.  Exit status 1: a wrong
 * result.  It has no race: whatever a detector says about it is a false alarm.
 */
#ifndef GODWIT_BENCH_KERNEL_H
#define GODWIT_BENCH_KERNEL_H
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KERNEL_MAX_THREADS = 64 };

struct kernel {
  size_t size;      /* amount of work; its unit is the kernel's own */
  unsigned threads; /* size of the team */
};

/* One member of the team. */
struct kernel_member {
  void (*body)(void *shared, unsigned who); /* what the team does */
  void *shared;                             /* the data of all members */
  unsigned who;                             /* 0 .. threads - 1 */
  pthread_t thread;                         /* joined by kernel_team */
};

static inline void kernel_check(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "wrong result: %s\n", what);
  exit(1);
}

static inline struct kernel kernel_args(int argc, char **argv, size_t size) {
  struct kernel k = {.size = size, .threads = 4};
  if (argc > 1) k.size = strtoull(argv[1], NULL, 10);
  if (argc > 2) k.threads = (unsigned)strtoul(argv[2], NULL, 10);
  kernel_check(k.size > 0 && k.threads > 0 && k.threads <= KERNEL_MAX_THREADS, "usage: kernel [size [threads]]");
  return k;
}

static inline void *kernel_member_main(void *arg) {
  struct kernel_member *m = arg;
  m->body(m->shared, m->who);
  return NULL;
}

/* Runs body(shared, 0 .. n-1) on n threads and waits for them. */
static inline void kernel_team(unsigned n, void (*body)(void *shared, unsigned who), void *shared) {
  struct kernel_member team[KERNEL_MAX_THREADS];
  for (unsigned i = 0; i < n; i++) {
    team[i] = (struct kernel_member){.body = body, .shared = shared, .who = i};
    kernel_check(pthread_create(&team[i].thread, NULL, kernel_member_main, &team[i]) == 0, "pthread_create");
  }
  for (unsigned i = 0; i < n; i++) kernel_check(pthread_join(team[i].thread, NULL) == 0, "pthread_join");
}

/* Zeroed memory, or the end. */
static inline void *kernel_alloc(size_t count, size_t size) {
  void *p = calloc(count, size);
  kernel_check(p != NULL, "out of memory");
  return p;
}

/* SplitMix64. */
static inline uint64_t kernel_rand(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline int kernel_done(const char *name, uint64_t sum) {
  printf("%s %016" PRIx64 "\n", name, sum);
  return 0;
}

/* The part of n things that member `who` of `threads` looks after: [first, last). */
struct kernel_part {
  size_t first, last;
};

static inline struct kernel_part kernel_part(size_t n, unsigned threads, unsigned who) {
  return (struct kernel_part){n * who / threads, n * (who + 1) / threads};
}

#endif
