/* What a thread remembers of the depot: depot.c's and composite.c's own, and only of the thread itself (a collection
 * clears it while all are outside).  Memos and pairs are of contexts that stay; a record may be a composite, which a
 * collection takes.
 */
#ifndef GW_DETECTOR_DEPOT_CACHE_H
#define GW_DETECTOR_DEPOT_CACHE_H
#include "base/mem.h"
#include "detector/depot.h"

/* A short stack, by return address: a loop comes by with the same ones again and again.  The words that the walk looked
 * at are kept: while they are the same, so is the stack. */
enum { MEMOS = 64, MEMO_FRAMES = 12 };
struct memo_frame {
  uintptr_t up, ret; /* what the frame pointer leads to */
};
struct memo {
  uintptr_t pc, fp; /* of the innermost frame; pc 0: free */
  uint32_t stack;
  uint32_t n; /* frames that the walk read */
  struct memo_frame frame[MEMO_FRAMES];
};

/* Both tables grow with their misses: MISSES for each place make a table twice as large, and empty, which costs at most
 * one more miss for MISSES of those.  Where a program meets few contexts, small tables stay in the processor's caches;
 * one with much code is the faster the more it finds: x264's CPU time falls by a sixth. */
enum { PAIRS_LOG = 11, PAIR_LOG = 5, PAIRS_MAX_LOG = 15, RECORDS_LOG = 11, RECORDS_MAX_LOG = 16, MISSES = 16 };

/* A context by its key. */
struct known {
  uint64_t key; /* 0: free */
  uint32_t context;
};

_Static_assert(sizeof(struct known[2]) == 1 << PAIR_LOG, "an offset's");

/* What of a record is found by its hash. */
struct record_id {
  uint64_t hash; /* 0: free */
  uint32_t id;
};

/* What a thread met lately: contexts by key, records by hash, stacks by return address. */
struct depot_cache {
  uint64_t pairs_mask;      /* of a pair's offset: (their number - 1) << PAIR_LOG */
  uint32_t pairs_missed;    /* since they grew */
  uint32_t records_missed;  /* likewise */
  struct record_id *record; /* by hash */
  uint64_t records_mask;    /* their number - 1 */
  struct memo memo[MEMOS];
  struct known pair[][2]; /* by the key's upper bits; the one that came first is replaced first */
};

static inline uint64_t pairs_n(const struct depot_cache *c) { return (c->pairs_mask >> PAIR_LOG) + 1; }

static inline size_t cache_size(uint64_t pairs) { return sizeof(struct depot_cache) + (pairs << PAIR_LOG); }

static inline struct depot_cache *cache_new(uint64_t pairs) {
  struct depot_cache *c = arena_alloc(cache_size(pairs));
  c->pairs_mask = (pairs - 1) << PAIR_LOG;
  return c;
}

static inline void records_new(struct depot_cache *c, uint64_t n) {
  c->record = arena_alloc(n * sizeof *c->record);
  c->records_mask = n - 1;
  c->records_missed = 0;
}

static inline void records_free(struct depot_cache *c) {
  arena_free(c->record, (c->records_mask + 1) * sizeof *c->record);
}

static __attribute__((noinline)) void cache_begin(struct det_thread *t) {
  t->cache = cache_new(1 << PAIRS_LOG);
  records_new(t->cache, 1 << RECORDS_LOG);
}

static __attribute__((noinline)) void records_grow(struct depot_cache *c) {
  uint64_t n = c->records_mask + 1;
  records_free(c);
  records_new(c, 2 * n);
}

/* Have the misses in a table of n places paid for one of twice its size? */
static inline bool outgrown(uint64_t misses, uint64_t n, unsigned max_log) {
  return misses > MISSES * n && n < (uint64_t)1 << max_log;
}

static inline struct record_id *record_place(const struct depot_cache *c, uint64_t hash) {
  return &c->record[hash >> 8 & c->records_mask];
}

static inline void remember(struct det_thread *t, uint64_t hash, uint32_t id) {
  struct depot_cache *c = t->cache;
  if (UNLIKELY(outgrown(++c->records_missed, c->records_mask + 1, RECORDS_MAX_LOG))) records_grow(c);
  *record_place(c, hash) = (struct record_id){hash, id};
}

/* The record's id; 0 if the thread doesn't remember it. */
static inline uint32_t remembered(struct det_thread *t, uint64_t hash) {
  if (UNLIKELY(!t->cache)) cache_begin(t);
  const struct record_id *r = record_place(t->cache, hash);
  return LIKELY(r->hash == hash) ? r->id : 0;
}

/* The places of a key.  The mask is one of offsets, so that this is as short as with a table of a fixed size. */
static inline struct known *pair_of(struct depot_cache *c, uint64_t key) {
  uint64_t offset = key >> (64 - PAIRS_MAX_LOG - PAIR_LOG) & c->pairs_mask;
  return (struct known *)((char *)c->pair + offset);
}

#endif
