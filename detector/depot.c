/* depot.h: a bump-allocated region of records and a hash table of ids that doubles.
 *
 * Readers go through `table` without a lock: a slot is written once (release) after its record is complete; a doubled
 * table is published with release and the old one is left to readers that still look at it (its size is that of all its
 * predecessors together, so that at most half of the tables' memory is wasted).
 *
 * Where instrumented code calls the detector, its context is found by a *key*: a hash of __gw_tls.calls, of the return
 * address of the function that calls, of the place in it, and of the locks that are held.  Only a key that no thread
 * has met lately costs a walk (depot_keys.h).  Two stacks have one key only by chance (2^-64 for a pair), or if they
 * differ in code that isn't instrumented alone:
 * - __gw_tls.calls says by which calls the function was reached, but for the last one if the function is a leaf, which
 *   its return address says (instrument/calls.cpp).  Each function finds the word right again after every call, however
 *   that came back: longjmp, a switch to another thread, a handler that interrupted it.
 * - Where a goroutine goes on without a call, race_g_switch puts the word right.  A handler begins with a word of its
 *   own, which the place that it interrupted is part of (posix_signal.c).
 * - A wrong word for any other reason (a thread that the detector hears of late, the words of coroutines that aren't
 *   ours) is another key, and costs a walk: it leads to a wrong stack only if some chain of calls to the same place has
 *   just that word.
 * Interceptors that are reached by libc's plain names as well, and the functions of godwit.h, may be called by any
 * code: there the walk is done, or the words that it would look at are compared with those of the last time.
 *
 * Two different records with the same 64-bit hash are taken for one: with a million records that happens with a chance
 * of 3e-8, and then a report shows another stack.
 */
#include "detector/depot.h"

#include "base/mem.h"
#include "base/prim.h"
#include "detector/depot_cache.h"
#include "detector/depot_keys.h"

enum { TABLE_MIN_LOG = 12 };
#define RECORDS ((size_t)DEPOT_SHARED * 16)
#define REGION ((size_t)DEPOT_END * 16)

/* A slot has the id, and the bits of the record's hash from which its place follows: so records whose hash is another
 * one aren't looked at, which are most of those that stand in the way, and all of those that a doubled table takes
 * over.  0: free. */
struct table {
  uint32_t log;
  uint64_t slot[];
};

static struct {
  char *region;           /* ids are offsets into it, in 16-byte units */
  size_t used;            /* guarded by lock */
  uint32_t count;         /* records; guarded by lock */
  struct table *table;    /* atomic */
  struct spin_DEPOT lock; /* of insertions */
} depot;

static struct shared_keys shared_keys = {.mask = (1u << SHARED_KEYS_MIN_LOG) - 1}; /* of all threads (depot_keys.h) */

static struct table *table_new(uint32_t log) {
  struct table *t = arena_alloc(sizeof *t + (sizeof t->slot[0] << log));
  t->log = log;
  return t;
}

void depot_init(void) {
  depot.region = prim_map(REGION);
  shared_keys.at = prim_map(sizeof *shared_keys.at << SHARED_KEYS_LOG);
  if (!depot.region || !shared_keys.at) gw__fatal("the system refuses address space for stacks: check `ulimit -v`");
  depot.used = 16; /* id 0 is no record */
  depot.table = table_new(TABLE_MIN_LOG);
}

const struct depot_record *depot_get(uint32_t id) {
  return id ? (const struct depot_record *)(depot.region + (size_t)id * 16) : NULL;
}

static inline uint32_t tag_of(uint64_t hash) { return (uint32_t)(hash >> 20); }
static inline uint32_t slot_tag(uint64_t slot) { return (uint32_t)(slot >> 32); }
static inline uint32_t slot_id(uint64_t slot) { return (uint32_t)slot; }

/* Where `hash` is or would be. */
static uint64_t *table_find(struct table *t, uint64_t hash) {
  const uint32_t mask = (1u << t->log) - 1, tag = tag_of(hash);
  for (uint32_t i = tag & mask;; i = (i + 1) & mask) {
    const uint64_t slot = __atomic_load_n(&t->slot[i], __ATOMIC_ACQUIRE); /* pairs with the release in insert_locked */
    if (!slot || (slot_tag(slot) == tag && depot_get(slot_id(slot))->hash == hash)) return &t->slot[i];
  }
}

/* Into a table that nobody else knows. */
static void table_put(struct table *t, uint64_t slot) {
  const uint32_t mask = (1u << t->log) - 1;
  uint32_t i = slot_tag(slot) & mask;
  while (t->slot[i]) i = (i + 1) & mask;
  t->slot[i] = slot;
}

