/* Chains of atomic objects that change while somebody walks along (atomic_table.h).  A walk is interrupted before each
 * of its loads in turn, and meanwhile another object of the chain becomes one of another chain's, which leads astray
 * whoever is there: the object that was looked for must be found all the same.  Ends with 0 if it was, each time. */
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"
#include "base/prim.h"
#include "detector/atomic_table.h"
#include "detector/bucket_map.h"
#include "detector/detector.h"

static void before_load(void);
#define __atomic_load_n(p, order) (before_load(), __atomic_load_n(p, order))
#include "detector/atomic_table.c"
#undef __atomic_load_n

enum { OTHERS = 4, WALK_MAX = 64, APART = 1 << (TABLE_BUCKETS_LOG + SYNC_PART_LOG) };

static uintptr_t looked_for, others[OTHERS], elsewhere; /* elsewhere: of another bucket */
static uintptr_t moves;                                 /* the one that goes there in the midst of the walk */
static int loads_left;                                  /* before that; below 0: it's over, or nobody walks */

static struct sync_atomic *find(uintptr_t addr) {
  struct atomic_guard guard = atomic_guard_take(addr);
  struct sync_atomic *a = atomic_find(addr);
  atomic_guard_give(&guard);
  return a;
}

static struct sync_atomic *make(uintptr_t addr) {
  struct atomic_guard guard = atomic_guard_take(addr);
  struct sync_atomic *a = atomic_get(addr, &guard);
  atomic_guard_give(&guard);
  return a;
}

static void forget(uintptr_t addr) { atomics_forget(det_self, addr, addr + 8); }

static void before_load(void) {
  if (loads_left < 0 || loads_left-- > 0) return;
  const struct sync_atomic *was = find(moves);
  forget(moves);
  GW_CHECK(make(elsewhere) == was); /* the last that was given back */
}

/* The bucket of an address is also that of others, far away: so whoever walks holds the lock of no line but his. */
static uintptr_t of_same_bucket(uintptr_t addr, uintptr_t i) {
  uintptr_t part = addr >> SYNC_PART_LOG;
  return (part ^ i << TABLE_BUCKETS_LOG ^ i) << SYNC_PART_LOG;
}

/* The one that is looked for is the last of its chain.  False if the walk was over before. */
static bool walk(int interrupted_at, uintptr_t other) {
  struct sync_atomic *a = make(looked_for);
  for (int i = 0; i < OTHERS; i++) make(others[i]);
  moves = other;
  struct atomic_guard guard = atomic_guard_take(looked_for);
  loads_left = interrupted_at;
  struct sync_atomic *found = atomic_find(looked_for);
  bool interrupted = loads_left < 0;
  loads_left = -1;
  atomic_guard_give(&guard);
  GW_CHECK(found == a);
  forget(looked_for);
  forget(elsewhere);
  for (int i = 0; i < OTHERS; i++) forget(others[i]);
  return interrupted;
}

int main(void) {
  loads_left = -1;
  race_init();
  det_exit(det_enter());      /* so that this thread is known */
  enum { SPACE = 8 * APART }; /* more than enough for all of one bucket; a power of two */
  looked_for = (uintptr_t)prim_map_aligned(SPACE, SPACE);
  GW_CHECK(looked_for && shadow_covered(looked_for));
  for (uintptr_t i = 0; i < OTHERS; i++) {
    others[i] = of_same_bucket(looked_for, i + 1);
    GW_CHECK(bucket_of(others[i]) == bucket_of(looked_for));
  }
  elsewhere = looked_for + 4 * SYNC_PART;
  GW_CHECK(bucket_of(elsewhere) != bucket_of(looked_for));
  for (int i = 0; i < OTHERS; i++) {
    int at = 0;
    while (walk(at, others[i])) GW_CHECK(++at < WALK_MAX);
    GW_CHECK(at > OTHERS); /* a load for each at least */
  }
  return 0;
}
