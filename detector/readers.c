/* readers.h: the table of sets, and what threads remember of it. */
#include "detector/readers.h"

#include "base/mem.h"
#include "detector/composite.h"

enum {
  SETS_MAX = 1 << 21,     /* guess: a quarter of the ids */
  READERS_MAX = 4096,     /* guess: in any set */
  PRICE = 8,              /* guess: granules that a thread must have found in its memory for a set, and one a reader */
  KNOWN_SHARE = 4,        /* guess: a set that exists already costs a quarter */
  REFUSED_MANY = 1 << 12, /* guess: refusals after which it may make some sets again, to see whether they pay now */
  CREDIT_FEW = 64,        /* guess: readers that a thread must be able to pay for */
  CREDIT_AGAIN = 1 << 10, /* guess: granules that it gets for that */
  CREDIT_MAX = 16 * READERS_MAX,
  TABLE_MIN_LOG = 8,
  ROOM_MIN = 16 << 20, /* guess: bytes of sets between collections at least */
  WAYS = 4,            /* places for each answer; two that take one another's would cost more than others bring */
};

uint32_t readers_credit_first = 1 << 15; /* guess */

/* The sets, chained by hash. */
static struct {
  struct spin_READERS lock;   /* guards what follows */
  struct reader_set **bucket; /* NULL: there were none yet */
  uint32_t log;               /* of the buckets */
  uint32_t n;                 /* atomic: others look whether there are too many */
  size_t bytes;               /* of all sets; atomic likewise */
  size_t collect_at;          /* bytes; written by the collector, alone */
} sets = {.collect_at = ROOM_MIN};

static size_t set_size(uint32_t room) { return sizeof(struct reader_set) + room * sizeof(struct reader); }

static struct reader_set *set_new(uint32_t room) {
  struct reader_set *s = arena_alloc(set_size(room));
  s->room = room;
  return s;
}

static void set_free(struct reader_set *s) { arena_free(s, set_size(s->room)); }

static uint64_t hash_of(const struct reader *r) {
  uint64_t h = ((uint64_t)r->slot << 32 | r->id) * 0x9E3779B97F4A7C15u;
  h = (h ^ h >> 29 ^ ((uint64_t)r->ctx << 8 | r->bytes)) * 0xBF58476D1CE4E5B9u;
  return h ^ h >> 32;
}

static void set_add(struct reader_set *s, struct reader r) {
  GW_CHECK(s->n < s->room);
  s->at[s->n++] = r;
  s->hash += hash_of(&r);
}

static bool same_readers(const struct reader_set *a, const struct reader_set *b) {
  if (a->hash != b->hash || a->n != b->n) return false;
  for (uint32_t i = 0; i < a->n; i++) {
    const struct reader *x = &a->at[i], *y = &b->at[i];
    if (x->id != y->id || x->slot != y->slot || x->ctx != y->ctx || x->bytes != y->bytes) return false;
  }
  return true;
}

static uint32_t bytes_of(const struct reader_set *s) {
  uint32_t bytes = 0;
  for (uint32_t i = 0; i < s->n; i++) bytes |= s->at[i].bytes;
  return bytes;
}

/* --- the table -----------------------------------------------------------------------------------------------------
 */

static struct reader_set **bucket_of(uint64_t hash) { return &sets.bucket[hash >> (64 - sets.log)]; }

static void table_resize_locked(uint32_t log) {
  struct reader_set **old = sets.bucket;
  const size_t old_n = old ? (size_t)1 << sets.log : 0;
  sets.bucket = arena_alloc(sizeof *sets.bucket << log);
  sets.log = log;
  for (size_t i = 0; i < old_n; i++)
    for (struct reader_set *s = old[i], *next; s; s = next) {
      struct reader_set **b = bucket_of(s->hash);
      next = s->next;
      s->next = *b;
      *b = s;
    }
  if (old) arena_free(old, old_n * sizeof *old);
}

static struct reader_set *find_locked(const struct reader_set *like) {
  struct reader_set *s = *bucket_of(like->hash);
  while (s && !same_readers(s, like)) s = s->next;
  return s;
}

