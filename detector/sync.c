/* sync.h, and the happens-before calls of race.h. */
#include "detector/sync.h"

#include "base/prim.h"
#include "detector/epoch.h"
#include "detector/shadow.h"

enum { BUCKETS_LOG = 18 }; /* guess: 4 MB of address space, touched where there are objects */

static struct sync_bucket *buckets;
static uint64_t births; /* atomic: objects made so far */

void sync_init(void) {
  buckets = prim_map(sizeof *buckets << BUCKETS_LOG);
  if (!buckets) gw__fatal("the system refuses address space for clocks: check `ulimit -v`");
}

struct sync_bucket *sync_bucket(uintptr_t addr) {
  uintptr_t line = addr >> 6;
  return &buckets[(line ^ line >> BUCKETS_LOG) & ((1u << BUCKETS_LOG) - 1)];
}

struct sync_obj *sync_find_locked(struct sync_bucket *b, uintptr_t addr) {
  struct sync_obj *o = b->first;
  while (o && o->addr != addr) o = o->next;
  return o;
}

struct sync_obj *sync_get_locked(struct sync_bucket *b, uintptr_t addr) {
  struct sync_obj *o = sync_find_locked(b, addr);
  if (o) return o;
  o = arena_alloc(sizeof *o);
  o->addr = addr;
  o->clock.slot = CLOCK_NONE;
  o->takes = __atomic_add_fetch(&births, 1, __ATOMIC_RELAXED) << 32;
  o->next = b->first;
  b->first = o;
  if (shadow_covered(addr)) { /* the bit is never cleared again: see det_reborn */
    uint8_t *m = shadow_meta(addr >> 6);
    line_unlock(m, line_lock(m) | META_SYNC);
  }
  return o;
}

void sync_heads_clear(struct det_thread *t, struct sync_obj *o) {
  while (o->heads) {
    struct sync_head *h = o->heads;
    o->heads = h->next;
    clock_drop(t, h->clock.tree);
    arena_free(h, sizeof *h);
  }
}

static void obj_free(struct det_thread *t, struct sync_obj *o) {
  clock_drop(t, o->clock.tree);
  sync_heads_clear(t, o);
  arena_free(o, sizeof *o);
}

bool sync_forget_range(struct det_thread *t, uintptr_t lo, uintptr_t hi) {
  bool left = false;
  struct sync_bucket *b = sync_bucket(lo);
  order_forget(lo, hi);
  spin_lock(&b->lock);
  for (struct sync_obj **at = &b->first; *at;) {
    struct sync_obj *o = *at;
    if (o->addr >= lo && o->addr < hi) {
      *at = o->next;
      obj_free(t, o);
    } else {
      left |= o->addr >> 6 == lo >> 6;
      at = &o->next;
    }
  }
  spin_unlock(&b->lock);
  return left;
}

void sync_each_clock(void (*f)(struct clock_ref *c, void *arg), void *arg) {
  for (uint32_t i = 0; i < 1u << BUCKETS_LOG; i++)
    for (struct sync_obj *o = buckets[i].first; o; o = o->next) {
      f(&o->clock, arg);
      for (struct sync_head *h = o->heads; h; h = h->next) f(&h->clock, arg);
    }
}

/* Clean release: while nothing was recorded in the open segment, the last closed one stands for all that g did; no id
 * is used up. But a clock value must always stand for one state of the tree (acquire relies on it): if g acquired
 * something since the last tick, the open segment is published (and closed) though it is empty. */
static bool must_close(const struct race_g *g) { return g->recorded || g->acquired; }

void det_publish_to_lock(struct race_g *g, struct clock_ref *out) {
  out->tree = clock_share(g->clock.tree);
  out->slot = g->clock.slot;
  out->clock = must_close(g) || out->slot == CLOCK_NONE ? g->clock.clock : g->clock.clock - 1;
}

void det_publish(struct race_g *g, struct clock_ref *out) {
  g->untaken_n = 0;
  det_publish_to_lock(g, out);
}

static uint32_t next_epoch(struct det_thread *t, struct race_g *g) {
  if (g->spare) {
    uint32_t epoch = g->spare;
    g->spare = 0;
    epochs.entry[cell_id(epoch)].clock = g->clock.clock;
    return epoch;
  }
  bool collect;
  uint32_t id = epoch_new(g->clock.slot, g->clock.clock, g->incarnation, &collect);
  if (UNLIKELY(collect)) t->collect_wanted = true;
  return id << CELL_ID_SHIFT;
}

void det_tick(struct det_thread *t, struct race_g *g) {
  if (!must_close(g)) return;
  g->acquired = false;
  if (g->clock.slot == CLOCK_NONE) return;
  g->clock.clock++;
  if (!g->recorded) { /* no cell holds the open id: it moves on with the clock */
    epochs.entry[cell_id(g->epoch)].clock = g->clock.clock;
    return;
  }
  g->epoch = next_epoch(t, g);
  g->recorded = false;
  if (t->g == g) __gw_tls.epoch = g->epoch;
}

/* All that the publisher of `from` did is known already: by the own component of it, as whoever has that has got it
 * together with the tree (clock.h). */
