#include "arena.h"

#include "check.h"
#include "mem.h"
#include "prim.h"
#include "spin.h"

enum { CHUNK = 1 << 20, CLASSES = 64, SMALL_MAX = CHUNK / 4, BATCH = 32 };

/* Guarded by its lock. */
static struct class {
  struct spin lock;
  void *free; /* list through the first word */
} classes[CLASSES];

static struct {
  struct spin lock;
  char *at, *end; /* what is left of the current chunk */
  size_t total;   /* bytes from the system */
} chunk;

/* Class 2k is 2^k bytes, class 2k+1 three quarters of 2^(k+1); 16 bytes at least. */
static unsigned class_of(size_t n, size_t *rounded) {
  if (n < 16) n = 16;
  unsigned k = 63 - (unsigned)__builtin_clzll(n);
  if (n == (size_t)1 << k) return *rounded = n, 2 * k;
  size_t three_quarters = ((size_t)1 << k) + ((size_t)1 << (k - 1));
  if (k >= 5 && n <= three_quarters) return *rounded = three_quarters, 2 * k + 1;
  return *rounded = (size_t)1 << (k + 1), 2 * (k + 1);
}

static void *from_system(size_t n) {
  void *p = prim_map(n);
  if (!p) gw__fatal("out of memory: the system refused %zu bytes; raise the memory limit (ulimit -v, cgroup)", n);
  return p;
}

static char *carve(size_t n) {
  spin_lock(&chunk.lock);
  if ((size_t)(chunk.end - chunk.at) < n + 64) {
    chunk.at = from_system(CHUNK); /* what is left of the old one is at most a quarter of it */
    chunk.end = chunk.at + CHUNK;
    chunk.total += CHUNK;
  }
  if (n >= 64) chunk.at = (char *)(((uintptr_t)chunk.at + 63) & ~(uintptr_t)63);
  char *p = chunk.at;
  chunk.at += n;
  spin_unlock(&chunk.lock);
  return p;
}

static size_t round_page(size_t n) { return (n + PRIM_PAGE - 1) & ~(size_t)(PRIM_PAGE - 1); }

void *arena_alloc(size_t n) {
  size_t size;
  unsigned c = class_of(n, &size);
  if (size > SMALL_MAX) {
    __atomic_fetch_add(&chunk.total, round_page(n), __ATOMIC_RELAXED);
    return from_system(round_page(n));
  }
  struct class *k = &classes[c];
  spin_lock(&k->lock);
  void *p = k->free;
  if (p) k->free = *(void **)p;
  spin_unlock(&k->lock);
  if (!p) return carve(size); /* fresh from the system, so zeroed */
  mem_zero(p, n);
  return p;
}

void arena_free(void *p, size_t n) {
  size_t size;
  unsigned c = class_of(n, &size);
  if (size > SMALL_MAX) {
    prim_unmap(p, round_page(n));
    __atomic_fetch_sub(&chunk.total, round_page(n), __ATOMIC_RELAXED);
    return;
  }
  struct class *k = &classes[c];
  spin_lock(&k->lock);
  *(void **)p = k->free;
  k->free = p;
  spin_unlock(&k->lock);
}

size_t arena_bytes(void) { return __atomic_load_n(&chunk.total, __ATOMIC_RELAXED); }

void *pool_get(struct pool *p) {
  if (!p->free) {
    for (int i = 0; i < BATCH; i++) pool_put(p, arena_alloc(p->size));
  }
  void *object = p->free;
  p->free = *(void **)object;
  p->free_n--;
  return object;
}

void pool_put(struct pool *p, void *object) {
  *(void **)object = p->free;
  p->free = object;
  p->free_n++;
  if (p->free_n <= 4 * BATCH) return;
  for (int i = 0; i < BATCH; i++) arena_free(pool_get(p), p->size);
}

void pool_drain(struct pool *p) {
  while (p->free) arena_free(pool_get(p), p->size);
}
