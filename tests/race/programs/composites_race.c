/* Bytes of one granule written at many places, whose contexts come and go by the million: what lasts keeps its own. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "barrier.h"

enum { BYTES = 1 << 15, PASSES = 60, KEPT = 8, GROWTH_KB = 8192 /* of memory; all composites would take 100 MB */ };
static unsigned char churned[BYTES];
static volatile unsigned char kept[KEPT] __attribute__((aligned(8)));
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static unsigned long seed = 1;

static unsigned draw(unsigned n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(seed >> 40) % n;
}

#define PLACE(k)                              \
  case (k):                                   \
    p[0] = (k);                               \
    __asm__ volatile("" ::"i"(k) : "memory"); \
    break;
#define PLACES(k) PLACE(k) PLACE(k + 1) PLACE(k + 2) PLACE(k + 3) PLACE(k + 4) PLACE(k + 5) PLACE(k + 6) PLACE(k + 7)
__attribute__((noinline)) static void put(volatile unsigned char *p, unsigned place) {
  switch (place) { PLACES(0) PLACES(8) PLACES(16) PLACES(24) PLACES(32) PLACES(40) PLACES(48) PLACES(56) }
}

/* Each pass is an epoch. */
static void churn(void) {
  for (int i = 0; i < BYTES; i++) put(churned + i, draw(64));
  pthread_mutex_lock(&mu);
  pthread_mutex_unlock(&mu);
}

static long resident_kb(void) {
  FILE *f = fopen("/proc/self/statm", "r");
  long all, resident = 0;
  if (!f || fscanf(f, "%ld %ld", &all, &resident) != 2) exit(3);
  fclose(f);
  return resident * 4;
}

__attribute__((noinline)) static void keep(void) {
  kept[0] = 1; /* RACE 1: write */
  kept[3] = 1; /* RACE 2: write */
  kept[1] = 1; /* RACE 3: write */
  kept[7] = 1; /* RACE 4: write */
  kept[2] = 1; /* RACE 5: write */
  kept[6] = 1; /* RACE 6: write */
  kept[4] = 1; /* RACE 7: write */
  kept[5] = 1; /* RACE 8: write */
}

static void *other(void *arg) {
  turn_wait(2);
  (void)kept[0]; /* RACE 1: read */
  (void)kept[1]; /* RACE 3: read */
  (void)kept[2]; /* RACE 5: read */
  (void)kept[3]; /* RACE 2: read */
  (void)kept[4]; /* RACE 7: read */
  (void)kept[5]; /* RACE 8: read */
  (void)kept[6]; /* RACE 6: read */
  (void)kept[7]; /* RACE 4: read */
  turn_done();
  return arg;
}

int main(void) {
  pthread_t t;
  pthread_create(&t, NULL, other, NULL);
  turn_wait(1);
  keep();
  for (int i = 0; i < PASSES; i++) churn();
  long before = resident_kb();
  for (int i = 0; i < PASSES; i++) churn();
  if (resident_kb() - before > GROWTH_KB) {
    fprintf(stderr, "grown by %ld KB\n", resident_kb() - before);
    _exit(1);
  }
  turn_done();
  pthread_join(t, NULL);
}
