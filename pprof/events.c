/* events.h */
#include "pprof/events.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "pprof/profile.h"

static struct bucket *look(struct bucket *b, uint64_t hash, const uintptr_t *pcs, int n) {
  for (; b; b = b->next)
    if (b->hash == hash && b->depth == (uint32_t)n && memcmp(b->pcs, pcs, (size_t)n * sizeof *pcs) == 0) return b;
  return NULL;
}

static struct bucket *find_or_add(struct events *e, const uintptr_t *pcs, int n) {
  uint64_t hash = hash_words((uint64_t)n, pcs, (size_t)n);
  struct bucket **head = &e->heads[hash % EVENT_HEADS];
  struct bucket *first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
  struct bucket *b = look(first, hash, pcs, n);
  if (b) return b;
  b = arena_alloc(sizeof *b + (size_t)n * sizeof *pcs);
  b->hash = hash;
  b->depth = (uint32_t)n;
  memcpy(b->pcs, pcs, (size_t)n * sizeof *pcs);
  do b->next = first;
  while (!__atomic_compare_exchange_n(head, &first, b, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
  return b;
}

void events_add(struct events *e, const uintptr_t *pcs, int n, uint64_t count_fixed, int64_t delay_ns) {
  struct bucket *b = find_or_add(e, pcs, n);
  __atomic_fetch_add(&b->count_fixed, count_fixed, __ATOMIC_RELAXED); /* sums, read as they are */
  __atomic_fetch_add(&b->delay_ns, delay_ns, __ATOMIC_RELAXED);
}

void events_collect(const struct events *e, struct profile *p) {
  struct tags none = {0};
  for (int i = 0; i < EVENT_HEADS; i++)
    for (const struct bucket *b = __atomic_load_n(&e->heads[i], __ATOMIC_ACQUIRE); b; b = b->next) {
      uint64_t count = (__atomic_load_n(&b->count_fixed, __ATOMIC_RELAXED) + (1u << 15)) >> 16;
      int64_t values[2] = {(int64_t)count, __atomic_load_n(&b->delay_ns, __ATOMIC_RELAXED)};
      profile_add(p, b->pcs, (int)b->depth, &none, values);
    }
}