static void table_grow_locked(void) {
  struct table *old = depot.table, *t = table_new(old->log + 1);
  for (uint32_t i = 0; i < 1u << old->log; i++)
    if (old->slot[i]) table_put(t, old->slot[i]);
  __atomic_store_n(&depot.table, t, __ATOMIC_RELEASE);
}

/* What stands in the way costs no look at its record, so that seven of eight slots may be taken. */
static inline bool is_full(const struct table *t, uint64_t n) { return 8 * n >= (uint64_t)7 << t->log; }

static uint32_t insert_locked(const struct depot_record *head, const uint64_t *words, unsigned words_n) {
  if (is_full(depot.table, depot.count)) table_grow_locked();
  uint64_t *place = table_find(depot.table, head->hash);
  if (*place) return slot_id(*place);
  const size_t size = (sizeof *head + words_n * sizeof *words + 15) & ~(size_t)15;
  GW_CHECK(depot.used + size <= RECORDS);
  uint32_t id = (uint32_t)(depot.used / 16);
  depot.used += size;
  struct depot_record *r = (struct depot_record *)(uintptr_t)depot_get(id);
  depot.count++;
  *r = *head;
  for (unsigned i = 0; i < words_n; i++) r->word[i] = words[i];
  __atomic_store_n(place, (uint64_t)tag_of(head->hash) << 32 | id, __ATOMIC_RELEASE);
  return id;
}

/* The record's id; 0 if there is none yet. */
static uint32_t look_up(struct det_thread *t, uint64_t hash) {
  uint32_t id = remembered(t, hash);
  if (LIKELY(id)) return id;
  id = slot_id(*table_find(__atomic_load_n(&depot.table, __ATOMIC_ACQUIRE), hash));
  if (id) remember(t, hash, id);
  return id;
}

static uint32_t intern(struct det_thread *t, const struct depot_record *head, const uint64_t *words, unsigned words_n) {
  uint32_t id = look_up(t, head->hash);
  if (LIKELY(id)) return id;
  spin_lock(&depot.lock);
  id = insert_locked(head, words, words_n);
  spin_unlock(&depot.lock);
  remember(t, head->hash, id);
  return id;
}

void depot_cache_free(struct depot_cache *cache) {
  if (!cache) return;
  records_free(cache);
  arena_free(cache, cache_size(pairs_n(cache)));
}

/* With no lower bound known, nothing below here: code without frame pointers leaves anything in the register. */
static inline uintptr_t walk_lowest(const struct race_g *g) {
  return g->stack_lo ? g->stack_lo : (uintptr_t)__builtin_frame_address(0);
}

/* Follows frame pointers. Deep in a recursion the same return addresses come again and again: beyond the innermost
 * frames each is kept once, so that the number of distinct stacks stays small (a walk over a tree would otherwise make
 * one for every path). `seen` is a small filter: a false hit only drops a frame that is then missing from the middle.
 */
enum { INNERMOST = 12 };

static unsigned walk(const struct race_g *g, struct race_at at, uint64_t *pc, uint64_t *hash) {
  uint64_t h = 1;
  uint64_t recent[INNERMOST];
  unsigned n = 0;
  pc[n++] = at.pc;
  h = depot_mix(h, at.pc);
  uintptr_t fp = at.fp, lo = walk_lowest(g);
  unsigned recent_n = 0;
  for (unsigned steps = 0; n < STACK_MAX && steps < 4096; steps++) {
    if (fp < lo || fp + 16 > g->stack_hi || fp & 7) break;
    uintptr_t ret = ((const uintptr_t *)fp)[1], up = *(const uintptr_t *)fp;
    if (ret < 4096) break;
    bool again = false;
    if (n >= INNERMOST) {
      for (unsigned i = 0; i < recent_n && !again; i++) again = recent[i] == ret;
      if (!again) recent[recent_n < INNERMOST ? recent_n++ : n % INNERMOST] = ret;
    }
    if (!again) {
      pc[n++] = ret;
      h = depot_mix(h, ret);
    }
    if (up <= fp) break;
    fp = up;
  }
  *hash = h;
  return n;
}

/* Is the stack at `at` the memo's?  Beyond the first frame the walk's bounds need no second look: its frames lie where
 * they did. */
static inline bool memo_matches(const struct memo *m, const struct race_g *g, struct race_at at) {
  if (m->pc != at.pc || m->fp != at.fp) return false;
  if (m->n && (at.fp < g->stack_lo || at.fp >= g->stack_hi)) return false;
  const struct memo_frame *frame = (const struct memo_frame *)at.fp;
  for (uint32_t i = 0; i < m->n; i++) {
    if (frame->up != m->frame[i].up || frame->ret != m->frame[i].ret) return false;
    frame = (const struct memo_frame *)frame->up;
  }
  return true;
}

