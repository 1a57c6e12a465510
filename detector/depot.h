/* The depot of stacks: each distinct stack, lock set, or pair of them is kept once, under a 32-bit id (but for
 * composites).
 *
 * A cell's *context* is one of: a stack; a stack with a lock set; a composite (the bytes in `mask` were accessed in the
 * newer context, the others in the older one: several accesses of one epoch that share a cell).
 * Records are never changed nor moved; look-ups take no lock.  Composites go again when no context leads to them: which
 * places wrote the bytes of a granule has no bound where bytes are written one by one, as by a decompressor.  A lock
 * set names few of the locks that one place takes: the others share a record with address 0.
 */
#ifndef GW_DETECTOR_DEPOT_H
#define GW_DETECTOR_DEPOT_H
#include "detector/detector.h"

enum depot_kind { DEPOT_STACK = 1, DEPOT_LOCKS, DEPOT_CONTEXT, DEPOT_COMPOSITE, DEPOT_NAME };

struct depot_record {
  uint64_t hash;
  uint16_t kind;
  uint16_t n;      /* return addresses in a stack; bytes in a name; locks: depot.c, atomic; composite: 1 if marked */
  uint32_t a;      /* locks: the set without this lock; context: stack; composite: newer */
  uint32_t b;      /* locks: stack of the acquisition; context: lock set; composite: older */
  uint32_t mask;   /* composite: bytes of the newer; locks: 1 if exclusive; context: RACE_FREE, RACE_ALLOC or 0 */
  uint64_t word[]; /* return addresses, innermost first; locks: address of the lock; name: text */
};

enum { STACK_MAX = 64 };

void depot_init(void);
const struct depot_record *depot_get(uint32_t id);
/* The stack that begins at `at` and ends with the goroutine's bounds. */
uint32_t depot_stack(struct det_thread *t, const struct race_g *g, struct race_at at);
/* The stack with g's lock set; op is kept if it is RACE_FREE or RACE_ALLOC. */
uint32_t depot_context(struct det_thread *t, struct race_g *g, enum race_op op, struct race_at at);
/* The same for a read or write. */
static inline uint32_t depot_context_plain(struct det_thread *t, struct race_g *g, struct race_at at) {
  return depot_context(t, g, RACE_READ, at);
}
uint32_t depot_composite(struct det_thread *t, uint32_t older, uint32_t newer, uint32_t newer_mask);
/* The context of the access to (some of) the bytes in mask: resolves composites. */
uint32_t depot_resolve(uint32_t context, uint32_t mask);
/* Parts of a resolved context. */
uint32_t depot_stack_of(uint32_t context);
uint32_t depot_locks_of(uint32_t context);
/* RACE_FREE or RACE_ALLOC, or `otherwise`. */
enum race_op depot_op_of(uint32_t context, enum race_op otherwise);
uint32_t depot_name(struct det_thread *t, const char *name);
void depot_cache_free(struct depot_cache *cache);

/* For the collector, alone. */

bool depot_composites_are_many(void);
/* The context is in use, if composites are going to be swept; else nothing. */
void depot_mark_begin(void);
void depot_mark(uint32_t context);
/* Composites that weren't marked are free.  The next sweep is due when new ones have taken `bytes`, but not before
 * there are as many new ones as are left. */
void depot_sweep(size_t bytes);
/* The thread's memory of records means nothing any more. */
void depot_forget(struct det_thread *t);

#endif
