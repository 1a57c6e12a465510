/* The heap profile, as Go's: on average one allocation in every 512 KiB is sampled with its stack, at distances that
 * are exponentially distributed, so that no pattern of the program's can fall in with them; values are scaled up to
 * what all allocations are likely to be.
 *
 * Buckets are told apart by stack and size, as the scale depends on the size.  A sampled block is in `live` until it is
 * freed; the filter (heap.h) keeps other frees away from here.  `lock` guards all but the filter's readers and the
 * thread's own countdown; nothing under it calls malloc. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/prim.h"
#include "base/spin.h"
#include "godwit/heap.h"
#include "godwit/inspect.h"
#include "pprof/kinds.h"
#include "pprof/unwind.h"

enum { PERIOD = 512 * 1024 /* Go's */, HEADS = 4096, LIVE_HEADS = 4096, FRAMES = 64 };

_Thread_local int64_t gw__heap_left;
static _Thread_local bool begun; /* the first distance of this thread is drawn */
static _Thread_local uint64_t rng;
uint16_t gw__heap_filter[1 << HEAP_FILTER_BITS];

struct heap_bucket {
  struct heap_bucket *next;
  uint64_t hash;
  size_t size; /* of each block */
  int64_t born, ended;
  int depth;
  uintptr_t pcs[];
};

struct live {
  struct live *next;
  const void *block;
  struct heap_bucket *bucket;
};

static struct spin_HEAP lock;
static struct heap_bucket *buckets[HEADS];
static struct live *lives[LIVE_HEADS];

/* Natural logarithm of a number in (0, 1]: v = m * 2^e, and ln m = 2 atanh((m - 1) / (m + 1)).  libm isn't linked. */
static double natural_log(double v) {
  int e = 0;
  while (v < 0.70710678118654752) v *= 2, e--;
  double t = (v - 1) / (v + 1), square = t * t, term = t, sum = 0;
  for (int k = 1; k < 20; k += 2, term *= square) sum += term / k;
  return 2 * sum + e * 0.69314718055994531;
}

/* e^-x for x >= 0. */
static double exp_minus(double x) {
  if (x > 40) return 0;
  int halvings = 0;
  while (x > 0.5) x /= 2, halvings++;
  double sum = 1, term = 1;
  for (int k = 1; k < 14; k++) sum += term *= -x / k;
  while (halvings-- > 0) sum *= sum;
  return sum;
}

static int64_t next_distance(void) {
  if (!rng) rng = prim_random() | 1;
  rng ^= rng << 13, rng ^= rng >> 7, rng ^= rng << 17;             /* xorshift64 */
  double uniform = ((double)(rng >> 11) + 1) / 9007199254740992.0; /* (0, 1] */
  return (int64_t)(-natural_log(uniform) * PERIOD) + 1;
}

static struct heap_bucket *bucket_of_locked(const uintptr_t *pcs, int n, size_t size) {
  uint64_t hash = hash_words((uint64_t)size, pcs, (size_t)n);
  struct heap_bucket **head = &buckets[hash % HEADS];
  for (struct heap_bucket *b = *head; b; b = b->next)
    if (b->hash == hash && b->size == size && b->depth == n && memcmp(b->pcs, pcs, (size_t)n * sizeof *pcs) == 0)
      return b;
  struct heap_bucket *b = arena_alloc(sizeof *b + (size_t)n * sizeof *pcs);
  b->hash = hash;
  b->size = size;
  b->depth = n;
  memcpy(b->pcs, pcs, (size_t)n * sizeof *pcs);
  b->next = *head;
  *head = b;
  return b;
}

static void filter_add_locked(const void *p, int by) {
  uint16_t *f = &gw__heap_filter[heap_hash(p)];
  if (*f != UINT16_MAX) __atomic_store_n(f, (uint16_t)(*f + by), __ATOMIC_RELAXED); /* full once, it stays so */
}

void gw__heap_sample(const void *p, size_t n, uintptr_t pc, uintptr_t fp) {
  if (!begun) { /* a thread's countdown begins at 0: its first distance is drawn only now */
    begun = true;
    gw__heap_left += next_distance();
    if (gw__heap_left >= 0) return;
  }
  gw__heap_left = next_distance();
  uintptr_t pcs[FRAMES];
  struct inspect_g g;
  pcs[0] = pc;
  int depth = 1 + unwind_from(fp, inspect_current(&g) ? &g : NULL, pcs + 1, FRAMES - 1);
  struct live *l = arena_alloc(sizeof *l);
  spin_lock(&lock);
  *l = (struct live){lives[heap_hash(p) % LIVE_HEADS], p, bucket_of_locked(pcs, depth, n)};
  lives[heap_hash(p) % LIVE_HEADS] = l;
  l->bucket->born++;
  filter_add_locked(p, 1);
  spin_unlock(&lock);
}

void gw__heap_forget(const void *p) {
  struct live *found = NULL;
  spin_lock(&lock);
  for (struct live **at = &lives[heap_hash(p) % LIVE_HEADS]; *at; at = &(*at)->next)
    if ((*at)->block == p) {
      found = *at;
      *at = found->next;
      found->bucket->ended++;
      filter_add_locked(p, -1);
      break;
    }
  spin_unlock(&lock);
  if (found) arena_free(found, sizeof *found);
}

/* How many blocks one sampled stands for: a block of `size` is sampled with probability 1 - e^(-size/period). */
static double scale_of(size_t size) { return 1 / (1 - exp_minus((double)(size ? size : 1) / PERIOD)); }

static int collect(struct profile *p, const char **why) {
  if (!&gw__heap_told) {
    *why = "unavailable: the heap profile needs the malloc that godwit cc links";
    return -ENOTSUP;
  }
  p->period = PERIOD;
  spin_lock(&lock);
  for (int i = 0; i < HEADS; i++)
    for (const struct heap_bucket *b = buckets[i]; b; b = b->next) {
      double scale = scale_of(b->size);
      int64_t born = (int64_t)((double)b->born * scale + 0.5),
              in_use = (int64_t)((double)(b->born - b->ended) * scale + 0.5);
      int64_t values[4] = {born, born * (int64_t)b->size, in_use, in_use * (int64_t)b->size};
      struct tags tags = {.object_bytes = (int64_t)b->size};
      profile_add(p, b->pcs, b->depth, &tags, values);
    }
  spin_unlock(&lock);
  return 0;
}

int heap_collect(struct profile *p, const char **why) { return collect(p, why); }
int allocs_collect(struct profile *p, const char **why) { return collect(p, why); }

void heap_before_fork(void) { spin_lock(&lock); }
void heap_after_fork(void) { spin_unlock(&lock); }