static struct memo *memo_of(struct det_thread *t, struct race_at at) {
  if (UNLIKELY(!t->cache)) cache_begin(t);
  return &t->cache->memo[(at.pc ^ at.pc >> 5 ^ at.fp >> 4) % MEMOS];
}

/* Keeps the frames of a short stack, as `walk` goes over them. */
static bool memo_frames(struct memo *m, const struct race_g *g, struct race_at at) {
  uintptr_t fp = at.fp, lo = walk_lowest(g);
  m->n = 0;
  while (fp >= lo && fp + 16 <= g->stack_hi && !(fp & 7)) {
    if (m->n == MEMO_FRAMES) return false;
    struct memo_frame f = m->frame[m->n++] = *(const struct memo_frame *)fp;
    if (f.ret < 4096 || f.up <= fp) break;
    fp = f.up;
  }
  return true;
}

/* The memo is left empty if the stack is a long one. */
static uint32_t stack_into_memo(struct det_thread *t, const struct race_g *g, struct race_at at, struct memo *m) {
  uint64_t pc[STACK_MAX], hash;
  unsigned n = walk(g, at, pc, &hash);
  struct depot_record head = {.hash = depot_mix(hash, DEPOT_STACK), .kind = DEPOT_STACK, .n = (uint16_t)n};
  uint32_t stack = intern(t, &head, pc, n);
  m->pc = 0;
  if (!memo_frames(m, g, at)) return stack;
  m->pc = at.pc;
  m->fp = at.fp;
  m->stack = stack;
  return stack;
}

uint32_t depot_stack(struct det_thread *t, const struct race_g *g, struct race_at at) {
  at = at_plain(at);
  struct memo *m = memo_of(t, at);
  if (memo_matches(m, g, at)) return m->stack;
  return stack_into_memo(t, g, at, m);
}

/* Of the locks that one place takes, as many are kept by name (a guess: more are an array's or a table's).  Each
 * further one would make new contexts with all stacks under it: memcached's thousands of item locks made twenty for a
 * request. */
enum { LOCKS_OF_A_PLACE = 32 };

/* The record of a place's nameless locks has behind the address 0 a bit for each lock that has a name, by its hash, so
 * that nobody looks for the thousands that have none; its n is how many have one. */
enum { NAMED_WORDS = 4 };
static uint64_t *named_word(struct depot_record *place, uint64_t hash) { return &place->word[1 + (hash >> 62)]; }
static uint64_t named_bit(uint64_t hash) { return (uint64_t)1 << (hash >> 56 & 63); }

/* relaxed, all of it: at worst a lock that has got a name just now counts as one that has none */
static bool is_nameless(struct depot_record *place, uint64_t hash) {
  return __atomic_load_n(&place->n, __ATOMIC_RELAXED) >= LOCKS_OF_A_PLACE &&
         !(__atomic_load_n(named_word(place, hash), __ATOMIC_RELAXED) & named_bit(hash));
}

static bool gets_name(struct depot_record *place, uint64_t hash) {
  if (__atomic_load_n(&place->n, __ATOMIC_RELAXED) >= LOCKS_OF_A_PLACE) return false;
  __atomic_fetch_or(named_word(place, hash), named_bit(hash), __ATOMIC_RELAXED);
  __atomic_fetch_add(&place->n, 1, __ATOMIC_RELAXED); /* a few more or less are no matter */
  return true;
}

static uint32_t lock_record(struct det_thread *t, uint32_t set, const struct held_lock *l) {
  struct depot_record head = {.kind = DEPOT_LOCKS, .a = set, .b = l->stack, .mask = l->write};
  const uint64_t addr = l->addr, at = depot_mix(depot_mix(DEPOT_LOCKS, set), (uint64_t)l->stack << 1 | l->write);
  head.hash = depot_mix(at, addr);
  uint32_t id = remembered(t, head.hash);
  if (LIKELY(id)) return id;
  struct depot_record nameless = head;
  const uint64_t words[1 + NAMED_WORDS] = {0};
  nameless.hash = depot_mix(at, 0);
  uint32_t of_place = intern(t, &nameless, words, 1 + NAMED_WORDS);
  struct depot_record *place = (struct depot_record *)(uintptr_t)depot_get(of_place);
  if (is_nameless(place, head.hash)) return of_place;
  id = look_up(t, head.hash);
  if (id) return id;
  if (gets_name(place, head.hash)) return intern(t, &head, &addr, 1);
  remember(t, head.hash, of_place);
  return of_place;
}

static uint32_t lock_set(struct det_thread *t, struct race_g *g) {
  if (g->lockset_valid) return g->lockset;
  uint32_t set = 0;
  for (uint32_t i = 0; i < g->held_n; i++) set = lock_record(t, set, &g->held[i]);
  g->lockset = set;
  g->lockset_valid = true;
  return set;
}

