/* The concurrent map: chained hash tables in shards, written under the shard's spin lock, read under its sequence.
 *
 * A reader notes the shard's sequence, walks, and accepts what it found if the sequence is still the same; after a few
 * tries it takes the lock.  So what a reader may walk into stays what it is: an entry is an entry of the same size for
 * ever, a table outgrown is kept, and all of it goes back to the arena only in gw_map_free.  Values are single words.
 *
 * Invariants: the sequence is odd exactly while the lock's holder changes chains.  An entry's `refs` counts the map
 * itself and each gw_map_range that still has to show it; with none it is on a list of unused ones.
 *
 * For the detector: an entry's address is the clock of its present value.  Value and clock are read together, so under
 * the detector readers take the lock.
 *
 * Rejected: a lock per shard for readers too (one hot key would be a hot lock); sync.Map's two maps (a store of a new
 * key copies). */
#include <string.h>

#include "base/arena.h"
#include "runtime/g.h"

enum { SHARD_BITS = 5, SHARDS = 1 << SHARD_BITS, FIRST_BUCKETS = 8 };
enum { CLASSES = 6, ENTRY_MIN = 64 }; /* entries of 64, 128, ... 2048 bytes; larger ones share the last list */
enum { TRIES = 8, CHECK_EVERY = 64 };

struct entry {
  struct entry *next; /* atomic: chain, or list of unused ones */
  uint64_t hash;      /* atomic */
  void *value;        /* atomic; NULL: unused */
  uint32_t refs;      /* guarded by the shard's lock */
  uint32_t length;    /* atomic: of the key */
  uint64_t room;      /* constant: bytes for the key, its end included */
  char key[];
};

struct table {
  struct table *older; /* outgrown ones, kept for readers */
  uint64_t buckets;    /* a power of two */
  struct entry *at[];  /* atomic */
};

struct shard {
  struct spin_SHARD lock;            /* guards what changes */
  uint32_t sequence;                 /* atomic, see above */
  uint64_t n;                        /* entries in the table */
  struct table *table;               /* atomic; NULL before the first store */
  struct entry *unused[CLASSES + 1]; /* by size */
  char unshared[128 - 80];           /* cache lines of its own */
};
_Static_assert(sizeof(struct shard) == 128, "two cache lines");

struct gw__map_shards {
  uint64_t seed; /* of the hash: nobody outside can choose keys that collide */
  char unshared[56];
  struct shard of[SHARDS];
};

struct key {
  const char *text;
  uint64_t hash;
  uint32_t length;
};

/* ---- hash: multiply and fold, eight bytes at a time ---- */

