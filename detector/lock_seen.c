/* lock_seen.h: a table with one place for each key, which doubles as long as many keys come that aren't there. */
#include "detector/lock_seen.h"

#include "detector/detector.h"

/* LOG_MIN is a guess.  memcached's threads each have some 20,000 nestings; with 2^14 places, and four times as many
 * misses before a table grew, it showed the graph half as many again. */
enum { LOG_MIN = 4, LOG_MAX = 16, MISSES = 1 }; /* MISSES: how many times a table's size make it double */

struct lock_seen {
  uint32_t log;        /* of the places */
  uint32_t generation; /* of the graph, when they were filled */
  uint32_t misses;     /* since the table was made */
  uint64_t key[];      /* 0: free */
};

static size_t size_of(uint32_t log) { return sizeof(struct lock_seen) + (sizeof(uint64_t) << log); }

static uint64_t *place(struct lock_seen *s, uint64_t key) { return &s->key[key >> (64 - s->log)]; }

static struct lock_seen *table_new(uint32_t log, uint32_t generation) {
  struct lock_seen *s = arena_alloc(size_of(log));
  s->log = log;
  s->generation = generation;
  return s;
}

void lock_seen_free(struct det_thread *t) {
  if (t->lock_seen) arena_free(t->lock_seen, size_of(t->lock_seen->log));
  t->lock_seen = NULL;
}

static void grow(struct det_thread *t) {
  struct lock_seen *old = t->lock_seen, *s = table_new(old->log + 1, old->generation);
  for (uint32_t i = 0; i < 1u << old->log; i++)
    if (old->key[i]) *place(s, old->key[i]) = old->key[i];
  lock_seen_free(t);
  t->lock_seen = s;
}

static void forget(struct lock_seen *s, uint32_t generation) {
  for (uint32_t i = 0; i < 1u << s->log; i++) s->key[i] = 0;
  s->generation = generation;
}

bool lock_seen(struct det_thread *t, uint64_t key, uint32_t generation) {
  if (UNLIKELY(!t->lock_seen)) t->lock_seen = table_new(LOG_MIN, generation);
  if (UNLIKELY(t->lock_seen->generation != generation)) forget(t->lock_seen, generation);
  uint64_t *at = place(t->lock_seen, key);
  if (LIKELY(*at == key)) return true;
  *at = key;
  if (++t->lock_seen->misses > (uint32_t)MISSES << t->lock_seen->log && t->lock_seen->log < LOG_MAX) grow(t);
  return false;
}
