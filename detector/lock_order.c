/* The lock graph: lock_order.h.
 *
 * An edge from A to B: somebody held A while waiting for B.  Tries and timed waits make no edge to what they take, as
 * they don't wait for ever; what they took is held like any lock.  Each edge has its *uses*: with which other locks
 * held, in which modes, by whom and when (representatives), and from where.  A nesting that a goroutine has shown
 * before in the same phase (lock_phase.h) lately, on the thread that it runs on, costs a hash of what it holds; all
 * else happens under graph.lock, inside the detector.
 *
 * A lock that is destroyed, or whose memory is freed, leaves the graph with its edges; what is remembered as held
 * beside others goes by ids that are never used again.
 *
 * Edges that order nothing new (transitive ones) are kept: a gate lock may guard the longer way and not the shorter.
 */
#include "base/mem.h"
#include "base/prim.h"
#include "detector/depot.h"
#include "detector/lock_graph.h"
#include "detector/lock_seen.h"
#include "detector/shadow.h"

enum { BUCKETS_LOG = 16 }; /* guess: of nodes, of edges; touched where used */

static struct {
  struct spin_ORDER lock;
  struct order_node **nodes; /* by line */
  struct order_edge **edges;
  uint64_t next_id;    /* of nodes */
  uint32_t generation; /* atomic; grows when a lock is gone: what threads have seen is void */
} graph;

static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 31) * 0x9E3779B97F4A7C15u;
  return x ^ x >> 29;
}
static uint32_t bucket(uint64_t hash) { return (uint32_t)(mix(hash) >> (64 - BUCKETS_LOG)); }

void graph_lock(void) { spin_lock(&graph.lock); }
void graph_unlock(void) { spin_unlock(&graph.lock); }

void order_init(void) {
  size_t n = sizeof(void *) << BUCKETS_LOG;
  graph.nodes = prim_map(n);
  graph.edges = prim_map(n);
  if (!graph.nodes || !graph.edges) gw__fatal("the system refuses address space for locks: check `ulimit -v`");
}

void order_after_fork(void) {
  size_t n = sizeof(void *) << BUCKETS_LOG; /* what hung there is not worth the walk */
  prim_discard(graph.nodes, n);
  prim_discard(graph.edges, n);
  graph.generation++;
}

/* --- locks and edges ---------------------------------------------------------------------------------------------- */

static struct order_node **node_bucket(uintptr_t addr) { return &graph.nodes[bucket(addr >> 6)]; }

/* The line's bit leads order_forget here when its memory changes hands. */
static void mark_line(uintptr_t addr) {
  if (!shadow_covered(addr)) return;
  uint8_t *m = shadow_meta(addr >> 6);
  uint8_t meta = line_lock(m);
  if (!(meta & META_SYNC)) shadow_note_line(addr >> 6);
  line_unlock(m, meta | META_SYNC);
}

static struct order_node *node_get_locked(uintptr_t addr) {
  struct order_node **at = node_bucket(addr);
  for (struct order_node *n = *at; n; n = n->next)
    if (n->addr == addr) return n;
  struct order_node *n = arena_alloc(sizeof *n);
  n->addr = addr;
  n->id = ++graph.next_id;
  n->next = *at;
  /* release: pairs with order_forget's look without the lock */
  __atomic_store_n(at, n, __ATOMIC_RELEASE);
  mark_line(addr);
  return n;
}

static struct order_edge **edge_bucket(const struct order_node *from, const struct order_node *to) {
  return &graph.edges[bucket(mix(from->id) + to->id)];
}

static struct order_edge *edge_get_locked(struct order_node *from, struct order_node *to) {
  struct order_edge **at = edge_bucket(from, to);
  for (struct order_edge *e = *at; e; e = e->next_hash)
    if (e->from == from && e->to == to) return e;
  order_edges_made++;
  struct order_edge *e = arena_alloc(sizeof *e);
  *e = (struct order_edge){.from = from, .to = to, .next_out = from->out, .next_in = to->in, .next_hash = *at};
  from->out = to->in = *at = e;
  return e;
}

static void held_drop(struct order_held *h) {
  if (--h->refs == 0) arena_free(h, sizeof *h + h->n * sizeof *h->v);
}

