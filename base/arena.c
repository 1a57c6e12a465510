/* Chunks of a megabyte, aligned to their size, are cut into spans of pages; a span has objects of one class.  So an
 * address leads to the object that it lies in: by the table of chunks to the chunk, by the chunk's head to the span, by
 * the span's class to the object, and tells whether it holds words of the program's.  What is larger than a quarter of
 * a chunk has chunks of its own.
 *
 * Rejected: one run of memory for objects of all sizes.  It wastes less, but a search for what can be reached (leaks)
 * would not know where an object ends. */
#include "arena.h"

#include "check.h"
#include "mem.h"
#include "prim.h"
#include "spin.h"
#include "tools.h"

enum { CHUNK_SHIFT = 20, CHUNK = 1 << CHUNK_SHIFT, PAGES = CHUNK / PRIM_PAGE };
/* Classes from USER on are those of objects that hold words of the program's. */
enum { CLASSES = 64, USER = CLASSES, SMALL_MAX = CHUNK / 4, BATCH = 32 };
enum { ADDRESS_BITS = 47, LEAF_BITS = 14, ROOT_SIZE = 1 << (ADDRESS_BITS - CHUNK_SHIFT - LEAF_BITS) };

/* The first page of a chunk. */
struct chunk {
  size_t large;         /* bytes of the one object in it, which begins at the next page; 0 for a chunk of spans */
  bool user;            /* of a large one: it holds words of the program's */
  uint8_t first[PAGES]; /* per page: the first page of its span; 0 for one that isn't in use */
  uint8_t class_of_span[PAGES]; /* by a span's first page; both written before an object of the span is given out */
};

/* Guarded by its lock. */
static struct class {
  struct spin_ARENA lock;
  void *free;     /* list through the first word */
  char *at, *end; /* what is left of the class's last span */
} classes[2 * CLASSES];

static struct {
  struct spin_CHUNKS lock;
  struct chunk *last; /* that spans are cut from */
  unsigned used;      /* its pages in use */
  size_t total;       /* bytes from the system */
} chunks;

/* Which megabytes of the address space are chunks: 0 none, else 1 + how many megabytes before it its chunk begins.
 * Atomic; leaves are made once. */
static uint32_t *table[ROOT_SIZE];

