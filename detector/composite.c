/* composite.h: blocks of two kinds, each with a bit that says that it is in use.  A thread takes the free ones of one
 * word of bits at a time, so that it finds the next one without a lock, and neighbours in memory are used together.
 *
 * A compressor's entries say the same as others by the hundred, but not before their last byte is accessed: of zlib's
 * blocks one in fifty is like no other.  So a sweep makes those that say the same one.
 */
#include "detector/composite.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/prim.h"
#include "detector/depot_cache.h"

enum {
  COMPOSITES_MIN = 1 << 17 /* 4 MB; with half of it zlib takes 1% more time, sqlite 3%; with a quarter zlib 5% */
};
enum { SAME_LOG = 13 /* guess: 32 KB, while a sweep lasts */ };
enum { BYTES = 8, UNITS = BYTES * sizeof(uint32_t) / 16 /* of ids */, WORD = 64 };
enum { SHARED, OWN, KINDS };

/* All blocks of one kind. */
struct blocks {
  uint32_t first; /* id; constant */
  uint32_t words; /* of bits; constant */
  uint32_t at;    /* words before have no free block; guarded by lock, as is what follows */
  uint32_t top;   /* words from here on were never looked at */
  uint64_t *used; /* by a context, or free for one thread */
  uint64_t *mark; /* the collector's */
};

static struct {
  struct blocks of[KINDS];
  uint32_t n;        /* used; guarded by lock */
  uint32_t sweep_at; /* with so many a sweep is due; likewise */
  bool marking;      /* the collector's, as are the following */
  uint32_t *same;    /* ids of marked shared blocks by what they say; 0: free */
  struct composite_room room;
  struct spin_DEPOT lock; /* of who takes a word */
} composites;

static void blocks_init(struct blocks *b, uint32_t first, uint32_t end) {
  b->first = first;
  b->words = (end - first) / UNITS / WORD;
  b->used = prim_map(b->words * sizeof *b->used);
  b->mark = prim_map(b->words * sizeof *b->mark);
  if (!b->used || !b->mark) gw__fatal("the system refuses address space for stacks: check `ulimit -v`");
}

void composite_init(void) {
  blocks_init(&composites.of[SHARED], DEPOT_SHARED, DEPOT_OWN);
  blocks_init(&composites.of[OWN], DEPOT_OWN, DEPOT_END);
  composites.sweep_at = COMPOSITES_MIN;
}

static uint32_t *places_of(uint32_t id) { return (uint32_t *)(uintptr_t)depot_get(id); }

/* True if a sweep is due. */
static __attribute__((noinline)) bool take_word(struct composite_room *room, unsigned kind) {
  struct blocks *b = &composites.of[kind];
  spin_lock(&composites.lock);
  while (b->at < b->words && !~b->used[b->at]) b->at++;
  if (b->at == b->words)
    gw__fatal("too many granules are accessed at several places each; this program is beyond the detector");
  room->first = b->first + b->at * WORD * UNITS;
  room->free = ~b->used[b->at];
  b->used[b->at++] = ~(uint64_t)0;
  if (b->at > b->top) b->top = b->at;
  composites.n += (uint32_t)__builtin_popcountll(room->free);
  const bool due = composites.n >= composites.sweep_at;
  spin_unlock(&composites.lock);
  return due;
}

static inline uint32_t take_from(struct composite_room *room) {
  const uint32_t id = room->first + (uint32_t)__builtin_ctzll(room->free) * UNITS;
  room->free &= room->free - 1;
  return id;
}

static inline uint32_t take(struct det_thread *t, unsigned kind) {
  struct composite_room *room = &t->composites[kind];
  if (UNLIKELY(!room->free) && take_word(room, kind)) t->collect_wanted = true;
  return take_from(room);
}

static inline void put_place(uint32_t id, uint32_t context, uint32_t mask) {
  for (uint32_t bits = mask; bits; bits &= bits - 1) places_of(id)[__builtin_ctz(bits)] = context;
}

/* A block with what `context` says of each byte. */
static uint32_t copy_of(struct det_thread *t, uint32_t context, unsigned kind) {
  const uint32_t id = take(t, kind);
  if (context < DEPOT_SHARED)
    put_place(id, context, (1 << BYTES) - 1);
  else
    mem_copy(places_of(id), places_of(context), BYTES * sizeof(uint32_t));
  return id;
}