static void count_locked(const struct reader_set *s, int by) {
  const size_t size = set_size(s->room);
  __atomic_store_n(&sets.n, sets.n + (uint32_t)by, __ATOMIC_RELAXED);
  __atomic_store_n(&sets.bytes, by > 0 ? sets.bytes + size : sets.bytes - size, __ATOMIC_RELAXED);
}

static void link_locked(struct reader_set *s) {
  if (sets.n >> sets.log) table_resize_locked(sets.log + 1);
  struct reader_set **b = bucket_of(s->hash);
  s->next = *b;
  *b = s;
  count_locked(s, 1);
}

/* For a set of n readers; who only takes some away from one may get into no debt. */
static void pay(struct readers_memory *m, uint32_t n, bool known) {
  uint32_t price = known ? (PRICE + n) / KNOWN_SHARE : PRICE + n;
  m->credit -= price < m->credit ? price : m->credit;
}

bool readers_made;

/* The id of the set with these readers; takes over `s`. */
static uint32_t intern(struct det_thread *t, struct reader_set *s) {
  spin_lock(&sets.lock);
  if (UNLIKELY(!sets.bucket)) table_resize_locked(TABLE_MIN_LOG);
  const struct reader_set *known = find_locked(s);
  if (t->readers) pay(t->readers, s->n, known);
  if (known) {
    spin_unlock(&sets.lock);
    set_free(s);
    return known->id;
  }
  if (!readers_any()) __atomic_store_n(&readers_made, true, __ATOMIC_RELAXED);
  s->id = epoch_new(t, EPOCH_READERS, (uintptr_t)s, 1);
  link_locked(s);
  spin_unlock(&sets.lock);
  if (readers_are_many()) t->collect_wanted = true;
  return s->id;
}

bool readers_are_many(void) { return __atomic_load_n(&sets.bytes, __ATOMIC_RELAXED) >= sets.collect_at; }

/* --- a set ---------------------------------------------------------------------------------------------------------
 */

bool readers_before(const struct race_g *g, uint32_t id) {
  const struct reader_set *s = readers_of(id);
  for (uint32_t i = 0; i < s->n; i++)
    if (s->at[i].id != cell_id(g->epoch) && !epoch_before(g, s->at[i].id)) return false;
  return true;
}

/* The reader with that slot and id; NULL if there is none. */
static const struct reader *find_reader(const struct reader_set *s, uint32_t slot, uint32_t id) {
  uint32_t lo = 0, hi = s->n;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    const struct reader *r = &s->at[mid];
    if (r->slot == slot && r->id == id) return r;
    if (r->slot < slot || (r->slot == slot && r->id < id))
      lo = mid + 1;
    else
      hi = mid;
  }
  return NULL;
}

bool readers_have(const struct race_g *g, uint32_t cell, uint32_t own, uint32_t mask) {
  const struct reader_set *s = readers_of(cell_id(cell));
  if (!s) return false;
  const struct reader *r = find_reader(s, g->clock.slot, cell_id(own));
  return r && !(mask & ~(r->bytes & cell));
}

static bool has_credit(struct readers_memory *m, uint32_t n) {
  if (LIKELY(m->credit >= PRICE + n)) return true;
  if (++m->refused % REFUSED_MANY == 0) m->credit += CREDIT_AGAIN;
  return false;
}

static struct readers_memory *memory_of(struct det_thread *t) {
  if (UNLIKELY(!t->readers)) {
    t->readers = arena_alloc(sizeof *t->readers);
    t->readers->credit = readers_credit_first;
  }
  return t->readers;
}

bool readers_pay(struct det_thread *t) { return has_credit(memory_of(t), CREDIT_FEW); }

/* Sets are for those who use them well. */
static bool affordable(struct readers_memory *m, uint32_t n) {
  if (__atomic_load_n(&sets.n, __ATOMIC_RELAXED) >= SETS_MAX || n > READERS_MAX) return false;
  return has_credit(m, n);
}

static bool comes_before(const struct reader *a, const struct reader *b) {
  return a->slot < b->slot || (a->slot == b->slot && a->id < b->id);
}

/* One that stood in the cell goes into the new set, as far as it stays. */
static void add_old(const struct race_g *g, struct reader_set *to, struct reader r, uint32_t mask) {
  if (r.bytes & mask && epoch_before(g, r.id)) r.bytes &= ~mask;
  if (r.bytes) set_add(to, r);
}