static void use_free(struct det_thread *t, struct order_use *use) {
  for (uint32_t i = 0; i < use->actors; i++) clock_drop(t, use->by[i].phase.tree);
  if (use->by) arena_free(use->by, use->room * sizeof *use->by);
  held_drop(use->held);
  arena_free(use, sizeof *use);
}

static void edge_free_locked(struct det_thread *t, struct order_edge *e) {
  while (e->uses) {
    struct order_use *use = e->uses;
    e->uses = use->next;
    use_free(t, use);
  }
  struct order_edge **at;
  for (at = edge_bucket(e->from, e->to); *at != e;) at = &(*at)->next_hash;
  *at = e->next_hash;
  for (at = &e->from->out; *at != e;) at = &(*at)->next_out;
  *at = e->next_out;
  for (at = &e->to->in; *at != e;) at = &(*at)->next_in;
  *at = e->next_in;
  arena_free(e, sizeof *e);
}

void order_forget(struct det_thread *t, uintptr_t lo, uintptr_t hi) {
  struct order_node **at = node_bucket(lo);
  if (LIKELY(!__atomic_load_n(at, __ATOMIC_ACQUIRE))) return;
  spin_lock(&graph.lock);
  while (*at) {
    struct order_node *n = *at;
    if (n->addr < lo || n->addr >= hi) {
      at = &n->next;
      continue;
    }
    while (n->out) edge_free_locked(t, n->out);
    while (n->in) edge_free_locked(t, n->in);
    __atomic_store_n(at, n->next, __ATOMIC_RELEASE);
    arena_free(n, sizeof *n);
    __atomic_fetch_add(&graph.generation, 1, __ATOMIC_RELAXED);
  }
  spin_unlock(&graph.lock);
}

/* --- nestings ----------------------------------------------------------------------------------------------------- */

/* The i-th of the n that are looked at. */
static const struct held_lock *held_at(const struct race_g *g, uint32_t n, uint32_t i) {
  return &g->held[i < HELD_OLDEST ? i : g->held_n - n + i];
}

static struct order_held *held_copy_locked(const struct race_g *g, struct order_node **nodes) {
  uint32_t n = g->held_n < HELD_MAX ? g->held_n : HELD_MAX;
  struct order_held *h = arena_alloc(sizeof *h + n * sizeof *h->v);
  h->n = n;
  h->refs = 1;
  for (uint32_t i = 0; i < n; i++) {
    const struct held_lock *l = held_at(g, n, i);
    nodes[i] = node_get_locked(l->addr);
    h->v[i] = (struct order_held_lock){nodes[i]->id, l->write};
  }
  return h;
}

static struct order_use *use_get_locked(struct order_edge *e, struct order_held *h, uint32_t index, bool write) {
  uint64_t kind = mix(2 * h->v[index].write + write);
  for (uint32_t i = 0; i < h->n; i++)
    if (i != index) kind += mix(2 * h->v[i].node + h->v[i].write);
  for (struct order_use *use = e->uses; use; use = use->next)
    if (use->kind == kind) return use;
  if (e->n == USES_MAX) return NULL;
  struct order_use *use = arena_alloc(sizeof *use);
  *use = (struct order_use){.next = e->uses, .kind = kind, .held = h, .index = index, .wanted_write = write};
  h->refs++;
  e->uses = use;
  e->n++;
  return use;
}

static struct order_actor *grow(struct order_use *use) {
  uint32_t room = use->room ? 2 * use->room : 2;
  struct order_actor *by = arena_alloc(room * sizeof *by);
  if (use->by) {
    mem_copy(by, use->by, use->actors * sizeof *by);
    arena_free(use->by, use->room * sizeof *by);
  }
  use->by = by;
  use->room = room;
  return by;
}

/* Where one more is kept; NULL: the others do for it.
 *
 * An actor R that was over before N began is not missed: who comes later and is parallel with R is parallel with N, as
 * nobody who comes later was over before N.  (Only a circle of three or more, of which a third part is parallel with R
 * and not with N, is lost: hence the first few stay until there are enough of them.)
 *
 * Who can't be joined is known to those alone that were created by it: so of several that are parallel there is always
 * one for whoever comes later.  Of threads nearly all may have been joined by then, and just the one that runs on
 * counts: they are all kept. */
