/* victim.h: the table. Neighbouring lines have neighbouring buckets, so that what is touched together lies together. */
#include "detector/victim.h"

#include "base/mem.h"
#include "base/prim.h"
#include "detector/bucket_map.h"
#include "detector/epoch.h"

struct bucket {
  struct spin_VICTIMS lock; /* of the chain, not of what is in its sets */
  uint32_t unused;
  struct victim_set *first;
};

static struct bucket *buckets;
static struct bucket_map used;

void victim_init(void) {
  buckets = prim_map(sizeof *buckets << TABLE_BUCKETS_LOG);
  if (!buckets) gw__fatal("the system refuses address space for the victim table: check `ulimit -v`");
}

static struct bucket *bucket_of(uintptr_t granule) {
  uintptr_t line = granule >> 3;
  return &buckets[(line ^ line >> TABLE_BUCKETS_LOG) & (TABLE_BUCKETS - 1)];
}

static struct victim_set *find_locked(const struct bucket *b, uintptr_t granule) {
  struct victim_set *s = b->first;
  while (s && s->granule != granule) s = s->next;
  return s;
}

struct victim_set *victim_find(uintptr_t granule) {
  struct bucket *b = bucket_of(granule);
  spin_lock(&b->lock);
  struct victim_set *s = find_locked(b, granule);
  spin_unlock(&b->lock);
  return s;
}

static struct victim_set *find_or_make(uintptr_t granule) {
  struct bucket *b = bucket_of(granule);
  spin_lock(&b->lock);
  struct victim_set *s = find_locked(b, granule);
  if (!s) {
    s = arena_alloc(sizeof *s);
    s->granule = granule;
    s->next = b->first;
    b->first = s;
    bucket_map_set(&used, (size_t)(b - buckets));
  }
  spin_unlock(&b->lock);
  return s;
}

/* --- a list --------------------------------------------------------------------------------------------------------
 */

static void index_free(struct victim_list *l) {
  if (l->index) arena_free(l->index, sizeof *l->index << l->index_log);
  l->index = NULL;
}

static void entries_free(struct victim_list *l) {
  if (l->at) arena_free(l->at, l->cap * sizeof *l->at);
}

static void list_grow(struct victim_list *l) {
  uint32_t cap = l->cap ? 2 * l->cap : 2;
  struct victim *at = arena_alloc(cap * sizeof *at);
  mem_copy(at, l->at, l->n * sizeof *at);
  entries_free(l);
  l->at = at;
  l->cap = cap;
}

static uint32_t slot_of(uint32_t cell) { return epochs.entry[cell_id(cell)].slot; }

static uint32_t index_first(const struct victim_list *l, uint32_t slot) {
  return slot * 0x9E3779B9u >> (32 - l->index_log);
}

static void index_put(struct victim_list *l, uint32_t slot, uint32_t place) {
  uint32_t mask = (1u << l->index_log) - 1, i = index_first(l, slot);
  while (l->index[i].slot_plus_1) i = (i + 1) & mask;
  l->index[i].slot_plus_1 = slot + 1;
  l->index[i].place = place;
}

/* Called with no empty entries. */
static void index_build(struct victim_list *l) {
  index_free(l);
  if (l->n <= VICTIMS_LINEAR) return;
  l->index_log = 6;
  while (1u << l->index_log < 3 * l->n) l->index_log++;
  l->index = arena_alloc(sizeof *l->index << l->index_log);
  for (uint32_t i = 0; i < l->n; i++) index_put(l, slot_of(l->at[i].cell), i);
}

bool victim_each_of(struct victim_list *l, uint32_t slot, bool (*f)(struct victim *v, void *arg), void *arg) {
  uint32_t mask = (1u << l->index_log) - 1;
  for (uint32_t i = index_first(l, slot); l->index[i].slot_plus_1; i = (i + 1) & mask)
    if (l->index[i].slot_plus_1 == slot + 1 && f(&l->at[l->index[i].place], arg)) return true;
  return false;
}

static bool fill_empty(struct victim *v, void *arg) {
  if (v->cell) return false;
  *v = *(struct victim *)arg;
  return true;
}

static void drop_empty(struct victim_list *l) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < l->n; i++)
    if (l->at[i].cell) l->at[kept++] = l->at[i];
  l->n = kept;
}

static void list_add(struct victim_list *l, struct victim v) {
  l->known_slot = CLOCK_NONE;
  if (l->index && victim_each_of(l, slot_of(v.cell), fill_empty, &v)) return;
  if (l->n == l->cap) list_grow(l);
  l->at[l->n++] = v;
  if (l->index && 2 * l->n < 1u << l->index_log) {
    index_put(l, slot_of(v.cell), l->n - 1);
  } else if (l->n > VICTIMS_LINEAR) {
    drop_empty(l);
    index_build(l);
  }
}

void victim_add(uintptr_t granule, uint32_t cell, uint32_t ctx, bool write) {
  unsigned kind = (write ? VICTIM_WRITES : 0) + (cell & CELL_ATOMIC ? VICTIM_ATOMICS : 0);
  list_add(&find_or_make(granule)->list[kind], (struct victim){cell, ctx});
}

void victim_compact(struct victim_list *l) {
  uint32_t before = l->n;
  drop_empty(l);
  l->look_at = 2 * l->n + VICTIMS_LINEAR;
  if (l->n != before) index_build(l);
}

/* --- sets ----------------------------------------------------------------------------------------------------------
 */

static void set_free(struct victim_set *s) {
  for (unsigned kind = 0; kind < VICTIM_LISTS; kind++) {
    index_free(&s->list[kind]);
    entries_free(&s->list[kind]);
  }
  arena_free(s, sizeof *s);
}

static void unlink_set(struct victim_set *s) {
  struct bucket *b = bucket_of(s->granule);
  spin_lock(&b->lock);
  struct victim_set **at = &b->first;
  while (*at != s) at = &(*at)->next;
  *at = s->next;
  spin_unlock(&b->lock);
}

bool victim_done(struct victim_set *s) {
  for (unsigned kind = 0; kind < VICTIM_LISTS; kind++)
    if (s->list[kind].n) return false;
  unlink_set(s);
  set_free(s);
  return true;
}

void victim_forget(uintptr_t first, uintptr_t last) {
  for (uintptr_t granule = first; granule <= last; granule++) {
    struct victim_set *s = victim_find(granule);
    if (!s) continue;
    unlink_set(s);
    set_free(s);
  }
}

static void each_in(struct victim_list *l, void (*f)(uint32_t *cell, void *arg), void *arg) {
  l->known_slot = CLOCK_NONE;
  for (uint32_t i = 0; i < l->n; i++)
    if (l->at[i].cell) f(&l->at[i].cell, arg);
}

struct each {
  void (*f)(uint32_t *cell, void *arg);
  void *arg;
};

static bool each_in_bucket(size_t i, void *arg) {
  const struct each *e = arg;
  for (struct victim_set *s = buckets[i].first; s; s = s->next)
    for (unsigned kind = 0; kind < VICTIM_LISTS; kind++) each_in(&s->list[kind], e->f, e->arg);
  return buckets[i].first;
}

void victim_each(void (*f)(uint32_t *cell, void *arg), void *arg) {
  bucket_map_each(&used, each_in_bucket, &(struct each){f, arg});
}
