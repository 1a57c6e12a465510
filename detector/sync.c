/* The happens-before calls of race.h: what is published, and what is acquired.  The objects are in sync_table.c. */
#include "detector/sync.h"

#include "detector/epoch.h"

/* Clean release: while nothing was recorded or noted in the open segment, the last closed one stands for all that g
 * did; no id is used up. But a clock value must always stand for one state of the tree (acquire relies on it): if g
 * acquired something since the last tick, the open segment is published (and closed) though it is empty. */
bool det_must_close(const struct race_g *g) { return g->recorded || g->noted || g->acquired; }

uint64_t det_published_clock(const struct race_g *g) {
  return det_must_close(g) || g->clock.slot == CLOCK_NONE ? g->clock.clock : g->clock.clock - 1;
}

void det_publish_to_lock(struct race_g *g, struct clock_ref *out) {
  out->tree = clock_share(g->clock.tree);
  out->slot = g->clock.slot;
  out->clock = det_published_clock(g);
}

void det_publish(struct race_g *g, struct clock_ref *out) {
  g->untaken_n = 0;
  det_publish_to_lock(g, out);
}

/* Where the tree has stayed the same, as between goroutines that told one another all, it isn't counted anew. */
static void publish_over(struct det_thread *t, struct race_g *g, struct clock_ref *c) {
  struct node *before = c->tree;
  if (before == g->clock.tree) {
    c->slot = g->clock.slot;
    c->clock = det_published_clock(g);
  } else {
    det_publish_to_lock(g, c);
    clock_drop(t, before);
  }
}

void det_publish_over(struct det_thread *t, struct race_g *g, struct clock_ref *c) {
  g->untaken_n = 0;
  publish_over(t, g, c);
}

static uint32_t next_epoch(struct det_thread *t, struct race_g *g) {
  uint32_t id = cell_id(g->spare);
  if (id)
    epoch_move(id, g->clock.clock);
  else
    id = epoch_new(t, g->clock.slot, g->clock.clock, g->incarnation);
  g->spare = 0;
  epoch_runs_on(id, g->on, true);
  return id << CELL_ID_SHIFT;
}

void det_close(struct det_thread *t, struct race_g *g) {
  if (!det_must_close(g)) return;
  if (g->acquired) g->tree_clock = g->clock.clock;
  g->acquired = g->noted = false;
  if (g->clock.slot == CLOCK_NONE) return;
  if (g->lent) det_lent_closed(g);
  g->clock.clock++;
  if (!g->recorded) { /* no cell holds the open id: it moves on with the clock */
    epoch_move(cell_id(g->epoch), g->clock.clock);
    return;
  }
  g->epoch = next_epoch(t, g);
  g->recorded = false;
  if (t->g == g) __gw_tls.epoch = g->epoch;
}

void det_tick(struct det_thread *t, struct race_g *g) {
  if (LIKELY(!__atomic_load_n(&det_alone, __ATOMIC_RELAXED)))
    det_close(t, g);
  else if (det_must_close(g))
    det_lent_alone(g);
}

/* By the own component of it, as whoever has that has got it together with the tree (clock.h). */
bool det_knows(const struct race_g *g, const struct clock_ref *from) {
  if (from->slot == CLOCK_NONE) return !from->tree || from->tree == g->clock.tree;
  if (from->slot == g->clock.slot && from->clock >= g->first_clock) return true;
  return clock_get(g->clock.tree, from->slot) >= from->clock;
}

static bool has(const struct clock_ref *c, uint32_t slot, uint64_t clock) {
  return c->slot == slot ? c->clock >= clock : clock_get(c->tree, slot) >= clock;
}

static bool has_origins(const struct race_g *g, const struct clock_ref *from) {
  if (g->origins == ORIGINS_LOST) return false;
  for (uint32_t i = 0; i < g->origins; i++)
    if (!has(from, g->origin[i].slot, g->origin[i].clock)) return false;
  return true;
}

/* Is g's tree, but for its own component, part of what `from` holds?  So if that knows a segment that g published with
 * the tree of its last tick, and what g acquired since, if that was one publication; or else all that g ever acquired,
 * as far as that is remembered. */
