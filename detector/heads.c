/* heads.h: see there. */
#include "detector/heads.h"

#include "detector/epoch.h"
#include "detector/judge.h"
#include "detector/sync.h"

static const struct clock_ref nothing = {.slot = CLOCK_NONE};

static struct clock_ref share(const struct clock_ref *c) {
  return (struct clock_ref){clock_share(c->tree), c->clock, c->slot};
}

/* race_g_id. */
static inline uint64_t id_of(const struct race_g *g) { return epochs.incarnation[g->incarnation].id; }

static void replace(struct det_thread *t, struct clock_ref *c, struct clock_ref by) {
  clock_drop(t, c->tree);
  *c = by;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static size_t table_size(uint32_t log) { return sizeof(struct head_table) + (sizeof(struct sync_head) << log); }

static struct head_table *table_new(uint32_t log) {
  struct head_table *heads = arena_alloc(table_size(log));
  heads->log = log;
  return heads;
}

/* Where the goroutine's head is or would be. */
static struct sync_head *table_find(struct head_table *heads, uint64_t goroutine) {
  uint32_t mask = (1u << heads->log) - 1, i = (uint32_t)(goroutine * 0x9E3779B97F4A7C15u >> 32) & mask;
  while (heads->at[i].goroutine && heads->at[i].goroutine != goroutine) i = (i + 1) & mask;
  return &heads->at[i];
}

static void table_free(struct det_thread *t, struct sync_atomic *a) {
  struct head_table *heads = a->several;
  if (!heads) return;
  for (uint32_t i = 0; i < 1u << heads->log; i++) clock_drop(t, heads->at[i].clock.tree);
  arena_free(heads, table_size(heads->log));
  a->several = NULL;
}

static struct sync_head *table_add(struct head_table *heads, uint64_t goroutine, uint32_t incarnation) {
  struct sync_head *h = table_find(heads, goroutine);
  *h = (struct sync_head){.goroutine = goroutine, .incarnation = incarnation, .clock = nothing};
  heads->n++;
  return h;
}

static bool has_ended(const struct sync_head *h) {
  const struct incarnation *who = &epochs.incarnation[h->incarnation];
  /* both only ever change away from a goroutine that lives */
  return __atomic_load_n(&who->id, __ATOMIC_RELAXED) != h->goroutine || __atomic_load_n(&who->ended, __ATOMIC_RELAXED);
}

/* Doubles it, unless many of its goroutines have ended. */
static void table_grow(struct det_thread *t, struct sync_atomic *a) {
  struct head_table *old = a->several;
  uint32_t alive = 0, log = old->log;
  for (uint32_t i = 0; i < 1u << old->log; i++) alive += old->at[i].goroutine && !has_ended(&old->at[i]);
  if (4 * alive >= 1u << log) log++;
  struct head_table *grown = table_new(log);
  for (uint32_t i = 0; i < 1u << old->log; i++) {
    struct sync_head *h = &old->at[i];
    if (!h->goroutine || has_ended(h)) continue;
    table_add(grown, h->goroutine, h->incarnation)->clock = h->clock;
    h->clock = nothing;
  }
  table_free(t, a);
  a->several = grown;
}

/* g's head among several, made if need be. */
static struct sync_head *head_of(struct det_thread *t, struct sync_atomic *a, const struct race_g *g) {
  enum { FIRST_LOG = 3 };
  if (!a->several) {
    a->several = table_new(FIRST_LOG);
    table_add(a->several, a->only, a->only_incarnation)->clock = share(&a->all);
    a->only = 0;
  }
  uint64_t me = id_of(g);
  struct sync_head *h = table_find(a->several, me);
  if (h->goroutine) return h;
  if (2 * (a->several->n + 1) > 1u << a->several->log) table_grow(t, a);
  return table_add(a->several, me, g->incarnation);
}

/* --- what operations do to them ----------------------------------------------------------------------------------- */

/* g is, or becomes, the one who heads all. */
static bool is_alone(struct sync_atomic *a, const struct race_g *g) {
  uint64_t me = id_of(g);
  if (a->only == me) return true;
  if (a->only || a->several) return false;
  a->only = me;
  a->only_incarnation = g->incarnation;
  return true;
}

void heads_end_others(struct det_thread *t, struct sync_atomic *a, const struct race_g *g) {
  uint64_t me = id_of(g);
  if (a->only == me) return;
  struct clock_ref mine = nothing;
  a->only = 0;
  a->epoch = 0;
  if (a->several) {
    struct sync_head *h = table_find(a->several, me);
    if (h->goroutine) {
      mine = h->clock;
      h->clock = nothing;
      a->only = me;
      a->only_incarnation = g->incarnation;
    }
    table_free(t, a);
  }
  replace(t, &a->all, mine);
}

void heads_release(struct det_thread *t, struct sync_atomic *a, struct race_g *g, bool acquired) {
  struct clock_ref mine;
  /* what g publishes contains its own head, as all that it published before */
  bool whole = acquired || is_alone(a, g) || det_knows(g, &a->all);
  det_publish(g, &mine);
  a->epoch = g->recorded ? g->epoch : 0;
  if (!is_alone(a, g)) replace(t, &head_of(t, a, g)->clock, share(&mine));
  if (whole) {
    replace(t, &a->all, mine);
  } else {
    sync_join_clock(t, &a->all, &mine);
    clock_drop(t, mine.tree);
  }
}

/* Of one goroutine the later publication contains the earlier; which is which, its own component says. */
static void add_fence(struct det_thread *t, struct clock_ref *head, const struct clock_ref *fence) {
  if (fence->slot == CLOCK_NONE)
    head->tree = clock_join(t, head->tree, fence->tree);
  else if (head->slot == CLOCK_NONE || head->clock < fence->clock)
    replace(t, head, share(fence));
}

void heads_release_fence(struct det_thread *t, struct sync_atomic *a, const struct race_g *g) {
  if (is_alone(a, g)) return add_fence(t, &a->all, &g->fence);
  add_fence(t, &head_of(t, a, g)->clock, &g->fence);
  sync_join_clock(t, &a->all, &g->fence);
}

/* Most of what it finds in cells next is of that epoch: the other's. */
void heads_know_epoch(struct det_thread *t, const struct race_g *g, const struct sync_atomic *a) {
  if (a->epoch) ordered_note(t, g, a->epoch);
}

/* What g knows, and what it has laid aside already, needn't be laid aside. */
void heads_lay_aside(struct det_thread *t, const struct sync_atomic *a, struct race_g *g) {
  const struct clock_ref *all = &a->all;
  if (det_knows(g, all)) return;
  g->fence_acquire = true;
  if (all->slot != CLOCK_NONE && clock_get(g->pending_acquire, all->slot) >= all->clock) return;
  g->pending_acquire = clock_join(t, g->pending_acquire, all->tree);
  if (all->slot != CLOCK_NONE && clock_get(g->pending_acquire, all->slot) < all->clock)
    g->pending_acquire = clock_set(t, g->pending_acquire, all->slot, all->clock);
}

void heads_clear(struct det_thread *t, struct sync_atomic *a) {
  table_free(t, a);
  a->only = 0;
  a->epoch = 0;
  replace(t, &a->all, nothing);
}

void heads_each_clock(struct sync_atomic *a, void (*f)(struct clock_ref *c, void *arg), void *arg) {
  a->epoch = 0; /* ids change their meaning */
  f(&a->all, arg);
  if (!a->several) return;
  for (uint32_t i = 0; i < 1u << a->several->log; i++)
    if (a->several->at[i].goroutine) f(&a->several->at[i].clock, arg);
}
