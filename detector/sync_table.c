/* sync.h: the table of objects. */
#include "base/prim.h"
#include "detector/atomic_table.h"
#include "detector/bucket_map.h"
#include "detector/shadow.h"
#include "detector/sync.h"

struct sync_bucket *sync_buckets;
static struct bucket_map used;
static uint64_t births; /* atomic: objects made so far */

void sync_init(void) {
  sync_buckets = prim_map(sizeof *sync_buckets << TABLE_BUCKETS_LOG);
  if (!sync_buckets) gw__fatal("the system refuses address space for clocks: check `ulimit -v`");
  atomic_table_init();
}

/* The bit is never cleared again: see det_reborn. */
static void mark(const struct sync_bucket *b, uintptr_t addr) {
  bucket_map_set(&used, (size_t)(b - sync_buckets));
  if (!shadow_covered(addr)) return;
  uint8_t *m = shadow_meta(addr >> 6);
  uint8_t meta = line_lock(m);
  if (!(meta & META_SYNC)) shadow_note_line(addr >> 6);
  line_unlock(m, meta | META_SYNC);
}

static struct sync_obj *obj_new_locked(struct sync_bucket *b) {
  if (!b->own.addr) return &b->own;
  struct sync_obj *o = arena_alloc(sizeof *o);
  o->next = b->own.next;
  b->own.next = o;
  return o;
}

struct sync_obj *sync_get_locked(struct sync_bucket *b, uintptr_t addr) {
  struct sync_obj *o = sync_find_locked(b, addr);
  if (LIKELY(o != NULL)) return o;
  o = obj_new_locked(b);
  __atomic_store_n(&o->takes, __atomic_add_fetch(&births, 1, __ATOMIC_RELAXED) << 32, __ATOMIC_RELAXED);
  __atomic_store_n(&o->addr, addr, __ATOMIC_RELAXED);
  o->clock = (struct clock_ref){.slot = CLOCK_NONE};
  o->shared = false;
  mark(b, addr);
  return o;
}

static void forget_locked(struct det_thread *t, struct sync_bucket *b, uintptr_t lo, uintptr_t hi) {
  for (struct sync_obj **at = &b->own.next; *at;) {
    struct sync_obj *o = *at;
    if (o->addr >= lo && o->addr < hi) {
      *at = o->next;
      clock_drop(t, o->clock.tree);
      arena_free(o, sizeof *o);
    } else {
      at = &o->next;
    }
  }
  if (b->own.addr >= lo && b->own.addr < hi) {
    clock_drop(t, b->own.clock.tree);
    __atomic_store_n(&b->own.takes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&b->own.addr, 0, __ATOMIC_RELAXED);
  }
}

void sync_forget_range(struct det_thread *t, uintptr_t lo, uintptr_t hi) {
  order_forget(t, lo, hi);
  atomics_forget(t, lo, hi);
  for (uintptr_t part = lo & ~(uintptr_t)63; part <= (lo | 63); part += SYNC_PART) {
    struct sync_bucket *b = sync_bucket(part);
    spin_lock(&b->lock);
    forget_locked(t, b, lo, hi);
    spin_unlock(&b->lock);
  }
}

struct each {
  void (*f)(struct clock_ref *c, void *arg);
  void *arg;
};

static bool each_in_bucket(size_t i, void *arg) {
  const struct each *e = arg;
  struct sync_bucket *b = &sync_buckets[i];
  struct sync_obj *o = &b->own;
  do {
    if (o->addr) e->f(&o->clock, e->arg);
  } while ((o = o->next) != NULL);
  return b->own.addr || b->own.next;
}

void sync_each_clock(void (*f)(struct clock_ref *c, void *arg), void *arg) {
  bucket_map_each(&used, each_in_bucket, &(struct each){f, arg});
  atomics_each_clock(f, arg);
  clocks_each(f, arg);
}