static struct order_actor *actor_place(struct det_thread *t, struct order_use *use, const struct order_actor *n) {
  uint32_t goroutines = 0;
  for (uint32_t i = 0; use->actors >= REPRESENTATIVES && i < use->actors; i++) {
    struct order_actor *r = &use->by[i];
    goroutines += !r->who.thread;
    if (!phase_before(&r->phase, &n->phase)) continue;
    clock_drop(t, r->phase.tree);
    return r;
  }
  if (goroutines >= REPRESENTATIVES / 2 || use->actors == ACTORS_MAX) return NULL;
  if (use->actors == use->room) grow(use);
  return &use->by[use->actors++];
}

/* Nothing in this phase, from the same goroutine, is new. */
static bool actor_known(const struct order_use *use, const struct order_actor *n) {
  for (uint32_t i = 0; i < use->actors; i++) {
    const struct order_actor *r = &use->by[i];
    if (r->who.id == n->who.id && r->phase.slot == n->phase.slot && r->phase.clock == n->phase.clock) return true;
  }
  return false;
}

static void actor_add(struct det_thread *t, struct order_use *use, const struct order_actor *n) {
  struct order_actor *at = actor_place(t, use, n);
  if (!at) return;
  *at = *n;
  clock_share(at->phase.tree);
}

enum { CYCLES = 4 }; /* told of one nesting at once */

static unsigned add_locked(struct det_thread *t, struct race_g *g, uintptr_t lock, bool write, uint32_t stack,
                           struct order_cycle *out) {
  struct order_node *nodes[HELD_MAX] = {NULL}, *to = node_get_locked(lock);
  struct order_held *h = held_copy_locked(g, nodes);
  struct order_actor me = {.who = epochs.incarnation[g->incarnation], .wanted_stack = stack};
  phase_name_locked(&g->phase, &me.phase);
  unsigned found = 0;
  for (uint32_t i = 0; i < h->n; i++) {
    GW_CHECK(nodes[i]); /* each of the h->n has one */
    struct order_edge *e = edge_get_locked(nodes[i], to);
    struct order_use *use = use_get_locked(e, h, i, write);
    if (!use || actor_known(use, &me)) continue;
    me.held_stack = held_at(g, h->n, i)->stack;
    if (found < CYCLES) found += order_cycles(e, use, &me, &out[found], CYCLES - found);
    actor_add(t, use, &me);
  }
  clock_drop(t, me.phase.tree);
  held_drop(h);
  return found;
}

/* Hash of the nesting, whose it is and its phase; 0 if the lock is held already: then nobody else is waited for. */
static uint64_t nesting_key(const struct race_g *g, uintptr_t lock, bool write) {
  uint64_t sum = mix(mix(2 * lock + write) + g->phase.now.clock) + mix(~g->serial);
  for (uint32_t i = 0; i < g->held_n; i++) {
    if (g->held[i].addr == lock) return 0;
    sum += mix(mix(2 * g->held[i].addr + g->held[i].write));
  }
  return mix(sum) | 1;
}

static __attribute__((noinline)) void show(struct det_thread *t, struct race_g *g, uintptr_t lock, bool write,
                                           struct race_at at) {
  struct order_cycle cycles[CYCLES];
  uint32_t stack = depot_stack(t, g, at);
  spin_lock(&graph.lock);
  unsigned n = add_locked(t, g, lock, write, stack, cycles);
  spin_unlock(&graph.lock);
  for (unsigned i = 0; i < n; i++) report_lock_order(t, &cycles[i]);
}

void race_lock_wanted(struct race_g *g, const void *lock, bool write, struct race_at at) {
  if (!g || g->held_n == 0) return;
  held_purge(g);
  uint64_t key = g->held_n ? nesting_key(g, (uintptr_t)lock, write) : 0;
  if (!key) return;
  struct det_thread *t = det_enter();
  /* relaxed: a lock that this goroutine takes was freed and made anew before, with an edge to it */
  uint32_t generation = __atomic_load_n(&graph.generation, __ATOMIC_RELAXED);
  if (!lock_seen(t, key, generation)) show(t, g, (uintptr_t)lock, write, at);
  det_exit(t);
}