static bool is_within(const struct race_g *g, const struct clock_ref *from) {
  if (!from->tree) return false;
  bool published = g->clock.slot != CLOCK_NONE && g->tree_clock < g->clock.clock;
  if (published && has(from, g->clock.slot, g->tree_clock) &&
      (!g->acquired || (g->since.slot != CLOCK_NONE && has(from, g->since.slot, g->since.clock))))
    return true;
  return has_origins(g, from);
}

static void note_origin(struct race_g *g, const struct clock_ref *from, bool adopted) {
  if (adopted) g->origins = 0;
  if (from->slot == CLOCK_NONE) g->origins = ORIGINS_LOST;
  if (g->origins == ORIGINS_LOST) return;
  uint32_t i = 0;
  while (i < g->origins && g->origin[i].slot != from->slot) i++;
  if (i == ORIGINS) {
    g->origins = ORIGINS_LOST;
    return;
  }
  if (i == g->origins) g->origin[g->origins++] = (struct origin){.slot = from->slot};
  if (g->origin[i].clock < from->clock) g->origin[i].clock = from->clock;
}

void det_inherit_origins(const struct race_g *creator, struct race_g *child) {
  child->origins = creator->origins;
  for (uint32_t i = 0; i < ORIGINS; i++) child->origin[i] = creator->origin[i];
}

/* Nobody can tell the open segment from the one before it. */
static bool did_nothing(const struct race_g *g) { return !g->recorded && !g->noted && !g->lent; }

/* Before the tree is changed, or from's, as that may be the same. */
static void note_acquired(struct race_g *g, const struct clock_ref *from, bool adopted) {
  note_origin(g, from, adopted);
  if (!g->acquired || adopted) {
    g->since.slot = from->slot;
    g->since.clock = from->clock;
  } else if (g->since.slot != from->slot) {
    g->since.slot = CLOCK_NONE;
  } else if (g->since.clock < from->clock) {
    g->since.clock = from->clock;
  }
  g->acquired = true;
  g->since_is_all = adopted && from->slot != CLOCK_NONE && did_nothing(g) &&
                    (g->clock.slot == CLOCK_NONE || has(from, g->clock.slot, g->clock.clock - 1));
}

static struct node *with_component(struct det_thread *t, struct node *n, const struct clock_ref *c) {
  bool missing = c->slot != CLOCK_NONE && clock_get(n, c->slot) < c->clock;
  return missing ? clock_set(t, n, c->slot, c->clock) : n;
}

/* All of `from`, its own component inside; borrows it. */
static struct node *whole_tree(struct det_thread *t, const struct clock_ref *from) {
  bool missing = from->slot != CLOCK_NONE && clock_get(from->tree, from->slot) < from->clock;
  return missing ? clock_with(t, from->tree, from->slot, from->clock) : clock_share(from->tree);
}

static void adopt(struct det_thread *t, struct race_g *g, const struct clock_ref *from) {
  struct node *before = g->clock.tree;
  g->clock.tree = whole_tree(t, from);
  clock_drop(t, before);
}

void det_acquire_clock(struct det_thread *t, struct race_g *g, const struct clock_ref *from) {
  if (det_knows(g, from)) return;
  if (UNLIKELY(g->lent)) det_close(t, g); /* what was lent stands for the tree as it is (lend.c) */
  bool within = is_within(g, from);
  note_acquired(g, from, within);
  if (within) {
    adopt(t, g, from);
  } else {
    g->clock.tree = clock_join(t, g->clock.tree, from->tree);
    if (from->slot != g->clock.slot) g->clock.tree = with_component(t, g->clock.tree, from);
  }
}

static void add_component(struct det_thread *t, struct clock_ref *c, const struct clock_ref *from) {
  if (from->slot != CLOCK_NONE && clock_get(c->tree, from->slot) < from->clock)
    c->tree = clock_set(t, c->tree, from->slot, from->clock);
}

static void own_component_inside(struct det_thread *t, struct clock_ref *c) {
  add_component(t, c, c);
  c->slot = CLOCK_NONE;
}