/* What the open epoch has read of the granule, this read included. */
static struct reader own_reader(struct det_thread *t, const struct race_g *g, const struct readers_new *read,
                                const struct reader *before, uint32_t bytes) {
  struct reader r = {.slot = g->clock.slot, .id = cell_id(read->own), .ctx = read->ctx, .bytes = read->mask};
  const uint32_t had = before ? before->bytes & bytes : 0;
  if (had && before->ctx != read->ctx) r.ctx = composite_of(t, before->ctx, read->ctx, read->mask);
  r.bytes |= had;
  return r;
}

/* `old`: n readers, of which the cell has still the bytes `bytes`. */
static uint32_t join(struct det_thread *t, const struct race_g *g, const struct reader *old, uint32_t n, uint32_t bytes,
                     const struct readers_new *read, const struct reader *before) {
  const struct reader own = own_reader(t, g, read, before, bytes);
  struct reader_set *s = set_new(n + 1);
  bool placed = false;
  for (uint32_t i = 0; i < n; i++) {
    struct reader r = old[i];
    if (&old[i] == before) continue;
    if (!placed && comes_before(&own, &r)) {
      set_add(s, own);
      placed = true;
    }
    r.bytes &= bytes;
    add_old(g, s, r, read->mask);
  }
  if (!placed) set_add(s, own);
  if (s->n == 1) { /* nobody reads beside it: that is no set */
    set_free(s);
    return 0;
  }
  bytes = bytes_of(s);
  return intern(t, s) << CELL_ID_SHIFT | bytes;
}

static bool is_answer(const struct readers_answer *a, uint32_t cell, uint32_t ctx, const struct readers_new *read) {
  return a->cell == cell && a->ctx == ctx && a->own == read->own && a->mask == read->mask && a->mine == read->ctx &&
         a->joined;
}

/* By context, too: the places of an unrolled loop find the same cell. */
static struct readers_answer *places_of(struct readers_memory *m, uint32_t cell, uint32_t ctx,
                                        const struct readers_new *read) {
  uint32_t h = (cell ^ read->mask << 20) * 0x9E3779B9u ^ (ctx + 3 * read->ctx) * 0x85EBCA6Bu;
  return &m->answer[(h >> 16) % (READERS_ANSWERS / WAYS) * WAYS];
}

/* The newest of its places is the first. */
static void remember(struct readers_answer *place, struct readers_answer a) {
  for (unsigned i = WAYS - 1; i > 0; i--) place[i] = place[i - 1];
  place[0] = a;
}

static uint32_t join_anew(struct det_thread *t, const struct race_g *g, const struct reader_set *set, uint32_t cell,
                          uint32_t ctx, const struct readers_new *read) {
  const struct reader one = {
      .slot = epochs.entry[cell_id(cell)].slot, .id = cell_id(cell), .ctx = ctx, .bytes = CELL_BYTES};
  const struct reader *before = set ? find_reader(set, g->clock.slot, cell_id(read->own)) : NULL;
  if (before && !(read->mask & ~(before->bytes & cell))) return cell;
  const uint32_t n = set ? set->n : 1;
  if (!affordable(t->readers, n + 1)) return 0;
  return join(t, g, set ? set->at : &one, n, cell & CELL_BYTES, read, before);
}

/* Has the set in the cell the open epoch's read of all bytes of the cell? */
static bool reads_all(const struct race_g *g, uint32_t cell, uint32_t own) {
  return readers_have(g, cell, own, cell & CELL_BYTES);
}

static void hold(struct readers_memory *m, uint32_t own, uint32_t cell) {
  *readers_held_place(m, cell) = (uint64_t)own << 32 | cell;
  m->held_by = own;
}

