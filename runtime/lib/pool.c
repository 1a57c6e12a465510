/* Pools: per P a place for one object, and a stack of them behind a spin lock that is nearly always its own P's.
 *
 * A get looks into its own P's place and stack first, the object put last being the one in the cache, then into the
 * others', and makes a new one last.  Foreign threads share a stack of their own.  Only the goroutine that holds the P
 * fills the place, anybody empties it: so filling it is a store, and a put and a get together one locked instruction.
 *
 * For the detector an object's clock is that of the node that holds it: the object's own address may be a lock's.  Both
 * are touched under the stack's lock; the place, which has none, stays empty.
 *
 * Rejected: Go's lock-free deque per P: it saves the lock when the place is full, but its memory only grows. */
#include "base/arena.h"
#include "runtime/g.h"

enum { FOREIGN = MAX_PROCS };

struct node {
  struct node *next;
  void *object;
};

struct shard {
  struct spin lock;   /* guards the lists */
  uint32_t n;         /* atomic, relaxed for looks without the lock: length of `full` */
  struct node *full;  /* the objects, the last one first */
  struct node *empty; /* nodes for the next ones */
  void *hot;          /* atomic: the place; release by the P's holder, acquire by who exchanges it for NULL */
  char unshared[32];  /* a cache line of its own */
};
_Static_assert(sizeof(struct shard) == 64, "a cache line");

struct gw__pool_shards {
  uint32_t top;                    /* atomic: no shard at this index or beyond */
  struct shard *of[MAX_PROCS + 1]; /* atomic: by P; made by the first put there */
};

static struct gw__pool_shards *shards_get(gw_pool *p) {
  return __atomic_load_n(&p->gw__shards, __ATOMIC_ACQUIRE); /* pairs with shards_make */
}

static struct gw__pool_shards *shards_make(gw_pool *p) {
  struct gw__pool_shards *mine = arena_alloc(sizeof *mine), *none = NULL;
  if (__atomic_compare_exchange_n(&p->gw__shards, &none, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return mine;
  arena_free(mine, sizeof *mine);
  return none;
}

static struct shard *shard_get(struct gw__pool_shards *s, uint32_t i) {
  return __atomic_load_n(&s->of[i], __ATOMIC_ACQUIRE); /* pairs with shard_make */
}

static struct shard *shard_make(struct gw__pool_shards *s, uint32_t i) {
  struct shard *mine = arena_alloc(sizeof *mine), *none = NULL;
  if (!__atomic_compare_exchange_n(&s->of[i], &none, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    arena_free(mine, sizeof *mine);
    return none;
  }
  uint32_t top = __atomic_load_n(&s->top, __ATOMIC_RELAXED);
  while (top <= i && !__atomic_compare_exchange_n(&s->top, &top, i + 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
  }
  return mine;
}

static uint32_t index_of(const struct m *m) { return m ? m->p->id : FOREIGN; }

static void *take(struct shard *s, struct race_g *r) {
  void *hot = __atomic_load_n(&s->hot, __ATOMIC_RELAXED) ? __atomic_exchange_n(&s->hot, NULL, __ATOMIC_ACQUIRE) : NULL;
  if (hot) return hot;
  if (__atomic_load_n(&s->n, __ATOMIC_RELAXED) == 0) return NULL;
  spin_lock(&s->lock);
  struct node *node = s->full;
  void *object = NULL;
  if (node) {
    s->full = node->next;
    __atomic_store_n(&s->n, s->n - 1, __ATOMIC_RELAXED);
    race_acquire(r, node);
    object = node->object;
    node->next = s->empty;
    s->empty = node;
  }
  spin_unlock(&s->lock);
  return object;
}

static void *take_any(struct gw__pool_shards *all, uint32_t own, struct race_g *r) {
  struct shard *s = shard_get(all, own);
  void *object = s ? take(s, r) : NULL;
  uint32_t top = __atomic_load_n(&all->top, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0, at = own; !object && i < top; i++) {
    at = at + 1 < top ? at + 1 : 0;
    if ((s = shard_get(all, at))) object = take(s, r);
  }
  return object;
}

static inline void *try_get(gw_pool *p, struct race_at at) {
  struct gw__pool_shards *all = shards_get(p);
  if (!all) return NULL;
  struct g *g = g_self();
  race_access(g->race, &p->gw__shards, sizeof(void *), RACE_READ, at);
  struct m *m = rt_enter(g);
  void *object = take_any(all, index_of(m), g->race);
  rt_exit(m);
  return object;
}

void *gw_pool_try_get(gw_pool *p) { return try_get(p, RACE_HERE()); }

void *gw_pool_get(gw_pool *p) {
  void *object = try_get(p, RACE_HERE());
  return object || !p->gw__make ? object : p->gw__make();
}

static struct node *node_make(void) {
  struct node *node = arena_alloc(sizeof *node);
  race_reborn(node, sizeof *node);
  return node;
}

static void push(struct shard *s, void *object, struct race_g *r) {
  spin_lock(&s->lock);
  struct node *node = s->empty;
  if (node)
    s->empty = node->next;
  else
    node = node_make();
  node->object = object;
  race_release(r, node);
  node->next = s->full;
  s->full = node;
  __atomic_store_n(&s->n, s->n + 1, __ATOMIC_RELAXED);
  spin_unlock(&s->lock);
}

void gw_pool_put(gw_pool *p, void *object) {
  if (!object) return;
  struct g *g = g_self();
  struct gw__pool_shards *all = shards_get(p);
  if (!all) all = shards_make(p);
  race_access(g->race, &p->gw__shards, sizeof(void *), RACE_READ, RACE_HERE());
  struct m *m = rt_enter(g);
  uint32_t i = index_of(m);
  struct shard *s = shard_get(all, i);
  if (!s) s = shard_make(all, i);
  if (!GW_RACE && i != FOREIGN && !__atomic_load_n(&s->hot, __ATOMIC_RELAXED))
    __atomic_store_n(&s->hot, object, __ATOMIC_RELEASE);
  else
    push(s, object, g->race);
  rt_exit(m);
}

static void nodes_free(struct node *node) {
  while (node) {
    struct node *next = node->next;
    race_forget(node);
    arena_free(node, sizeof *node);
    node = next;
  }
}

void gw_pool_free(gw_pool *p) {
  struct gw__pool_shards *all = shards_get(p);
  if (!all) return;
  race_access(race_self(), &p->gw__shards, sizeof(void *), RACE_WRITE, RACE_HERE());
  for (uint32_t i = 0; i < all->top; i++) {
    struct shard *s = all->of[i];
    if (!s) continue;
    nodes_free(s->full);
    nodes_free(s->empty);
    arena_free(s, sizeof *s);
  }
  arena_free(all, sizeof *all);
  __atomic_store_n(&p->gw__shards, NULL, __ATOMIC_RELEASE);
}
