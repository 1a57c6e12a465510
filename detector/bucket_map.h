/* Which buckets of a large hash table may hold something: so the collector, which visits all that is in the table,
 * looks at those only.  A bit is set before a bucket gets its first entry, under the bucket's lock, and cleared by the
 * collector, alone, where it finds the bucket empty. */
#ifndef GW_DETECTOR_BUCKET_MAP_H
#define GW_DETECTOR_BUCKET_MAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TABLE_BUCKETS_LOG = 20, TABLE_BUCKETS = 1 << TABLE_BUCKETS_LOG }; /* guess: 64 MB of address space */

struct bucket_map {
  uint64_t word[TABLE_BUCKETS / 64]; /* atomic: neighbours have locks of their own */
};

static inline void bucket_map_set(struct bucket_map *m, size_t i) {
  uint64_t bit = (uint64_t)1 << (i & 63);
  if (!(__atomic_load_n(&m->word[i >> 6], __ATOMIC_RELAXED) & bit))
    __atomic_fetch_or(&m->word[i >> 6], bit, __ATOMIC_RELAXED);
}

/* Calls visit(i, arg) for each that is set; what it finds empty (false) is cleared. */
static inline void bucket_map_each(struct bucket_map *m, bool (*visit)(size_t i, void *arg), void *arg) {
  for (size_t w = 0; w < TABLE_BUCKETS / 64; w++)
    for (uint64_t left = m->word[w]; left; left &= left - 1)
      if (!visit(w << 6 | (unsigned)__builtin_ctzll(left), arg)) m->word[w] &= ~(left & -left);
}

#endif
