/* Which location has which release sequences (heads.h).
 *
 * A location's object is guarded by the lock of its line (shadow.h), which an atomic operation takes for its access
 * anyway; by that of its bucket of sync objects where there is no shadow memory.  A line that has objects has
 * META_SYNC.  Hashed by half a line; chains change under their bucket's lock and are gone through without it: what is
 * found there is right, as nobody but the holder of its line's lock makes or takes away the object of an address, and
 * the memory of an object is an object's for ever.  Whoever finds nothing asks whether anything was taken out
 * meanwhile, which might have led him astray.
 *
 * So the bucket is written only when objects come and go: who operates on a location moves its object from processor to
 * processor, and its line's lock, but not the bucket.
 */
#ifndef GW_DETECTOR_ATOMIC_TABLE_H
#define GW_DETECTOR_ATOMIC_TABLE_H
#include "detector/detector.h"
#include "detector/heads.h"
#include "detector/shadow.h"
#include "detector/sync.h"

/* What guards the objects of an address, while it is held. */
struct atomic_guard {
  struct held_line line;
  struct sync_bucket *bucket; /* where there is no shadow memory; or NULL */
};
static inline struct atomic_guard atomic_guard_take(uintptr_t addr) {
  struct atomic_guard guard = {.bucket = NULL};
  if (LIKELY(shadow_covered(addr))) {
    guard.line.at = shadow_meta(addr >> 6);
    guard.line.meta = line_lock(guard.line.at);
  } else {
    guard.bucket = sync_bucket(addr);
    spin_lock(&guard.bucket->lock);
  }
  return guard;
}
static inline void atomic_guard_give(const struct atomic_guard *guard) {
  if (LIKELY(guard->line.at != NULL))
    line_unlock(guard->line.at, guard->line.meta);
  else if (guard->bucket)
    spin_unlock(&guard->bucket->lock);
}

void atomic_table_init(void);
/* The caller holds what guards the address: its object, or NULL. */
struct sync_atomic *atomic_find(uintptr_t addr);
/* Likewise, made if missing; marks the line. */
struct sync_atomic *atomic_get(uintptr_t addr, struct atomic_guard *guard);
/* Drops those in [lo, hi) of one line; the caller holds nothing. */
void atomics_forget(struct det_thread *t, uintptr_t lo, uintptr_t hi);
/* For the collector, alone: every clock of every object. */
void atomics_each_clock(void (*f)(struct clock_ref *c, void *arg), void *arg);

#endif