uint32_t readers_join(struct det_thread *t, const struct race_g *g, uint32_t cell, uint32_t ctx,
                      const struct readers_new *read) {
  const struct reader_set *set = readers_of(cell_id(cell));
  struct readers_memory *m = memory_of(t);
  if (set) ctx = 0;
  struct readers_answer *place = places_of(m, cell, ctx, read);
  for (unsigned i = 0; i < WAYS; i++) {
    if (!is_answer(&place[i], cell, ctx, read)) continue;
    if (m->credit < CREDIT_MAX) m->credit += read->granules;
    if (place[i].held) hold(m, read->own, place[i].joined);
    return place[i].joined;
  }
  uint32_t joined = join_anew(t, g, set, cell, ctx, read);
  if (!joined) return 0;
  const bool held = reads_all(g, joined, read->own);
  if (held) hold(m, read->own, joined);
  remember(place, (struct readers_answer){.cell = cell,
                                          .ctx = ctx,
                                          .own = read->own,
                                          .mask = read->mask,
                                          .mine = read->ctx,
                                          .joined = joined,
                                          .held = held});
  return joined;
}

uint32_t readers_without_racers(struct det_thread *t, const struct race_g *g, uint32_t cell, uint32_t mask,
                                uint32_t *ctx) {
  const struct reader_set *set = readers_of(cell_id(cell));
  struct reader_set *s = set_new(set->n);
  for (uint32_t i = 0; i < set->n; i++) {
    struct reader r = set->at[i];
    r.bytes &= cell & CELL_BYTES;
    if (!epoch_before(g, r.id)) r.bytes &= ~mask;
    if (r.bytes) set_add(s, r);
  }
  uint32_t left = bytes_of(s);
  if (s->n > 1) return intern(t, s) << CELL_ID_SHIFT | left;
  if (s->n == 1) {
    left |= s->at[0].id << CELL_ID_SHIFT;
    *ctx = s->at[0].ctx;
  }
  set_free(s);
  return left;
}

void readers_memory_free(struct det_thread *t) {
  if (t->readers) arena_free(t->readers, sizeof *t->readers);
}

/* --- the collector's -----------------------------------------------------------------------------------------------
 */

/* The order of slots stays; of one slot there are few. */
static void rename_members(struct reader_set *s, const uint32_t *new_id) {
  s->hash = 0;
  for (uint32_t i = 0; i < s->n; i++) {
    struct reader r = s->at[i];
    r.id = new_id[r.id];
    s->hash += hash_of(&r);
    uint32_t to = i;
    for (; to > 0 && comes_before(&r, &s->at[to - 1]); to--) s->at[to] = s->at[to - 1];
    s->at[to] = r;
  }
}

/* Calls f(set, arg) for each, which may link it anew or free it: all are taken out before. */
static void each_taken_out(void (*f)(struct reader_set *s, void *arg), void *arg) {
  if (!sets.bucket) return;
  struct reader_set *all = NULL;
  for (size_t i = 0; i < (size_t)1 << sets.log; i++) {
    for (struct reader_set *s = sets.bucket[i], *next; s; s = next) {
      next = s->next;
      s->next = all;
      all = s;
    }
    sets.bucket[i] = NULL;
  }
  sets.n = 0;
  sets.bytes = 0;
  for (struct reader_set *next; all; all = next) {
    next = all->next;
    f(all, arg);
  }
}

/* One that has become like another goes; nobody looks at its id any more before that is renamed or free. */
static void rename_set(struct reader_set *s, void *arg) {
  uint32_t *new_id = arg;
  rename_members(s, new_id);
  const struct reader_set *like = find_locked(s);
  if (like) {
    new_id[s->id] = like->id;
    set_free(s);
  } else {
    link_locked(s);
  }
}

void readers_rename(uint32_t *new_id) { each_taken_out(rename_set, new_id); }

static void sweep_set(struct reader_set *s, void *arg) {
  uint8_t *live = arg;
  if (!live[s->id]) {
    set_free(s);
    return;
  }
  for (uint32_t i = 0; i < s->n; i++) {
    live[s->at[i].id] = 1;
    composite_mark(s->at[i].ctx);
  }
  link_locked(s);
}

void readers_sweep(uint8_t *live) { each_taken_out(sweep_set, live); }

void readers_forget(struct det_thread *t) {
  if (!t->readers) return;
  mem_zero(t->readers->answer, sizeof t->readers->answer);
  mem_zero(t->readers->held, sizeof t->readers->held);
  t->readers->held_by = 0;
}

void readers_set_room(size_t bytes) { sets.collect_at = sets.bytes + (bytes > ROOM_MIN ? bytes : ROOM_MIN); }