uint32_t composite_of(struct det_thread *t, uint32_t was, uint32_t mine, uint32_t mask) {
  const uint64_t hash = depot_mix(depot_mix(COMPOSITES_MIN, (uint64_t)was << 32 | mine), mask);
  const bool lasts = was < DEPOT_OWN;
  uint32_t id = lasts ? remembered(t, hash) : 0;
  if (LIKELY(id)) return id;
  id = copy_of(t, was, SHARED);
  put_place(id, mine, mask);
  if (lasts) remember(t, hash, id);
  return id;
}

uint32_t composite_join(struct det_thread *t, uint32_t was, uint32_t mine, uint32_t mask) {
  if (was < DEPOT_SHARED) return composite_of(t, was, mine, mask);
  const uint32_t id = was < DEPOT_OWN ? copy_of(t, was, OWN) : was;
  put_place(id, mine, mask);
  return id;
}

/* ---- the collector's ---- */

bool composites_are_many(void) { return composites.n >= composites.sweep_at; }

void composite_mark_begin(void) {
  composites.marking = true;
  composites.same = arena_alloc(sizeof *composites.same << SAME_LOG);
}

/* The word of the collector's bits that has the composite's, and that bit. */
static uint64_t *mark_of(uint32_t context, uint64_t *bit) {
  struct blocks *b = &composites.of[context < DEPOT_OWN ? SHARED : OWN];
  const uint32_t i = (context - b->first) / UNITS;
  *bit = (uint64_t)1 << i % WORD;
  return &b->mark[i / WORD];
}

void composite_mark(uint32_t context) {
  if (!composites.marking || context < DEPOT_SHARED) return;
  uint64_t bit, *word = mark_of(context, &bit);
  *word |= bit;
}

/* The places, two at a time. */
typedef uint64_t __attribute__((may_alias)) two_places;
static const two_places *twos_of(uint32_t id) { return (const two_places *)(const void *)places_of(id); }

/* The factors are arbitrary and odd, and nothing waits for another's product. */
static inline uint64_t hash_of(const two_places *p) {
  const uint64_t h =
      p[0] * 0x9E3779B97F4A7C15u + p[1] * 0xC2B2AE3D27D4EB4Fu + p[2] * 0xD6E8FEB86659FD93u + p[3] * 0xA0761D6478BD642Fu;
  return (h ^ h >> 32) * 0x9E3779B97F4A7C15u;
}

static inline bool says_the_same(const two_places *a, const two_places *b) {
  return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

static uint32_t shared_copy(uint32_t context) {
  if (!composites.room.free) take_word(&composites.room, SHARED);
  const uint32_t id = take_from(&composites.room);
  mem_copy(places_of(id), places_of(context), BYTES * sizeof(uint32_t));
  return id;
}

/* Most have been made one with others by an earlier sweep, and are met again and again. */
static bool is_known(uint32_t context) {
  uint64_t bit;
  return context < DEPOT_OWN && *mark_of(context, &bit) & bit;
}

uint32_t composite_keep(uint32_t context) {
  if (!composites.marking || context < DEPOT_SHARED || is_known(context)) return context;
  const two_places *says = twos_of(context);
  uint32_t *same = &composites.same[hash_of(says) >> (64 - SAME_LOG)];
  if (*same && says_the_same(twos_of(*same), says)) return *same;
  *same = context < DEPOT_OWN ? context : shared_copy(context);
  composite_mark(*same);
  return *same;
}

/* The marked ones are those in use; returns how many. */
static uint32_t sweep(struct blocks *b) {
  uint64_t *marked = b->mark;
  uint32_t n = 0;
  for (uint32_t i = 0; i < b->top; i++) n += (uint32_t)__builtin_popcountll(marked[i]);
  b->mark = b->used;
  b->used = marked;
  mem_zero(b->mark, b->top * sizeof *b->mark);
  b->at = 0;
  return n;
}

void composite_sweep(size_t bytes) {
  if (!composites.marking) return;
  composites.marking = false;
  composites.room.free = 0;
  arena_free(composites.same, sizeof *composites.same << SAME_LOG);
  composites.n = 0;
  for (unsigned kind = 0; kind < KINDS; kind++) composites.n += sweep(&composites.of[kind]);
  const size_t room = bytes / (BYTES * sizeof(uint32_t));
  uint32_t more = composites.n / 2 + COMPOSITES_MIN;
  if (room > more) more = room < UINT32_MAX / 4 ? (uint32_t)room : UINT32_MAX / 4;
  composites.sweep_at = composites.n + more;
}

void composite_forget(struct det_thread *t) {
  for (unsigned kind = 0; kind < KINDS; kind++) t->composites[kind].free = 0;
}