static uint32_t *table_at(uintptr_t address, bool make) {
  uintptr_t number = address >> CHUNK_SHIFT;
  if (number >> LEAF_BITS >= ROOT_SIZE) return NULL;
  uint32_t **at = &table[number >> LEAF_BITS], *leaf = __atomic_load_n(at, __ATOMIC_ACQUIRE), *other = NULL;
  if (!leaf) {
    if (!make || !(leaf = prim_map(sizeof *leaf << LEAF_BITS))) return NULL;
    /* release: pairs with the acquire above */
    if (!__atomic_compare_exchange_n(at, &other, leaf, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      prim_unmap(leaf, sizeof *leaf << LEAF_BITS);
      leaf = other;
    }
  }
  return &leaf[number & ((1u << LEAF_BITS) - 1)];
}

/* Enters the chunk into the table, or takes it out. */
static void table_set(const void *chunk, size_t n, bool in) {
  for (size_t at = 0; at < n; at += CHUNK) {
    uint32_t *entry = table_at((uintptr_t)chunk + at, in);
    /* release: pairs with the acquire in arena_find_user */
    if (entry) __atomic_store_n(entry, in ? (uint32_t)(at >> CHUNK_SHIFT) + 1 : 0, __ATOMIC_RELEASE);
  }
}

/* Class 2k is 2^k bytes, class 2k+1 three quarters of 2^(k+1); 16 bytes at least. */
static unsigned class_of(size_t n, size_t *rounded) {
  if (n < 16) n = 16;
  unsigned k = 63 - (unsigned)__builtin_clzll(n);
  if (n == (size_t)1 << k) return *rounded = n, 2 * k;
  size_t three_quarters = ((size_t)1 << k) + ((size_t)1 << (k - 1));
  if (k >= 5 && n <= three_quarters) return *rounded = three_quarters, 2 * k + 1;
  return *rounded = (size_t)1 << (k + 1), 2 * (k + 1);
}

/* From one object of the class to the next: 64-byte aligned from 64 bytes on. */
static size_t stride_of(unsigned class) {
  class %= USER;
  size_t size = (size_t)1 << class / 2;
  if (class % 2) size += size / 2;
  return size < 64 ? size : (size + 63) & ~(size_t)63;
}

static void *from_system(size_t n) {
  void *p = prim_map_aligned(n, CHUNK);
  if (!p) gw__fatal("out of memory: the system refused %zu bytes; raise the memory limit (ulimit -v, cgroup)", n);
  tools_memory_new(p, n);
  return p;
}

static void chunk_new_locked(void) {
  chunks.last = from_system(CHUNK);
  chunks.used = 1;
  chunks.total += CHUNK;
  table_set(chunks.last, CHUNK, true);
}

/* A new span for the class, whose lock is held. */
static void span_new(struct class *k, unsigned class) {
  size_t stride = stride_of(class);
  unsigned pages = stride <= PRIM_PAGE ? 1 : (unsigned)(stride / PRIM_PAGE);
  if (class % 2 && pages < 3) pages = 3; /* three quarters of a power of two: nothing is left over */
  spin_lock(&chunks.lock);
  if (!chunks.last || chunks.used + pages > PAGES) chunk_new_locked(); /* at most a quarter of the old one is left */
  unsigned first = chunks.used;
  chunks.used += pages;
  for (unsigned i = 0; i < pages; i++) chunks.last->first[first + i] = (uint8_t)first;
  chunks.last->class_of_span[first] = (uint8_t)class;
  k->at = (char *)chunks.last + (size_t)first * PRIM_PAGE;
  k->end = k->at + (size_t)pages * PRIM_PAGE;
  spin_unlock(&chunks.lock);
}

static void *carve_locked(struct class *k, unsigned class) {
  size_t stride = stride_of(class);
  if ((size_t)(k->end - k->at) < stride) span_new(k, class);
  char *p = k->at;
  k->at += stride;
  return p;
}

static size_t round_page(size_t n) { return (n + PRIM_PAGE - 1) & ~(size_t)(PRIM_PAGE - 1); }

static void *large_alloc(size_t n, bool user) {
  size_t bytes = round_page(n) + PRIM_PAGE;
  struct chunk *c = from_system(bytes);
  c->large = n;
  c->user = user;
  table_set(c, bytes, true);
  __atomic_fetch_add(&chunks.total, bytes, __ATOMIC_RELAXED);
  return (char *)c + PRIM_PAGE;
}

static void large_free(char *p, size_t n) {
  size_t bytes = round_page(n) + PRIM_PAGE;
  table_set(p - PRIM_PAGE, bytes, false);
  tools_memory_gone(p - PRIM_PAGE, bytes);
  prim_unmap(p - PRIM_PAGE, bytes);
  __atomic_fetch_sub(&chunks.total, bytes, __ATOMIC_RELAXED);
}

static void *take(struct class *k, unsigned class, bool *fresh) {
  spin_lock(&k->lock);
  void *p = k->free;
  *fresh = !p; /* from the system, so zeroed */
  if (p)
    k->free = *(void **)p;
  else
    p = carve_locked(k, class);
  spin_unlock(&k->lock);
  return p;
}

static void give(struct class *k, void *p) {
  spin_lock(&k->lock);
  *(void **)p = k->free;
  k->free = p;
  spin_unlock(&k->lock);
}

void *arena_alloc(size_t n) {
  size_t size;
  bool fresh;
  unsigned c = class_of(n, &size);
  if (size > SMALL_MAX) return large_alloc(n, false);
  void *p = take(&classes[c], c, &fresh);
  if (!fresh) mem_zero(p, n);
  return p;
}

void arena_free(void *p, size_t n) {
  size_t size;
  unsigned c = class_of(n, &size);
  if (size > SMALL_MAX)
    large_free(p, n);
  else
    give(&classes[c], p);
}

void *arena_alloc_user(size_t n) {
  size_t size;
  bool fresh;
  unsigned c = class_of(n, &size);
  if (size > SMALL_MAX) return large_alloc(n, true);
  void *p = take(&classes[USER + c], USER + c, &fresh);
  *(void **)p = NULL; /* the list's */
  return p;
}

/* Cleared here, not when it is given out again: what was in it must lead nowhere. */
void arena_free_user(void *p, size_t n) {
  size_t size;
  unsigned c = class_of(n, &size);
  if (size > SMALL_MAX) {
    large_free(p, n);
    return;
  }
  mem_zero(p, n);
  give(&classes[USER + c], p);
}

size_t arena_bytes(void) { return __atomic_load_n(&chunks.total, __ATOMIC_RELAXED); }

bool arena_find_user(uintptr_t address, uintptr_t *base, size_t *size) {
  const uint32_t *entry = table_at(address, false);
  uint32_t back = entry ? __atomic_load_n(entry, __ATOMIC_ACQUIRE) : 0; /* pairs with the release in table_set */
  if (!back) return false;
  uintptr_t at = ((address >> CHUNK_SHIFT) - (back - 1)) << CHUNK_SHIFT;
  const struct chunk *c = (const struct chunk *)at;
  if (c->large) {
    if (!c->user) return false;
    *base = at + PRIM_PAGE;
    *size = c->large;
  } else {
    unsigned first = c->first[(address - at) / PRIM_PAGE];
    if (!first || c->class_of_span[first] < USER) return false;
    size_t stride = stride_of(c->class_of_span[first]);
    uintptr_t span = at + (size_t)first * PRIM_PAGE;
    *base = span + (address - span) / stride * stride;
    *size = stride;
  }
  return address - *base < *size;
}

void arena_fork_lock(void) {
  for (unsigned i = 0; i < 2 * CLASSES; i++) spin_lock(&classes[i].lock);
  spin_lock(&chunks.lock);
}

void arena_fork_unlock(void) {
  spin_unlock(&chunks.lock);
  for (unsigned i = 0; i < 2 * CLASSES; i++) spin_unlock(&classes[i].lock);
}

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
