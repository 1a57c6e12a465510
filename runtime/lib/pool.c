/* Pools: per P a place for one object, and a stack of them behind a spin lock that is nearly always its own P's.
 *
 * A get looks into its own P's place and stack first, the object put last being the one in the cache, then into the
 * others' stacks, and makes a new one last.  Foreign threads share a stack, and have no place.
 *
 * The place belongs to the goroutine that holds the P: no locked instruction for a put and a get.  It says `busy` while
 * it is at it; who drains the pool says `closed`, sees to it by membarrier that everybody knows, and waits for the busy
 * one: what one of the two stored, the other sees.  That costs microseconds, so only gw_pool_try_get does it, when all
 * else is empty.
 *
 * For the detector an object's clock is that of the node that holds it: the object's own address may be a lock's.  Both
 * are touched under the stack's lock; the place, which has none, stays empty.
 *
 * Rejected: Go's lock-free deque per P: it saves the lock when the place is full, but its memory only grows. */
#include "base/arena.h"
#include "runtime/g.h"

/* Stacks beside those of the Ps: of main as long as it runs on none, and of foreign threads. */
enum { MAIN = MAX_PROCS, FOREIGN, STACKS };

struct node {
  struct node *next;
  void *object;
};

struct shard {
  struct spin_SHELF lock; /* guards the lists */
  uint32_t n;             /* atomic, relaxed for looks without the lock: length of `full` */
  struct node *full;      /* the objects, the last one first */
  struct node *empty;     /* nodes for the next ones */
  void *hot;              /* the place: by who is busy, or closed it */
  uint32_t busy;          /* atomic: the P's holder uses the place; release: pairs with the acquire in take_hot */
  uint32_t closed;        /* atomic: guarded by lock: nobody but its holder uses the place */
  char unshared[24];      /* a cache line of its own */
};
_Static_assert(sizeof(struct shard) == 64, "a cache line");

struct gw__pool_shards {
  uint32_t top;             /* atomic: no shard at this index or beyond */
  struct shard *of[STACKS]; /* atomic: by P; made by the first put there */
};

static struct gw__pool_shards *shards_get(gw_pool *p) {
  return __atomic_load_n(&p->gw__shards, __ATOMIC_ACQUIRE); /* pairs with shards_make */
}

static struct gw__pool_shards *shards_make(gw_pool *p) {
  struct gw__pool_shards *mine = arena_alloc_user(sizeof *mine), *none = NULL;
  if (__atomic_compare_exchange_n(&p->gw__shards, &none, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return mine;
  arena_free_user(mine, sizeof *mine);
  return none;
}

static struct shard *shard_get(struct gw__pool_shards *s, uint32_t i) {
  return __atomic_load_n(&s->of[i], __ATOMIC_ACQUIRE); /* pairs with shard_make */
}

static struct shard *shard_make(struct gw__pool_shards *s, uint32_t i) {
  struct shard *mine = arena_alloc_user(sizeof *mine), *none = NULL;
  if (!__atomic_compare_exchange_n(&s->of[i], &none, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    arena_free_user(mine, sizeof *mine);
    return none;
  }
  uint32_t top = __atomic_load_n(&s->top, __ATOMIC_RELAXED);
  while (top <= i && !__atomic_compare_exchange_n(&s->top, &top, i + 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
  }
  return mine;
}

static uint32_t index_of(const struct g *g, const struct m *m) { return m ? m->p->id : g->id == 1 ? MAIN : FOREIGN; }

/* ---- the place: the P's holder comes here between rt_enter and rt_exit ---- */

static inline bool hot_begin(struct shard *s) {
  __atomic_store_n(&s->busy, 1, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);               /* before the load: ordered by the drainer's membarrier */
  return !__atomic_load_n(&s->closed, __ATOMIC_ACQUIRE); /* pairs with its release: what it left there */
}
static inline void hot_end(struct shard *s) { __atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE); }

static inline void *hot_get(struct shard *s) {
  void *object = NULL;
  if (hot_begin(s)) {
    object = s->hot;
    s->hot = NULL;
  }
  hot_end(s);
  return object;
}

static inline bool hot_put(struct shard *s, void *object) {
  bool empty = hot_begin(s) && !s->hot;
  if (empty) s->hot = object;
  hot_end(s);
  return empty;
}

/* Somebody else's. */
static void *hot_drain(struct shard *s) {
  spin_lock(&s->lock);
  __atomic_store_n(&s->closed, 1, __ATOMIC_RELAXED);
  prim_membarrier();
  for (int spins = 0; __atomic_load_n(&s->busy, __ATOMIC_ACQUIRE); spins++)
    if (spins < 100) /* a few instructions; longer: its thread doesn't run */
      spin_pause();
    else
      prim_sched_yield();
  void *object = s->hot;
  s->hot = NULL;
  __atomic_store_n(&s->closed, 0, __ATOMIC_RELEASE);
  spin_unlock(&s->lock);
  return object;
}

/* ---- the stacks ---- */

static void *take(struct shard *s, struct race_g *r) {
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
  void *object = NULL;
  if (s && !GW_RACE && own != FOREIGN) object = hot_get(s);
  if (s && !object) object = take(s, r);
  if (object) return object;
  uint32_t top = __atomic_load_n(&all->top, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0, at = own; !object && i < top; i++) {
    at = at + 1 < top ? at + 1 : 0;
    if ((s = shard_get(all, at))) object = take(s, r);
  }
  return object;
}

static void *drain_any(struct gw__pool_shards *all) {
  void *object = NULL;
  uint32_t top = __atomic_load_n(&all->top, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; !object && i < top && !GW_RACE; i++) {
    struct shard *s = shard_get(all, i);
    if (s) object = hot_drain(s);
  }
  return object;
}

static inline void *get(gw_pool *p, bool drain, struct race_at at) {
  struct gw__pool_shards *all = shards_get(p);
  if (!all) return NULL;
  struct g *g = g_self();
  race_access(g->race, &p->gw__shards, sizeof(void *), RACE_READ, at);
  struct m *m = rt_enter(g);
  void *object = take_any(all, index_of(g, m), g->race);
  if (!object && drain) object = drain_any(all);
  rt_exit(m);
  return object;
}

void *gw_pool_try_get(gw_pool *p) { return get(p, true, RACE_HERE()); }

void *gw_pool_get(gw_pool *p) {
  void *object = get(p, false, RACE_HERE());
  return object || !p->gw__make ? object : p->gw__make();
}

static struct node *node_make(void) {
  struct node *node = arena_alloc_user(sizeof *node);
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
  uint32_t i = index_of(g, m);
  struct shard *s = shard_get(all, i);
  if (!s) s = shard_make(all, i);
  if (GW_RACE || i == FOREIGN || !hot_put(s, object)) push(s, object, g->race);
  rt_exit(m);
}

static void nodes_free(struct node *node) {
  while (node) {
    struct node *next = node->next;
    race_forget(node);
    arena_free_user(node, sizeof *node);
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
    arena_free_user(s, sizeof *s);
  }
  arena_free_user(all, sizeof *all);
  __atomic_store_n(&p->gw__shards, NULL, __ATOMIC_RELEASE);
}
