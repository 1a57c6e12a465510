/* atomic_table.h: see there. */
#include "detector/atomic_table.h"

#include "base/prim.h"
#include "detector/bucket_map.h"
#include "detector/shadow.h"
#include "detector/sync.h"

struct bucket {
  struct sync_atomic *first; /* atomic; its chain's changes are guarded by `lock` */
  struct spin_ATOMICS lock;
  uint32_t removals; /* atomic: counts up before one is taken out */
};
_Static_assert(sizeof(struct bucket) == 16, "four to a cache line");

static struct bucket *buckets;
static struct bucket_map used;
static struct {
  struct spin lock;
  struct sync_atomic *first; /* objects that are in no chain, by `next`; never given back */
} spare;

void atomic_table_init(void) {
  buckets = prim_map(sizeof *buckets << TABLE_BUCKETS_LOG);
  if (!buckets) gw__fatal("the system refuses address space for clocks: check `ulimit -v`");
}

static struct bucket *bucket_of(uintptr_t addr) {
  uintptr_t part = addr >> SYNC_PART_LOG;
  return &buckets[(part ^ part >> TABLE_BUCKETS_LOG) & (TABLE_BUCKETS - 1)];
}

/* acquire, all of these: pair with the release of whoever put the object there, or took one out. */
static struct sync_atomic *first_of(const struct bucket *b) { return __atomic_load_n(&b->first, __ATOMIC_ACQUIRE); }
static struct sync_atomic *next_of(const struct sync_atomic *a) { return __atomic_load_n(&a->next, __ATOMIC_ACQUIRE); }
static uintptr_t addr_of(const struct sync_atomic *a) { return __atomic_load_n(&a->addr, __ATOMIC_ACQUIRE); }
static uint32_t removals_of(const struct bucket *b) { return __atomic_load_n(&b->removals, __ATOMIC_ACQUIRE); }

static struct sync_atomic *find_locked(struct bucket *b, uintptr_t addr) {
  struct sync_atomic *a = b->first;
  while (a && a->addr != addr) a = a->next;
  return a;
}

static __attribute__((noinline)) struct sync_atomic *find_by_lock(struct bucket *b, uintptr_t addr) {
  spin_lock(&b->lock);
  struct sync_atomic *a = find_locked(b, addr);
  spin_unlock(&b->lock);
  return a;
}

struct sync_atomic *atomic_find(uintptr_t addr) {
  enum { STEPS = 64 }; /* guess: who is led astray may meet the same ones again and again */
  struct bucket *b = bucket_of(addr);
  const uint32_t removals = removals_of(b);
  unsigned steps = 0;
  for (struct sync_atomic *a = first_of(b); a && steps < STEPS; a = next_of(a), steps++)
    if (LIKELY(addr_of(a) == addr)) return a;
  if (LIKELY(steps < STEPS && removals_of(b) == removals)) return NULL;
  return find_by_lock(b, addr);
}

static struct sync_atomic *object_new(void) {
  spin_lock(&spare.lock);
  struct sync_atomic *a = spare.first;
  if (a) spare.first = a->next;
  spin_unlock(&spare.lock);
  return a ? a : arena_alloc(sizeof *a);
}

static void object_free(struct det_thread *t, struct sync_atomic *a) {
  heads_clear(t, a);
  __atomic_store_n(&a->version, a->version + 1, __ATOMIC_RELEASE); /* nobody has seen the next location's values */
  spin_lock(&spare.lock);
  __atomic_store_n(&a->next, spare.first, __ATOMIC_RELEASE);
  spare.first = a;
  spin_unlock(&spare.lock);
}

static struct sync_atomic *add(uintptr_t addr) {
  struct bucket *b = bucket_of(addr);
  struct sync_atomic *a = object_new();
  a->all.slot = CLOCK_NONE;
  spin_lock(&b->lock);
  bucket_map_set(&used, (size_t)(b - buckets));
  __atomic_store_n(&a->next, b->first, __ATOMIC_RELEASE);
  __atomic_store_n(&a->addr, addr, __ATOMIC_RELEASE);
  __atomic_store_n(&b->first, a, __ATOMIC_RELEASE);
  spin_unlock(&b->lock);
  return a;
}

/* The bit is never cleared again: see det_reborn. */
static void mark(uintptr_t addr, struct held_line *line) {
  if (!line->at || line->meta & META_SYNC) return;
  shadow_note_line(addr >> 6);
  line->meta |= META_SYNC;
}

struct sync_atomic *atomic_get(uintptr_t addr, struct atomic_guard *guard) {
  mark(addr, &guard->line);
  struct sync_atomic *a = atomic_find(addr);
  return LIKELY(a != NULL) ? a : add(addr);
}

/* Takes those in [lo, hi) out of the chain; they are a list by `next` then. */
static struct sync_atomic *unlink_range(struct bucket *b, uintptr_t lo, uintptr_t hi) {
  struct sync_atomic *out = NULL;
  spin_lock(&b->lock);
  for (struct sync_atomic **at = &b->first; *at;) {
    struct sync_atomic *a = *at;
    if (a->addr < lo || a->addr >= hi) {
      at = &a->next;
      continue;
    }
    __atomic_store_n(&b->removals, b->removals + 1, __ATOMIC_RELEASE);
    __atomic_store_n(at, a->next, __ATOMIC_RELEASE);
    __atomic_store_n(&a->addr, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&a->next, out, __ATOMIC_RELEASE);
    out = a;
  }
  spin_unlock(&b->lock);
  return out;
}

static void forget_part(struct det_thread *t, uintptr_t part, uintptr_t lo, uintptr_t hi) {
  struct bucket *b = bucket_of(part);
  if (!first_of(b)) return; /* nobody makes one there now: the memory is changing hands */
  for (struct sync_atomic *a = unlink_range(b, lo, hi), *next; a; a = next) {
    next = a->next;
    object_free(t, a);
  }
}

void atomics_forget(struct det_thread *t, uintptr_t lo, uintptr_t hi) {
  struct atomic_guard guard = atomic_guard_take(lo);
  for (uintptr_t part = lo & ~(uintptr_t)(SYNC_PART - 1); part < hi; part += SYNC_PART) forget_part(t, part, lo, hi);
  atomic_guard_give(&guard);
}

struct each {
  void (*f)(struct clock_ref *c, void *arg);
  void *arg;
};

static bool each_in_bucket(size_t i, void *arg) {
  const struct each *e = arg;
  for (struct sync_atomic *a = buckets[i].first; a; a = a->next) heads_each_clock(a, e->f, e->arg);
  return buckets[i].first;
}

void atomics_each_clock(void (*f)(struct clock_ref *c, void *arg), void *arg) {
  bucket_map_each(&used, each_in_bucket, &(struct each){f, arg});
}