static bool known(const struct race_g *g, const struct clock_ref *from) {
  if (from->slot == CLOCK_NONE) return !from->tree || from->tree == g->clock.tree;
  if (from->slot == g->clock.slot) return from->clock >= g->first_clock;
  return clock_get(g->clock.tree, from->slot) >= from->clock;
}

/* Is g's tree part of from's? So if `from` knows g's last published segment and g acquired nothing since: then the
 * releaser got g's whole tree with it. */
static bool contains(const struct race_g *g, const struct clock_ref *from) {
  return !g->acquired && g->clock.slot != CLOCK_NONE && g->clock.clock > g->first_clock && from->tree &&
         clock_get(from->tree, g->clock.slot) >= g->clock.clock - 1;
}

void det_acquire_clock(struct det_thread *t, struct race_g *g, const struct clock_ref *from) {
  if (known(g, from)) return;
  struct node *tree = g->clock.tree;
  if (contains(g, from)) {
    clock_share(from->tree);
    clock_drop(t, tree);
    tree = from->tree;
  } else {
    tree = clock_join(t, tree, from->tree);
  }
  if (from->slot != CLOCK_NONE && from->slot != g->clock.slot && clock_get(tree, from->slot) < from->clock)
    tree = clock_set(t, tree, from->slot, from->clock);
  g->clock.tree = tree;
  g->acquired = true;
}

/* Joins what g publishes into c.  What c held stays outside of any one publication, so c has no own component then
 * (`known` would take it for all of c), unless g knew all of c: then its publication contains c. */
static void merge_into(struct det_thread *t, struct race_g *g, struct clock_ref *c) {
  struct clock_ref mine;
  det_publish_to_lock(g, &mine);
  if (mine.slot != CLOCK_NONE && (c->slot != CLOCK_NONE || !c->tree) && known(g, c)) {
    clock_drop(t, c->tree);
    *c = mine;
    return;
  }
  if (c->slot != CLOCK_NONE && clock_get(c->tree, c->slot) < c->clock)
    c->tree = clock_set(t, c->tree, c->slot, c->clock);
  c->slot = CLOCK_NONE;
  c->tree = clock_join(t, c->tree, mine.tree);
  if (mine.slot != CLOCK_NONE && clock_get(c->tree, mine.slot) < mine.clock)
    c->tree = clock_set(t, c->tree, mine.slot, mine.clock);
  clock_drop(t, mine.tree);
}

void race_acquire(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_find_locked(b, (uintptr_t)addr);
  if (o) {
    o->takes++;
    det_acquire_clock(t, g, &o->clock);
  }
  spin_unlock(&b->lock);
  det_exit(t);
}

void race_release(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_get_locked(b, (uintptr_t)addr);
  clock_drop(t, o->clock.tree);
  det_publish(g, &o->clock);
  spin_unlock(&b->lock);
  det_tick(t, g);
  det_exit(t);
}

void race_release_merge(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  g->untaken_n = 0;
  spin_lock(&b->lock);
  merge_into(t, g, &sync_get_locked(b, (uintptr_t)addr)->clock);
  spin_unlock(&b->lock);
  det_tick(t, g);
  det_exit(t);
}

void race_lock(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_find_locked(b, (uintptr_t)addr);
  if (o) {
    det_reopen(t, g, o->addr, o->takes);
    o->takes++;
    det_acquire_clock(t, g, &o->clock);
  }
  spin_unlock(&b->lock);
  det_exit(t);
}

void race_unlock(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_get_locked(b, (uintptr_t)addr);
  clock_drop(t, o->clock.tree);
  det_publish_to_lock(g, &o->clock);
  det_untaken_push(g, o->addr, o->takes);
  spin_unlock(&b->lock);
  det_tick(t, g);
  det_exit(t);
}

void race_read_lock(struct race_g *g, const void *writers, const void *readers) {
  race_acquire(g, writers);
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)readers);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_find_locked(b, (uintptr_t)readers);
  if (o) det_reopen(t, g, o->addr, o->takes);
  spin_unlock(&b->lock);
  det_exit(t);
}

void race_read_unlock(struct race_g *g, const void *readers) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)readers);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_get_locked(b, (uintptr_t)readers);
  merge_into(t, g, &o->clock);
  det_untaken_push(g, o->addr, o->takes);
  spin_unlock(&b->lock);
  det_tick(t, g);
  det_exit(t);
}

void race_release_acquire(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_get_locked(b, (uintptr_t)addr);
  struct clock_ref before = o->clock; /* what the others left, still owned by o */
  clock_share(before.tree);
  o->takes++;
  g->untaken_n = 0;
  merge_into(t, g, &o->clock);
  det_tick(t, g);
  det_acquire_clock(t, g, &before);
  clock_drop(t, before.tree);
  spin_unlock(&b->lock);
  det_exit(t);
}

void race_handoff(struct race_g *from, struct race_g *to) {
  struct det_thread *t = det_enter();
  struct clock_ref c;
  det_publish(from, &c);
  det_acquire_clock(t, to, &c);
  clock_drop(t, c.tree);
  det_tick(t, from);
  det_exit(t);
}

void race_forget(const void *addr) {
  struct det_thread *t = det_enter();
  sync_forget_range(t, (uintptr_t)addr, (uintptr_t)addr + 1);
  det_exit(t);
}
