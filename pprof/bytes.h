/* Growing memory of this room, straight from the system and given back to it: a profile may be large, and is soon gone.
 * Nothing here is shared; whoever owns one serialises. */
#ifndef GW_PPROF_BYTES_H
#define GW_PPROF_BYTES_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
  char *at;   /* n bytes; NULL while empty */
  size_t n;   /* used */
  size_t cap; /* mapped */
};

/* Room for `more` bytes behind those used; the address of the first. Ends the process when there is no memory. */
char *bytes_room(struct bytes *b, size_t more);
void bytes_add(struct bytes *b, const void *p, size_t n);
void bytes_str(struct bytes *b, const char *s);
void bytes_format(struct bytes *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bytes_free(struct bytes *b);

/* A hash table of the numbers of entries that lie elsewhere; open addressing, at most half full. */
struct index {
  struct bytes slots; /* uint64_t: upper half the hash, lower half the entry's number plus one; 0 free */
  uint32_t mask, n;
};
/* The next entry that has this hash, or -1: begin with *at = 0 and call until same or -1. */
int64_t index_next(const struct index *x, uint32_t hash, uint32_t *at);
void index_add(struct index *x, uint32_t hash, uint32_t entry);
void index_free(struct index *x);

/* Of n words (a multiply-and-rotate hash; nobody attacks it). */
static inline uint64_t hash_words(uint64_t h, const void *p, size_t n) {
  const uint64_t *w = p;
  for (size_t i = 0; i < n; i++) {
    h = (h ^ w[i]) * UINT64_C(0x9E3779B97F4A7C15);
    h ^= h >> 32;
  }
  return h;
}

#endif
