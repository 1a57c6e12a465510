/* Sync objects: the clocks that addresses name (race.h).  Those of atomics are in atomic_table.h.
 *
 * Hashed by half a line, so that memory which is reborn finds the objects in it. All of an object is guarded by its
 * bucket's lock.  A lock that several threads take in turn is moved from processor to processor by each of them, and so
 * is what is kept about it: a bucket has its first object inside, so that this is one cache line for most locks.
 */
#ifndef GW_DETECTOR_SYNC_H
#define GW_DETECTOR_SYNC_H
#include "detector/bucket_map.h"
#include "detector/detector.h"

struct sync_obj {
  struct sync_obj *next;
  uintptr_t addr;         /* 0: a bucket's own that is free */
  struct clock_ref clock; /* joined, with one component outside */
  uint64_t takes;         /* atomic: changes whenever somebody acquires the clock; no two objects begin with the same */
  bool shared;            /* of a stream that is lent to (lend.c): two goroutines use it that nothing else orders */
};

struct note;

/* Of two that meet again and again at a primitive: the tree that both had the last time.  They have that and more
 * since, so where one of them changed nothing the other knows all.  No clock: nobody acquires it, and only its nodes'
 * identities count, so the collector may pass it by. */
struct met {
  struct node *tree; /* owned; NULL: none */
  uint64_t a, b;     /* the two, by serial */
};
/* NULL for NULL. */
struct met *clocks_met(struct race_clocks *clocks);

struct sync_bucket {
  _Alignas(64) struct spin_SYNC lock;
  struct sync_obj own; /* the first that came; its `next` leads to all others, whether it is in use or not */
};
_Static_assert(sizeof(struct sync_bucket) == 64, "a cache line");

void sync_init(void);
extern struct sync_bucket *sync_buckets;
enum { SYNC_PART_LOG = 5, SYNC_PART = 1 << SYNC_PART_LOG }; /* bytes of a bucket: in a line there may be two mutexes */
static inline struct sync_bucket *sync_bucket(uintptr_t addr) {
  uintptr_t part = addr >> SYNC_PART_LOG;
  return &sync_buckets[(part ^ part >> TABLE_BUCKETS_LOG) & (TABLE_BUCKETS - 1)];
}
/* The object at addr in the locked bucket, or NULL. */
static inline struct sync_obj *sync_find_locked(struct sync_bucket *b, uintptr_t addr) {
  struct sync_obj *o = &b->own;
  while (o && o->addr != addr) o = o->next;
  return o;
}
/* Somebody acquires its clock. relaxed: the lock of the program's that goes with it orders this before round.c's look
 */
static inline void sync_taken_locked(struct sync_obj *o) {
  __atomic_store_n(&o->takes, o->takes + 1, __ATOMIC_RELAXED);
}
/* Without the lock: is the first object of the bucket the one at addr, with so many `takes`? */
static inline bool sync_is_untaken(uintptr_t addr, uint64_t takes) {
  const struct sync_obj *o = &sync_bucket(addr)->own;
  return __atomic_load_n(&o->addr, __ATOMIC_RELAXED) == addr && __atomic_load_n(&o->takes, __ATOMIC_RELAXED) == takes;
}
/* Likewise, made if missing; the line's sync bit is set. */
struct sync_obj *sync_get_locked(struct sync_bucket *b, uintptr_t addr);
/* Joins what `from` holds into *c, which stands for no one publication then and has no own component. */
void sync_join_clock(struct det_thread *t, struct clock_ref *c, const struct clock_ref *from);
/* Joins what g publishes into *c, which is of an object whose bucket is locked; the caller empties g->untaken before,
 * and ticks when the lock is free. */
void sync_merge_into(struct det_thread *t, struct race_g *g, struct clock_ref *c);
/* g acquires the clock, which a primitive owns, and leaves there what it knows then; ticks if need be. */
void sync_exchange(struct det_thread *t, struct race_g *g, struct clock_ref *c);
/* Drops the objects in [lo, hi) of one line, those of atomics too. */
void sync_forget_range(struct det_thread *t, uintptr_t lo, uintptr_t hi);
/* Of the clocks that primitives own, those in use (clocks.c). */
void clocks_each(void (*f)(struct clock_ref *c, void *arg), void *arg);
/* Of the notes beside them, all (notes.h). */
void clocks_each_note(void (*f)(const struct note *n, void *arg), void *arg);
/* For the collector, alone: every clock that an object holds, or a primitive. */
void sync_each_clock(void (*f)(struct clock_ref *c, void *arg), void *arg);

#endif