static uint32_t context_of(struct det_thread *t, uint32_t stack, uint32_t locks, uint32_t op) {
  if (!locks && !op) return stack;
  struct depot_record head = {.kind = DEPOT_CONTEXT, .a = stack, .b = locks, .mask = op};
  head.hash = depot_mix(depot_mix(depot_mix(DEPOT_CONTEXT, stack), locks), op);
  return intern(t, &head, NULL, 0);
}

/* Never 0.  The factors are arbitrary and odd: what differs in one of the words only differs, and no simple relation
 * between words makes sums equal. */
static inline uint64_t key_of(const struct race_g *g, struct race_at at, uint32_t op) {
  uintptr_t fp = at.fp & ~(uintptr_t)AT_TRACKED;
  uint64_t caller = fp >= walk_lowest(g) && fp + 16 <= g->stack_hi ? ((const uintptr_t *)fp)[1] : 0;
  return (__gw_tls.calls * 0x9E3779B97F4A7C15u + at.pc * 0xC2B2AE3D27D4EB4Fu + caller * 0xD6E8FEB86659FD93u +
          ((uint64_t)g->lockset << 3 | op) * 0xA0761D6478BD642Fu) |
         1;
}

/* Moves all of it, as the pairs are its end: nobody may keep a memo's address meanwhile. */
static __attribute__((noinline)) void pairs_grow(struct det_thread *t) {
  struct depot_cache *old = t->cache, *c = cache_new(2 * pairs_n(old));
  c->record = old->record;
  c->records_mask = old->records_mask;
  c->records_missed = old->records_missed;
  mem_copy(c->memo, old->memo, sizeof c->memo);
  t->cache = c;
  arena_free(old, cache_size(pairs_n(old)));
}

static __attribute__((noinline)) uint32_t missed_context(struct det_thread *t, struct race_g *g, uint32_t op,
                                                         struct race_at at, uint64_t key) {
  uint32_t context = shared_find(&shared_keys, key);
  if (!context) {
    context = context_of(t, depot_stack(t, g, at), g->lockset, op);
    shared_add(&shared_keys, key, context);
  }
  if (UNLIKELY(outgrown(++t->cache->pairs_missed, pairs_n(t->cache), PAIRS_MAX_LOG))) pairs_grow(t);
  struct known *k = pair_of(t->cache, key);
  k[1] = k[0];
  k[0] = (struct known){key, context};
  return context;
}

static uint32_t tracked_context(struct det_thread *t, struct race_g *g, uint32_t op, struct race_at at) {
  if (UNLIKELY(!t->cache)) cache_begin(t);
  lock_set(t, g);
  uint64_t key = key_of(g, at, op);
  const struct known *k = pair_of(t->cache, key);
  if (LIKELY(k[0].key == key)) return k[0].context;
  if (k[1].key == key) return k[1].context;
  return missed_context(t, g, op, at, key);
}

uint32_t depot_context(struct det_thread *t, struct race_g *g, enum race_op op, struct race_at at) {
  uint32_t kept_op = op == RACE_FREE || op == RACE_ALLOC ? op : 0;
  if (LIKELY(at.fp & AT_TRACKED)) return tracked_context(t, g, kept_op, at);
  return context_of(t, depot_stack(t, g, at), lock_set(t, g), kept_op);
}

uint32_t depot_stack_of(uint32_t context) {
  const struct depot_record *r = depot_get(context);
  return r && r->kind == DEPOT_CONTEXT ? r->a : context;
}

uint32_t depot_locks_of(uint32_t context) {
  const struct depot_record *r = depot_get(context);
  return r && r->kind == DEPOT_CONTEXT ? r->b : 0;
}

enum race_op depot_op_of(uint32_t context, enum race_op otherwise) {
  const struct depot_record *r = depot_get(context);
  return r && r->kind == DEPOT_CONTEXT && r->mask ? (enum race_op)r->mask : otherwise;
}

enum { NAME_MAX_BYTES = 47 }; /* race.h */

uint32_t depot_name(struct det_thread *t, const char *name) {
  uint64_t words[(NAME_MAX_BYTES + 8) / 8] = {0};
  unsigned n = 0;
  uint64_t hash = DEPOT_NAME;
  for (; name[n] && n < NAME_MAX_BYTES; n++) {
    ((char *)words)[n] = name[n];
    hash = depot_mix(hash, (unsigned char)name[n]);
  }
  if (n == 0) return 0;
  struct depot_record head = {.hash = hash, .kind = DEPOT_NAME, .n = (uint16_t)n};
  return intern(t, &head, words, sizeof words / sizeof words[0]);
}

void depot_forget(struct det_thread *t) {
  if (t->cache) mem_zero(t->cache->record, (t->cache->records_mask + 1) * sizeof *t->cache->record);
}
