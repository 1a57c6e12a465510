/* Contexts by key, for all threads: what one has met another needn't look for by a walk.  depot.c's own.
 *
 * A thread remembers nothing when it begins (depot_cache.h), and would have to find for itself what others, who do the
 * same, have found: of four threads that use sqlite the walks were 9% of the time.
 *
 * No lock: an entry says whether its two halves belong together.  `check` is the key, changed by the context; of halves
 * that two writers left, or one who isn't done, the key that they answer to is nobody's (but for 2^-64).  What is
 * overwritten, or lost where two came at once, costs a walk more.  Nothing has to be cleared ever, as contexts of keys
 * are no composites: they stay, and a key means one context for all threads.
 */
#ifndef GW_DETECTOR_DEPOT_KEYS_H
#define GW_DETECTOR_DEPOT_KEYS_H
#include <stdbool.h>
#include <stdint.h>

struct shared_key {
  uint64_t check;   /* atomic: key ^ spread(context) */
  uint64_t context; /* atomic; 0: free */
};

/* Keys lie anywhere, each on a page of its own if there is room; so the places in use become twice as many whenever
 * half as many keys have come.  Half of the keys are elsewhere then, and cost a walk more. */
enum { SHARED_KEYS_MIN_LOG = 10, SHARED_KEYS_LOG = 17, SHARED_WAYS = 2 };
struct shared_keys {
  struct shared_key *at; /* 1 << SHARED_KEYS_LOG of them */
  uint32_t mask;         /* atomic: how many are in use, less one */
  uint32_t added;        /* atomic: since these became more */
};

static inline uint64_t shared_spread(uint64_t context) { return context * 0x9FB21C651E98DF25u; }

/* Its places, of one cache line. */
static inline struct shared_key *shared_places(const struct shared_keys *keys, uint64_t key) {
  /* relaxed: who looks at other places finds nothing */
  const uint32_t mask = __atomic_load_n(&keys->mask, __ATOMIC_RELAXED);
  return &keys->at[key >> (64 - SHARED_KEYS_LOG) & mask & ~(uint64_t)(SHARED_WAYS - 1)];
}

/* 0: no thread has met the key lately. */
static inline uint32_t shared_find(const struct shared_keys *keys, uint64_t key) {
  const struct shared_key *k = shared_places(keys, key);
  for (unsigned i = 0; i < SHARED_WAYS; i++) {
    /* pairs with the release in shared_put: the context's record is complete */
    const uint64_t context = __atomic_load_n(&k[i].context, __ATOMIC_ACQUIRE);
    if (context && __atomic_load_n(&k[i].check, __ATOMIC_RELAXED) == (key ^ shared_spread(context)))
      return (uint32_t)context;
  }
  return 0;
}

static inline void shared_put(struct shared_key *k, uint64_t check, uint64_t context) {
  __atomic_store_n(&k->check, check, __ATOMIC_RELAXED);
  __atomic_store_n(&k->context, context, __ATOMIC_RELEASE);
}

/* Two threads that come at once may count one key less, or double the places once only. */
static inline void shared_count(struct shared_keys *keys) {
  const uint32_t mask = __atomic_load_n(&keys->mask, __ATOMIC_RELAXED);
  const uint32_t added = __atomic_load_n(&keys->added, __ATOMIC_RELAXED) + 1;
  const bool many = added > mask / 2 && mask < (1u << SHARED_KEYS_LOG) - 1;
  if (many) __atomic_store_n(&keys->mask, 2 * mask + 1, __ATOMIC_RELAXED);
  __atomic_store_n(&keys->added, many ? 0 : added, __ATOMIC_RELAXED);
}

/* The one that came first is replaced first. */
static inline void shared_add(struct shared_keys *keys, uint64_t key, uint32_t context) {
  shared_count(keys);
  struct shared_key *k = shared_places(keys, key);
  shared_put(&k[1], __atomic_load_n(&k[0].check, __ATOMIC_RELAXED), __atomic_load_n(&k[0].context, __ATOMIC_ACQUIRE));
  shared_put(&k[0], key ^ shared_spread(context), context);
}

#endif
