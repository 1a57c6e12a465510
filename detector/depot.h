/* The depot of stacks: each distinct stack, lock set, or pair of them is kept once, under a 32-bit id.
 *
 * A cell's *context* is one of: a stack; a stack with a lock set; a composite of these (composite.h).
 * Records are never changed nor moved; look-ups take no lock.  A lock set names few of the locks that one place takes:
 * the others share a record with address 0.
 */
#ifndef GW_DETECTOR_DEPOT_H
#define GW_DETECTOR_DEPOT_H
#include "detector/detector.h"

enum depot_kind { DEPOT_STACK = 1, DEPOT_LOCKS, DEPOT_CONTEXT, DEPOT_NAME };

/* Ids from here on are composites: shared ones, and entries' own. */
enum { DEPOT_SHARED = 1 << 28, DEPOT_OWN = 1 << 29, DEPOT_END = 1 << 30 };

struct depot_record {
  uint64_t hash;
  uint16_t kind;
  uint16_t n;      /* return addresses in a stack; bytes in a name; locks: depot.c, atomic */
  uint32_t a;      /* locks: the set without this lock; context: stack */
  uint32_t b;      /* locks: stack of the acquisition; context: lock set */
  uint32_t mask;   /* locks: 1 if exclusive; context: RACE_FREE, RACE_ALLOC or 0 */
  uint64_t word[]; /* return addresses, innermost first; locks: address of the lock; name: text */
};

enum { STACK_MAX = 64 };

void depot_init(void);

static inline uint64_t depot_mix(uint64_t h, uint64_t v) {
  h = (h ^ v) * 0x9E3779B97F4A7C15u;
  return h ^ h >> 29;
}

const struct depot_record *depot_get(uint32_t id);
/* The stack that begins at `at` and ends with the goroutine's bounds. */
uint32_t depot_stack(struct det_thread *t, const struct race_g *g, struct race_at at);
/* The stack with g's lock set; op is kept if it is RACE_FREE or RACE_ALLOC. */
uint32_t depot_context(struct det_thread *t, struct race_g *g, enum race_op op, struct race_at at);
/* The same for a read or write. */
static inline uint32_t depot_context_plain(struct det_thread *t, struct race_g *g, struct race_at at) {
  return depot_context(t, g, RACE_READ, at);
}
/* Parts of a context that is no composite. */
uint32_t depot_stack_of(uint32_t context);
uint32_t depot_locks_of(uint32_t context);
/* RACE_FREE or RACE_ALLOC, or `otherwise`. */
enum race_op depot_op_of(uint32_t context, enum race_op otherwise);
uint32_t depot_name(struct det_thread *t, const char *name);
void depot_cache_free(struct depot_cache *cache);

/* For the collector, alone: the thread's memory of records means nothing any more. */
void depot_forget(struct det_thread *t);

#endif
