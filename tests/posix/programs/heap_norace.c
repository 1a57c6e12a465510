/* NO RACE */
/* Blocks change hands through the allocator: what an earlier owner did to the memory says nothing about the next one.
 */
#include "pairs.h"

#include <malloc.h>
#include <sys/mman.h>

enum { ROUNDS = 2000, SIZES = 7 };
static const size_t sizes[SIZES] = {1, 16, 24, 100, 1000, 20000, 200000};

static void fill(char *p, size_t n, char c) {
  MUST(p);
  p[0] = p[n / 2] = p[n - 1] = c;
  memset(p + n / 2, c, n - n / 2);
}

static void churn(void) {
  for (int i = 0; i < ROUNDS; i++) {
    size_t n = sizes[i % SIZES];
    char *p = malloc(n), *q = calloc(1, n), *r = NULL;
    fill(p, n, 1);
    fill(q, n, 2);
    p = realloc(p, 2 * n);
    fill(p, 2 * n, 3);
    p = realloc(p, n / 2 + 1);
    fill(p, n / 2 + 1, 4);
    MUST(posix_memalign((void **)&r, 64, n) == 0);
    fill(r, n, 5);
    free(p);
    p = aligned_alloc(256, 256);
    fill(p, malloc_usable_size(p), 6); /* all of what there is belongs to the block */
    free(p);
    free(q);
    free(r);
    p = reallocarray(NULL, 3, n);
    fill(p, 3 * n, 7);
    free(p);
    free(strndup("something", 4));
  }
}

static void map(void) {
  for (int i = 0; i < 50; i++) {
    size_t n = 8 * 4096;
    char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(p != MAP_FAILED);
    fill(p, n, 1);
    p = mremap(p, n, 4 * n, MREMAP_MAYMOVE);
    MUST(p != MAP_FAILED);
    fill(p, 4 * n, 2);
    MUST(madvise(p, n, MADV_DONTNEED) == 0);
    fill(p, n, 3);
    MUST(munmap(p, 4 * n) == 0);
  }
}

/* Stacks too: each thread begins with a new one, whoever had the memory before. */
static void *deep(void *arg) {
  volatile char frame[4096];
  frame[0] = frame[4095] = 1;
  use((long)(intptr_t)&frame[7]);
  return arg;
}
static void threads(void) {
  for (int i = 0; i < 50; i++) {
    pthread_t t;
    MUST(pthread_create(&t, NULL, deep, NULL) == 0);
    MUST(pthread_detach(t) == 0);
  }
}

int main(void) {
  both(churn, churn);
  both(map, map);
  both(threads, threads);
  free(NULL);
  volatile size_t too_much = (size_t)1 << 60;
  char *p = malloc(10);
  fill(p, 10, 1);
  void *volatile q = realloc(p, too_much), *volatile r = malloc(too_much), *volatile s = calloc(too_much, 16);
  MUST(!q && !r && !s && errno == ENOMEM);
  fill(p, 10, 2);
  free(p);
}
