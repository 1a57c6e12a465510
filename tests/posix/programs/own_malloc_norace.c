/* A malloc of the program's own, with a cache for each thread: libc calls it where it makes threads. */
#include <stdatomic.h>

#include "pairs.h"

enum { CLASSES = 32 };

struct block {
  struct block *next;
  size_t n;
};
struct cache {
  struct block *free[CLASSES];
  long calls; /* NO RACE */
};

static _Alignas(16) char room[16 << 20]; /* NO RACE */
static _Atomic size_t used;
static _Thread_local struct cache *mine; /* NO RACE */

static void *take(size_t n) { return room + atomic_fetch_add(&used, (n + 15) & ~(size_t)15); }

static struct cache *cache(void) {
  if (!mine) {
    mine = take(sizeof *mine);
    for (int i = 0; i < CLASSES; i++) mine->free[i] = NULL;
    mine->calls = 0;
  }
  mine->calls++;
  return mine;
}

static unsigned class_of(size_t n) { return 64 - (unsigned)__builtin_clzl(n + 31); }

void *malloc(size_t n) {
  struct block **list = &cache()->free[class_of(n)], *b = *list;
  if (b)
    *list = b->next;
  else
    b = take(((size_t)1 << class_of(n)) + sizeof *b);
  b->n = n;
  return b + 1;
}

void free(void *p) {
  if (!p) return;
  struct block *b = (struct block *)p - 1, **list = &cache()->free[class_of(b->n)];
  b->next = *list;
  *list = b;
}

static void copy(volatile char *to, const char *from, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] = from ? from[i] : 0;
}

void *calloc(size_t k, size_t n) {
  void *p = malloc(k * n);
  copy(p, NULL, k * n);
  return p;
}

void *realloc(void *p, size_t n) {
  void *to = malloc(n);
  if (p) {
    const size_t was = ((struct block *)p - 1)->n;
    copy(to, p, was < n ? was : n);
    free(p);
  }
  return to;
}

static void *use_some(void *arg) {
  for (size_t i = 0; i < 100; i++) {
    long *p = malloc(sizeof *p + i);
    *p = (long)i;
    free(p);
  }
  return arg;
}

int main(void) {
  for (int round = 0; round < 5; round++) {
    pthread_t t[4];
    for (int i = 0; i < 4; i++) MUST(pthread_create(&t[i], NULL, use_some, NULL) == 0);
    for (int i = 0; i < 4; i++) MUST(pthread_join(t[i], NULL) == 0);
  }
  return 0;
}