static uint64_t fold(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Odd numbers with as many ones as zeros, from the digits of pi and e. */
#define MIX_A UINT64_C(0x243f6a8885a308d3)
#define MIX_B UINT64_C(0xb7e151628aed2a6b)

static uint64_t hash_of(const char *text, size_t n, uint64_t seed) {
  uint64_t h = seed ^ fold(n ^ MIX_A, MIX_B), word;
  for (; n >= 8; n -= 8, text += 8) {
    memcpy(&word, text, 8);
    h = fold(h ^ word, MIX_A);
  }
  word = 0;
  for (size_t i = 0; i < n; i++) word |= (uint64_t)(unsigned char)text[i] << 8 * i;
  return fold(fold(h ^ word, MIX_B) ^ seed, MIX_A);
}

static struct key key_of(const struct gw__map_shards *all, const char *text) {
  size_t n = strlen(text);
  if (n > UINT32_MAX / 2) gw_panic("map: key of %zu bytes", n);
  return (struct key){text, hash_of(text, n, all->seed), (uint32_t)n};
}

static struct shard *shard_of(struct gw__map_shards *all, const struct key *k) {
  return &all->of[k->hash >> (64 - SHARD_BITS)];
}

/* ---- the map itself ---- */

static struct gw__map_shards *shards_get(gw_map *m, struct race_at at) {
  struct gw__map_shards *all = __atomic_load_n(&m->gw__shards, __ATOMIC_ACQUIRE); /* pairs with shards_make */
  if (GW_RACE && all) race_access(race_self(), &m->gw__shards, sizeof(void *), RACE_READ, at);
  return all;
}

static struct gw__map_shards *shards_make(gw_map *m, struct race_at at) {
  struct gw__map_shards *all = shards_get(m, at), *none = NULL;
  if (all) return all;
  all = arena_alloc_user(sizeof *all);
  all->seed = prim_random();
  if (__atomic_compare_exchange_n(&m->gw__shards, &none, all, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return all;
  arena_free_user(all, sizeof *all);
  return shards_get(m, at);
}

/* Acquire: what is read afterwards is as it was then or later. */
static uint32_t sequence_get(const struct shard *s) { return __atomic_load_n(&s->sequence, __ATOMIC_ACQUIRE); }
/* Nothing has changed since: what was read before belongs together. */
static bool sequence_same(const struct shard *s, uint32_t was) {
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return __atomic_load_n(&s->sequence, __ATOMIC_RELAXED) == was;
}
static void change_begin_locked(struct shard *s) {
  __atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE); /* pairs with the fence in sequence_same */
}
static void change_end_locked(struct shard *s) {
  __atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_RELEASE); /* pairs with sequence_get */
}

/* A relaxed load or store that a reader without the lock may run beside. */
#define PEEK(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)
#define POKE(place, v) __atomic_store_n(&(place), (v), __ATOMIC_RELAXED)

/* Without the lock the entry may be changing: `room` keeps the comparison inside it. */
static bool entry_is(const struct entry *e, const struct key *k) {
  return PEEK(e->hash) == k->hash && PEEK(e->length) == k->length && k->length < e->room &&
         memcmp(e->key, k->text, k->length) == 0;
}

static struct entry **bucket_of(struct table *t, uint64_t hash) { return &t->at[hash & (t->buckets - 1)]; }

/* The place that points to the entry, or the end of its chain; NULL without a table. */
static struct entry **find_locked(struct shard *s, const struct key *k) {
  if (!s->table) return NULL;
  struct entry **at = bucket_of(s->table, k->hash);
  while (*at && !entry_is(*at, k)) at = &(*at)->next;
  return at;
}

/* ---- reading ---- */

static void *load_locked(struct shard *s, const struct key *k) {
  struct race_g *r = race_self();
  struct m *m = rt_enter(g_self());
  spin_lock(&s->lock);
  struct entry **at = find_locked(s, k), *e = at ? *at : NULL;
  void *value = e ? e->value : NULL;
  if (e) race_acquire(r, e);
  spin_unlock(&s->lock);
  rt_exit(m);
  return value;
}

/* True if *value is what the map holds; false if a writer came in between. */
static bool load_beside(const struct shard *s, const struct key *k, void **value) {
  uint32_t was = sequence_get(s);
  if (was & 1) return false;
  struct table *t = PEEK(s->table);
  struct entry *e = NULL;
  if (t) {
    int steps = 0;
    for (e = PEEK(*bucket_of(t, k->hash)); e && !entry_is(e, k); e = PEEK(e->next))
      if (++steps % CHECK_EVERY == 0 && !sequence_same(s, was)) return false; /* it may go in a circle by now */
  }
  *value = e ? __atomic_load_n(&e->value, __ATOMIC_ACQUIRE) : NULL; /* pairs with the release in value_set_locked */
  return sequence_same(s, was);
}

void *gw_map_load(gw_map *m, const char *text) {
  struct gw__map_shards *all = shards_get(m, RACE_HERE());
  if (!all) return NULL;
  struct key k = key_of(all, text);
  struct shard *s = shard_of(all, &k);
  void *value;
  if (!GW_RACE)
    for (int i = 0; i < TRIES; i++) {
      if (load_beside(s, &k, &value)) return value;
      spin_pause();
    }
  return load_locked(s, &k);
}

/* ---- writing ---- */

static void *value_set_locked(struct entry *e, void *value, struct race_g *r) {
  void *old = e->value;
  if (old) race_acquire(r, e);
  race_release(r, e);
  __atomic_store_n(&e->value, value, __ATOMIC_RELEASE);
  return old;
}

static size_t entry_size(const struct entry *e) { return sizeof *e + e->room; }

static struct entry **unused_list(struct shard *s, size_t size) {
  size_t class = 0;
  while (class < CLASSES && (size_t)ENTRY_MIN << class < size) class ++;
  return &s->unused[class];
}

/* Room for a key of that length: an unused one of the same size, or a new one. */
static struct entry *entry_make_locked(struct shard *s, uint32_t length) {
  size_t need = sizeof(struct entry) + length + 1, size = ENTRY_MIN;
  while (size < need) size *= 2;
  for (struct entry **at = unused_list(s, size), *e; (e = *at); at = &e->next)
    if (entry_size(e) >= need) {
      POKE(*at, e->next);
      return e;
    }
  struct entry *e = arena_alloc_user(size);
  race_reborn(e, size);
  e->room = size - sizeof *e;
  return e;
}

static void entry_drop_locked(struct shard *s, struct entry *e) {
  if (--e->refs) return;
  struct entry **list = unused_list(s, entry_size(e));
  POKE(e->value, NULL);
  POKE(e->next, *list);
  *list = e;
}

static struct table *table_make(uint64_t buckets) {
  struct table *t = arena_alloc_user(sizeof *t + buckets * sizeof(struct entry *));
  t->buckets = buckets;
  return t;
}

static void grow_locked(struct shard *s) {
  struct table *old = s->table, *t = table_make(old ? old->buckets * 2 : FIRST_BUCKETS);
  t->older = old;
  for (uint64_t i = 0; old && i < old->buckets; i++)
    for (struct entry *e = old->at[i], *next; e; e = next) {
      next = e->next;
      struct entry **bucket = bucket_of(t, e->hash);
      POKE(e->next, *bucket);
      *bucket = e;
    }
  __atomic_store_n(&s->table, t, __ATOMIC_RELEASE);
}

static void insert_locked(struct shard *s, const struct key *k, void *value, struct race_g *r) {
  change_begin_locked(s);
  if (!s->table || s->n == s->table->buckets) grow_locked(s);
  struct entry *e = entry_make_locked(s, k->length), **bucket = bucket_of(s->table, k->hash);
  POKE(e->hash, k->hash);
  POKE(e->length, k->length);
  memcpy(e->key, k->text, k->length + 1);
  e->refs = 1;
  value_set_locked(e, value, r);
  POKE(e->next, *bucket);
  POKE(*bucket, e);
  s->n++;
  change_end_locked(s);
}

/* The key's value before; sets it if there was none, or `replace` says so. */
static void *put(gw_map *m, const char *text, void *value, bool replace, struct race_at at) {
  if (!value) gw_panic("map: store of NULL");
  struct gw__map_shards *all = shards_make(m, at);
  struct key k = key_of(all, text);
  struct shard *s = shard_of(all, &k);
  struct g *g = g_self();
  struct m *here = rt_enter(g);
  spin_lock(&s->lock);
  struct entry **found = find_locked(s, &k), *e = found ? *found : NULL;
  void *old = NULL;
  if (!e) {
    insert_locked(s, &k, value, g->race);
  } else if (replace) {
    old = value_set_locked(e, value, g->race);
  } else {
    race_acquire(g->race, e);
    old = e->value;
  }
  spin_unlock(&s->lock);
  rt_exit(here);
  return old;
}

void *gw_map_store(gw_map *m, const char *key, void *value) { return put(m, key, value, true, RACE_HERE()); }

void *gw_map_load_or_store(gw_map *m, const char *key, void *value, bool *loaded) {
  void *old = put(m, key, value, false, RACE_HERE());
  if (loaded) {
    race_access(race_self(), loaded, sizeof *loaded, RACE_WRITE, RACE_HERE());
    *loaded = old != NULL;
  }
  return old ? old : value;
}

void *gw_map_delete(gw_map *m, const char *text) {
  struct gw__map_shards *all = shards_get(m, RACE_HERE());
  if (!all) return NULL;
  struct key k = key_of(all, text);
  struct shard *s = shard_of(all, &k);
  struct g *g = g_self();
  struct m *here = rt_enter(g);
  spin_lock(&s->lock);
  struct entry **found = find_locked(s, &k), *e = found ? *found : NULL;
  void *old = NULL;
  if (e) {
    race_acquire(g->race, e);
    old = e->value;
    change_begin_locked(s);
    POKE(*found, e->next);
    s->n--;
    entry_drop_locked(s, e);
    change_end_locked(s);
  }
  spin_unlock(&s->lock);
  rt_exit(here);
  return old;
}

/* ---- going through all ---- */

/* What a shard holds, kept while it is shown. */
struct view {
  struct shard *shard;
  struct seen {
    struct entry *e;
    void *value;
  } *seen;
  uint64_t n, room;
};

static void view_take(struct view *v, struct race_g *r) {
  struct m *m = rt_enter(g_self());
  spin_lock(&v->shard->lock);
  while (v->shard->n > v->room) { /* room is made without the lock */
    uint64_t room = v->shard->n * 2;
    spin_unlock(&v->shard->lock);
    if (v->seen) arena_free_user(v->seen, v->room * sizeof *v->seen);
    v->seen = arena_alloc_user(room * sizeof *v->seen);
    v->room = room;
    spin_lock(&v->shard->lock);
  }
  struct table *t = v->shard->table;
  v->n = 0;
  for (uint64_t i = 0; t && i < t->buckets; i++)
    for (struct entry *e = t->at[i]; e; e = e->next) {
      GW_CHECK(v->n < v->room);
      e->refs++;
      race_acquire(r, e);
      v->seen[v->n++] = (struct seen){e, e->value};
    }
  spin_unlock(&v->shard->lock);
  rt_exit(m);
}

/* Also when f panics, or ends the goroutine. */
static void view_drop(void *arg) {
  struct view *v = arg;
  struct m *m = rt_enter(g_self());
  spin_lock(&v->shard->lock);
  for (uint64_t i = 0; i < v->n; i++)
    entry_drop_locked(v->shard, v->seen[i].e); /* readers can't be led there any more */
  spin_unlock(&v->shard->lock);
  rt_exit(m);
  if (v->seen) arena_free_user(v->seen, v->room * sizeof *v->seen);
}

static bool show(struct shard *s, bool (*f)(const char *, void *, void *), void *arg, struct race_g *r) {
  struct view v = {.shard = s};
  view_take(&v, r);
  struct gw__defer d __attribute__((cleanup(gw__defer_end))) = {view_drop, &v, NULL};
  gw__defer_begin(&d);
  for (uint64_t i = 0; i < v.n; i++)
    if (!f(v.seen[i].e->key, v.seen[i].value, arg)) return false;
  return true;
}

void gw_map_range(gw_map *m, bool (*f)(const char *key, void *value, void *arg), void *arg) {
  struct gw__map_shards *all = shards_get(m, RACE_HERE());
  if (!all) return;
  for (int i = 0; i < SHARDS; i++)
    if (!show(&all->of[i], f, arg, race_self())) return;
}

/* ---- the end ---- */

static void entries_free(struct entry *e) {
  while (e) {
    struct entry *next = e->next;
    race_forget(e);
    arena_free_user(e, entry_size(e));
    e = next;
  }
}

static void shard_free(struct shard *s) {
  for (int i = 0; i <= CLASSES; i++) entries_free(s->unused[i]);
  struct table *t = s->table;
  for (uint64_t i = 0; t && i < t->buckets; i++) entries_free(t->at[i]);
  while (t) {
    struct table *older = t->older;
    arena_free_user(t, sizeof *t + t->buckets * sizeof(struct entry *));
    t = older;
  }
}

void gw_map_free(gw_map *m) {
  struct gw__map_shards *all = __atomic_load_n(&m->gw__shards, __ATOMIC_ACQUIRE);
  if (!all) return;
  race_access(race_self(), &m->gw__shards, sizeof(void *), RACE_WRITE, RACE_HERE());
  for (int i = 0; i < SHARDS; i++) shard_free(&all->of[i]);
  arena_free_user(all, sizeof *all);
  __atomic_store_n(&m->gw__shards, NULL, __ATOMIC_RELEASE);
}
