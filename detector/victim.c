/* victim.h: the table. Neighbouring lines have neighbouring buckets, so that what is touched together lies together. */
#include "detector/victim.h"

#include "base/mem.h"
#include "base/prim.h"
#include "detector/epoch.h"

enum { BUCKETS_LOG = 18 }; /* guess: 4 MB of address space, touched where there are victims */

struct bucket {
  struct spin lock; /* of the chain, not of what is in its sets */
  uint32_t unused;
  struct victim_set *first;
};

static struct bucket *buckets;

void victim_init(void) {
  buckets = prim_map(sizeof *buckets << BUCKETS_LOG);
  if (!buckets) gw__fatal("the system refuses address space for the victim table: check `ulimit -v`");
}

static struct bucket *bucket_of(uintptr_t granule) {
  uintptr_t line = granule >> 3;
  return &buckets[(line ^ line >> BUCKETS_LOG) & ((1u << BUCKETS_LOG) - 1)];
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
  }
  spin_unlock(&b->lock);
  return s;
}

static void index_free(struct victim_set *s) {
  if (s->index) arena_free(s->index, sizeof *s->index << s->index_log);
  s->index = NULL;
}

static void list_free(struct victim_list *l) {
  if (l->at) arena_free(l->at, l->cap * sizeof *l->at);
  *l = (struct victim_list){0};
}

static void set_free(struct victim_set *s) {
  index_free(s);
  list_free(&s->writes);
  list_free(&s->reads);
  arena_free(s, sizeof *s);
}

static void list_push(struct victim_list *l, struct victim v) {
  if (l->n == l->cap) {
    struct victim_list grown = {.n = l->n, .cap = l->cap ? 2 * l->cap : 2};
    grown.at = arena_alloc(grown.cap * sizeof *grown.at);
    mem_copy(grown.at, l->at, l->n * sizeof *l->at);
    list_free(l);
    *l = grown;
  }
  l->at[l->n++] = v;
}

static uint32_t slot_of(uint32_t cell) { return epochs.entry[cell_id(cell)].slot; }

static uint32_t index_first(const struct victim_set *s, uint32_t slot) {
  return slot * 0x9E3779B9u >> (32 - s->index_log);
}

static void index_put(struct victim_set *s, uint32_t slot, uint32_t read) {
  uint32_t mask = (1u << s->index_log) - 1, i = index_first(s, slot);
  while (s->index[i].slot_plus_1) i = (i + 1) & mask;
  s->index[i].slot_plus_1 = slot + 1;
  s->index[i].read = read;
}

/* Called with no empty reads. */
static void index_build(struct victim_set *s) {
  index_free(s);
  if (s->reads.n <= VICTIMS_LINEAR) return;
  s->index_log = 6;
  while (1u << s->index_log < 3 * s->reads.n) s->index_log++;
  s->index = arena_alloc(sizeof *s->index << s->index_log);
  for (uint32_t i = 0; i < s->reads.n; i++) index_put(s, slot_of(s->reads.at[i].cell), i);
}

bool victim_reads_of(struct victim_set *s, uint32_t slot, bool (*f)(struct victim *v, void *arg), void *arg) {
  uint32_t mask = (1u << s->index_log) - 1;
  for (uint32_t i = index_first(s, slot); s->index[i].slot_plus_1; i = (i + 1) & mask)
    if (s->index[i].slot_plus_1 == slot + 1 && f(&s->reads.at[s->index[i].read], arg)) return true;
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

static void add_read(struct victim_set *s, struct victim v) {
  if (s->index && victim_reads_of(s, slot_of(v.cell), fill_empty, &v)) return;
  list_push(&s->reads, v);
  if (s->index && 2 * s->reads.n < 1u << s->index_log) {
    index_put(s, slot_of(v.cell), s->reads.n - 1);
  } else if (s->reads.n > VICTIMS_LINEAR) {
    drop_empty(&s->reads);
    index_build(s);
  }
}

void victim_add(struct det_thread *t, uintptr_t granule, uint32_t cell, uint32_t ctx, bool write) {
  (void)t;
  struct victim_set *s = find_or_make(granule);
  if (write)
    list_push(&s->writes, (struct victim){cell, ctx});
  else
    add_read(s, (struct victim){cell, ctx});
}

static void unlink_set(struct victim_set *s) {
  struct bucket *b = bucket_of(s->granule);
  spin_lock(&b->lock);
  struct victim_set **at = &b->first;
  while (*at != s) at = &(*at)->next;
  *at = s->next;
  spin_unlock(&b->lock);
}

struct victim_set *victim_compact(struct victim_set *s) {
  drop_empty(&s->writes);
  uint32_t before = s->reads.n;
  drop_empty(&s->reads);
  if (s->writes.n + s->reads.n == 0) {
    unlink_set(s);
    set_free(s);
    return NULL;
  }
  if (s->reads.n != before) index_build(s);
  return s;
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
  for (uint32_t i = 0; i < l->n; i++)
    if (l->at[i].cell) f(&l->at[i].cell, arg);
}

void victim_each(void (*f)(uint32_t *cell, void *arg), void *arg) {
  for (uint32_t i = 0; i < 1u << BUCKETS_LOG; i++) {
    for (struct victim_set *s = buckets[i].first; s; s = s->next) {
      each_in(&s->writes, f, arg);
      each_in(&s->reads, f, arg);
    }
  }
}