void sync_join_clock(struct det_thread *t, struct clock_ref *c, const struct clock_ref *from) {
  own_component_inside(t, c);
  c->tree = clock_join(t, c->tree, from->tree);
  add_component(t, c, from);
}

/* Joins what g publishes into c.  What c held stays outside of any one publication, so c has no own component then
 * (det_knows would take it for all of c), unless g knew all of c: then its publication contains c. */
void sync_merge_into(struct det_thread *t, struct race_g *g, struct clock_ref *c) {
  const struct clock_ref mine = {.tree = g->clock.tree, .slot = g->clock.slot, .clock = det_published_clock(g)};
  if (mine.slot != CLOCK_NONE && (c->slot != CLOCK_NONE || !c->tree) && det_knows(g, c)) {
    publish_over(t, g, c);
  } else if (is_within(g, c)) { /* of the many that leave a wait group each needs to add no more than itself */
    own_component_inside(t, c);
    add_component(t, c, &mine);
  } else {
    sync_join_clock(t, c, &mine);
  }
}

static void acquire(struct det_thread *t, struct race_g *g, uintptr_t addr) {
  struct sync_bucket *b = sync_bucket(addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_find_locked(b, addr);
  if (o) {
    sync_taken_locked(o);
    det_acquire_clock(t, g, &o->clock);
  }
  spin_unlock(&b->lock);
}

void race_acquire(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  acquire(t, g, (uintptr_t)addr);
  det_exit(t);
}

void race_release(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_get_locked(b, (uintptr_t)addr);
  det_publish_over(t, g, &o->clock);
  spin_unlock(&b->lock);
  det_tick(t, g);
  det_exit(t);
}

void race_release_merge(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  g->untaken_n = 0;
  spin_lock(&b->lock);
  sync_merge_into(t, g, &sync_get_locked(b, (uintptr_t)addr)->clock);
  spin_unlock(&b->lock);
  det_tick(t, g);
  det_exit(t);
}

static void lock(struct det_thread *t, struct race_g *g, uintptr_t addr) {
  struct sync_bucket *b = sync_bucket(addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_find_locked(b, addr);
  if (o) {
    det_reopen(t, g, o->addr, o->takes);
    sync_taken_locked(o);
    det_acquire_clock(t, g, &o->clock);
  }
  spin_unlock(&b->lock);
}

void race_lock(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  if (!det_round_begin(t, g, (uintptr_t)addr)) lock(t, g, (uintptr_t)addr);
  det_exit(t);
}

/* Who holds the lock knows what its clock holds; who gives it back for somebody else may not, and what was published to
 * it comes before its next holder all the same. */
static void publish_at_unlock(struct det_thread *t, struct race_g *g, struct clock_ref *c) {
  if (LIKELY(!__atomic_load_n(&det_given_back_by_others, __ATOMIC_RELAXED)))
    publish_over(t, g, c);
  else
    sync_merge_into(t, g, c);
}

static void unlock(struct det_thread *t, struct race_g *g, uintptr_t addr) {
  struct sync_bucket *b = sync_bucket(addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_get_locked(b, addr);
  publish_at_unlock(t, g, &o->clock);
  det_untaken_add(g, o->addr, o->takes);
  spin_unlock(&b->lock);
  det_tick(t, g);
}

void race_unlock(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  if (!det_round_end(t, g, (uintptr_t)addr)) unlock(t, g, (uintptr_t)addr);
  det_exit(t);
}

static void read_lock(struct det_thread *t, struct race_g *g, uintptr_t writers, uintptr_t readers) {
  acquire(t, g, writers);
  struct sync_bucket *b = sync_bucket(readers);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_find_locked(b, readers);
  if (o) det_reopen(t, g, o->addr, o->takes);
  spin_unlock(&b->lock);
}

/* In a round nobody took the readers' clock, so no writer came. */
void race_read_lock(struct race_g *g, const void *writers, const void *readers) {
  struct det_thread *t = det_enter();
  if (!det_round_begin(t, g, (uintptr_t)readers)) read_lock(t, g, (uintptr_t)writers, (uintptr_t)readers);
  det_exit(t);
}

static void read_unlock(struct det_thread *t, struct race_g *g, uintptr_t readers) {
  struct sync_bucket *b = sync_bucket(readers);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_get_locked(b, readers);
  sync_merge_into(t, g, &o->clock);
  det_untaken_add(g, o->addr, o->takes);
  spin_unlock(&b->lock);
  det_tick(t, g);
}

void race_read_unlock(struct race_g *g, const void *readers) {
  struct det_thread *t = det_enter();
  if (!det_round_end(t, g, (uintptr_t)readers)) read_unlock(t, g, (uintptr_t)readers);
  det_exit(t);
}

void race_release_acquire(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_get_locked(b, (uintptr_t)addr);
  sync_taken_locked(o);
  /* what the others left is in what g publishes then: the clock stays one goroutine's publication */
  det_acquire_clock(t, g, &o->clock);
  det_publish_over(t, g, &o->clock);
  spin_unlock(&b->lock);
  det_tick(t, g);
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

/* What a goroutine brings to a rendezvous, for as long as its tree stays. */
struct offer {
  struct clock_ref c; /* borrowed */
  bool whole;         /* the own component stands for all of it, as in any publication */
  bool closes;        /* it is of the open segment, or may be */
};

/* Who did nothing but acquire since his last tick has nothing to tell of his own, and doesn't tick when he tells what
 * he got: his segment stays open and empty.
 *
 * He *hands on* the publication that he got last if he knows nothing else, his own past included: it says exactly what
 * he would, so that its publisher, or whoever has it already, learns nothing by it.
 *
 * Otherwise he *passes on*, at a rendezvous: his tree and his last closed clock, which doesn't stand for that tree.
 * Whoever gets them learns every component, and no clock is known to anybody then that could be taken for more than its
 * owner had when he closed it.  What was lent (lend.c) stands for the tree as it was, and ends. */
static bool hands_on(const struct race_g *g) {
  return g->acquired && g->since_is_all && g->since.slot != CLOCK_NONE && did_nothing(g);
}
static bool passes_on(const struct race_g *g) { return g->acquired && did_nothing(g) && g->clock.slot != CLOCK_NONE; }

static struct offer offer_of(struct race_g *g) {
  struct offer o = {.c.tree = g->clock.tree, .whole = true};
  g->untaken_n = 0;
  if (hands_on(g)) {
    o.c.slot = g->since.slot;
    o.c.clock = g->since.clock;
  } else {
    o.c.slot = g->clock.slot;
    o.whole = o.closes = !passes_on(g);
    o.c.clock = o.whole ? det_published_clock(g) : g->clock.clock - 1;
  }
  return o;
}

static void offered(struct det_thread *t, struct race_g *g, const struct offer *o) {
  if (o->closes) det_tick(t, g);
}

void sync_exchange(struct det_thread *t, struct race_g *g, struct clock_ref *c) {
  det_acquire_clock(t, g, c);
  if (hands_on(g)) {
    g->untaken_n = 0;
    if (c->slot == g->since.slot && c->clock == g->since.clock) return; /* it is there already */
    clock_drop(t, c->tree);
    *c = (struct clock_ref){.tree = clock_share(g->clock.tree), .slot = g->since.slot, .clock = g->since.clock};
  } else {
    det_publish_over(t, g, c);
    det_tick(t, g);
  }
}

static bool knows_offer(const struct race_g *g, const struct offer *o) {
  if (o->whole) return det_knows(g, &o->c);
  return g->clock.tree == o->c.tree && clock_get(g->clock.tree, o->c.slot) >= o->c.clock;
}

static void note_offer_acquired(struct race_g *g, const struct offer *o, bool adopted) {
  struct clock_ref from = o->c;
  if (!o->whole) from.slot = CLOCK_NONE;
  note_acquired(g, &from, adopted);
}

static void replace_tree(struct det_thread *t, struct race_g *g, struct node *tree) {
  clock_drop(t, g->clock.tree);
  g->clock.tree = tree;
}

/* What both grew out of; NULL: unknown. */
static struct node *met_since(const struct met *met, const struct race_g *a, const struct race_g *b) {
  bool same = met && ((met->a == a->serial && met->b == b->serial) || (met->a == b->serial && met->b == a->serial));
  return same ? met->tree : NULL;
}

static void met_keep(struct det_thread *t, struct met *met, const struct race_g *a, const struct race_g *b,
                     struct node *both) {
  if (!met || !clock_is_deep(both)) return;
  clock_drop(t, met->tree);
  *met = (struct met){.tree = clock_share(both), .a = a->serial, .b = b->serial};
}

/* Two that have one tree between them, since they last met, change it in place; false if others know it too.  What
 * either published is that tree and a component, and so is what both have then. */
static bool exchange_in_place(struct det_thread *t, struct race_g *a, struct race_g *b, const struct offer *of_a,
                              const struct offer *of_b) {
  struct node *tree = a->clock.tree;
  if (!tree || tree != b->clock.tree || !clock_has_two_owners(tree)) return false;
  bool a_knows = clock_get(tree, of_b->c.slot) >= of_b->c.clock,
       b_knows = clock_get(tree, of_a->c.slot) >= of_a->c.clock;
  offered(t, a, of_a);
  offered(t, b, of_b);
  if (!a_knows) note_offer_acquired(a, of_b, true);
  if (!b_knows) note_offer_acquired(b, of_a, true);
  clock_drop(t, tree); /* b's reference, so that it is changed in place */
  if (!b_knows) tree = clock_set(t, tree, of_a->c.slot, of_a->c.clock);
  if (!a_knows) tree = clock_set(t, tree, of_b->c.slot, of_b->c.clock);
  a->clock.tree = tree;
  b->clock.tree = clock_share(tree);
  return true;
}

/* Both learn what the other published, and go on with one tree, which makes their next joins short.  As both are at
 * hand, the one's tree is mostly found to be part of the other's. */
static void exchange(struct det_thread *t, struct race_g *a, struct race_g *b, const struct offer *of_a,
                     const struct offer *of_b, struct met *met) {
  if (exchange_in_place(t, a, b, of_a, of_b)) return;
  struct node *both;
  bool a_knows = knows_offer(a, of_b), b_knows = knows_offer(b, of_a);
  bool a_within = b_knows || (!a_knows && is_within(a, &of_b->c));
  bool b_within = !a_within && (a_knows || is_within(b, &of_a->c));
  if (a_within)
    both = whole_tree(t, &of_b->c);
  else if (b_within)
    both = whole_tree(t, &of_a->c);
  else
    both = clock_join_since(t, clock_share(of_a->c.tree), of_b->c.tree, met_since(met, a, b));
  /* whom the other's tree is part of learns its component at most */
  bool a_learns = !a_knows && (!b_within || !has(&of_a->c, of_b->c.slot, of_b->c.clock));
  bool b_learns = !b_knows && (!a_within || !has(&of_b->c, of_a->c.slot, of_a->c.clock));
  both = with_component(t, with_component(t, both, &of_a->c), &of_b->c);
  if (!a_within && !b_within) met_keep(t, met, a, b, both);
  offered(t, a, of_a);
  offered(t, b, of_b);
  if (a_learns) note_offer_acquired(a, of_b, a_within);
  if (b_learns) note_offer_acquired(b, of_a, b_within);
  replace_tree(t, a, clock_share(both));
  replace_tree(t, b, both);
}

void race_rendezvous(struct race_g *a, struct race_g *b, struct race_clocks *clocks) {
  struct det_thread *t = det_enter();
  struct offer of_a = offer_of(a), of_b = offer_of(b);
  if (knows_offer(a, &of_b) && knows_offer(b, &of_a)) {
    offered(t, a, &of_a);
    offered(t, b, &of_b);
  } else {
    exchange(t, a, b, &of_a, &of_b, clocks_met(clocks));
  }
  det_exit(t);
}

void race_forget(const void *addr) {
  struct det_thread *t = det_enter();
  sync_forget_range(t, (uintptr_t)addr, (uintptr_t)addr + 1);
  det_exit(t);
}
