/* pair.h: a clock in two parts, by who told what.
 *
 * Where goroutines stand in a row and each goes on meeting its two neighbours, every meeting joins two large trees of
 * which both sides have changed much: all that is upstream in the one, all that is downstream in the other.  But what
 * each has to tell is what the other neighbour told it, as it is.  So its tree is kept in two *parts*, whose join it
 * stands for and nobody makes: one that one partner fed, and one that the other did.  At a meeting it tells the part
 * that the partner didn't feed, and what it is told goes into the part that he did.
 *
 * A part says who knows all of it: its *feeder*, and its *hearer*, whom it was told since it grew.  What holds is this:
 *
 *   (1) The feeder and the hearer of a part know all of it.
 *
 * A part grows only by what its feeder tells, with his component, and has no hearer then; whom it is told knows it.  A
 * goroutine's knowledge never shrinks, so (1) holds of a copy as well, whoever has it (publications share pairs), for
 * ever.
 *
 * Thus who meets a partner tells him all but the parts that he knows by (1), and learns the same way: what isn't told
 * is known.  Each keeps what it has, and adds what it hears: both know then what either did, no more and no less.  A
 * part may lose what the other part has: their join is the same.
 *
 * Who meets somebody that neither part is known to makes one tree of them, which he hears; he feeds the other part from
 * then on.
 *
 * What a feeder tells has mostly grown out of what he told the last time, so that what the part had of it is replaced
 * without a look: the part is the feeder's tree with some components above it (`laid_over`), his own and what else it
 * has beyond his, which it notes.  That he told more each time is known by the *stream*: a part keeps its number as
 * long as it loses nothing, in pairs that its goroutine made, one out of the other.  A pair that came from elsewhere,
 * be it one's own from earlier, begins new streams.  Without a stream the two trees are compared, and joined if the
 * part has much that the feeder's has not.
 *
 * Rejected: to replace what a feeder told by what he tells now, without keeping what else there was: in a circle, each
 * of two may leave it to the other to tell what both got from a third.
 */
#include "detector/pair.h"

/* What a part has beyond that which is told, and beyond the part beside it. */
struct extras {
  const struct node *told, *beside;
  struct component but; /* known to be told as well */
  uint32_t n;           /* PART_MANY: more than there is room for */
  bool dropped;         /* there was more, which the part beside it has */
  struct component extra[PART_EXTRAS];
};

static void extra_add(struct extras *e, uint32_t slot, uint64_t clock) {
  if (e->n == PART_MANY || (slot == e->but.slot && clock <= e->but.clock)) return;
  if (clock_get(e->told, slot) >= clock) return;
  if (clock_get(e->beside, slot) >= clock) {
    e->dropped = true;
    return;
  }
  uint32_t i = 0;
  while (i < e->n && e->extra[i].slot != slot) i++;
  if (i == PART_EXTRAS) {
    e->n = PART_MANY;
  } else if (i == e->n) {
    e->extra[e->n++] = (struct component){.slot = slot, .clock = clock};
  } else if (e->extra[i].clock < clock) {
    e->extra[i].clock = clock;
  }
}

/* Of the same level; `since` may be NULL: where a still has its node, b has all of that. */
static void beyond(struct extras *e, const struct node *a, const struct node *b, const struct node *since,
                   uint32_t slot) {
  if (!a || a == b || a == since || e->n == PART_MANY) return;
  if (a->level) {
    for (uint32_t i = 0; i < CLOCK_WAY; i++)
      beyond(e, a->kid[i], b ? b->kid[i] : NULL, since ? since->kid[i] : NULL,
             slot + (i << (CLOCK_WAY_LOG * a->level)));
  } else {
    for (uint32_t i = 0; i <= a->n; i++)
      if (a->clock[i] > (b && i <= b->n ? b->clock[i] : 0)) extra_add(e, slot + i, a->clock[i]);
  }
}

static const struct node *of_level(const struct node *n, unsigned level) {
  while (n && n->level > level) n = n->kid[0];
  return n && n->level == level ? n : NULL;
}

/* Where a has higher levels than b, b's nodes are taken for missing: then all is looked up. */
static void find_extras(struct extras *e, struct node *part, struct node *told, const struct node *since) {
  for (uint32_t i = 0; part->level == CLOCK_TOP && i < part->n; i++) extra_add(e, part->slot[i], part->late[i]);
  const struct node *a = clock_below_top(part), *b = clock_below_top(told);
  if (a) beyond(e, a, of_level(b, a->level), of_level(since, a->level), 0);
}

static struct node *set_missing(struct det_thread *t, struct node *n, struct component c) {
  bool missing = c.slot != CLOCK_NONE && clock_get(n, c.slot) < c.clock;
  return missing ? clock_set(t, n, c.slot, c.clock) : n;
}

/* The tree that was told, with e's above it; takes over `part`. */
static struct node *laid_over(struct det_thread *t, struct node *part, struct node *told, const struct extras *e) {
  if (e->n == 0 && e->but.slot == CLOCK_NONE) {
    clock_drop(t, part);
    return clock_share(told);
  }
  struct node *n = part, *under = NULL;
  if (part && part->level == CLOCK_TOP && clock_is_own(part)) {
    under = part->under;
    n->n = 0;
  } else {
    n = clock_node(t, CLOCK_TOP);
    under = part;
  }
  clock_fill_top(n, told);
  clock_drop(t, under);
  for (uint32_t i = 0; i < e->n; i++) n = clock_set(t, n, e->extra[i].slot, e->extra[i].clock);
  return set_missing(t, n, e->but);
}

/* What a goroutine tells: a part of its pair. */
struct told {
  struct node *tree; /* borrowed; NULL: nothing new */
  uint64_t stream;
};

static void forget_fed(struct det_thread *t, struct pair_part *p) {
  if (p->extra_n == PART_MANY) clock_drop(t, p->fed);
  p->extra_n = 0;
  p->fed_from = 0;
}

/* All that the part has beyond what was told before, which is in what is told now. */
static void compare_noted(struct extras *e, const struct pair_part *p) {
  for (uint32_t i = 0; i < p->extra_n; i++) extra_add(e, p->slot[i], p->clock[i]);
}

/* The part has got the component beside what its feeder told. */
static void note(struct pair_part *p, struct component c) {
  if (p->extra_n == PART_MANY || c.slot == CLOCK_NONE) return;
  uint32_t i = 0;
  while (i < p->extra_n && p->slot[i] != c.slot) i++;
  if (i == PART_EXTRAS) { /* it is compared the next time */
    p->extra_n = 0;
    p->fed_from = 0;
    return;
  }
  if (i == p->extra_n) {
    p->slot[p->extra_n++] = c.slot;
    p->clock[i] = 0;
  }
  if (p->clock[i] < c.clock) p->clock[i] = c.clock;
}

/* The other part of g's pair. */
static struct pair_part *beside(const struct race_g *g, const struct pair_part *p) {
  struct pair_part *part = g->clock.tree->part;
  return p == &part[0] ? &part[1] : &part[0];
}

/* The part is fed by `told`, whose own component is `c`. */
static void feed(struct det_thread *t, struct race_g *g, struct pair_part *p, const struct told *told,
                 struct component c) {
  struct extras e = {.told = told->tree, .beside = beside(g, p)->tree, .but = c};
  bool same = p->fed_from == told->stream;
  struct node *since = same && p->extra_n == PART_MANY ? p->fed : NULL;
  if (same && p->extra_n != PART_MANY)
    compare_noted(&e, p);
  else if (p->tree)
    find_extras(&e, p->tree, told->tree, since);
  if (e.n == PART_MANY) {
    p->tree = set_missing(t, clock_join_since(t, p->tree, told->tree, since), c);
    forget_fed(t, p);
    p->fed = clock_share(clock_below_top(told->tree));
    p->extra_n = PART_MANY;
    p->fed_from = told->stream;
    return;
  }
  p->tree = laid_over(t, p->tree, told->tree, &e);
  if (e.dropped) p->stream = ++g->pair_numbers;
  forget_fed(t, p);
  p->fed_from = told->stream;
  for (uint32_t i = 0; i < e.n; i++) note(p, e.extra[i]);
  note(p, c);
}

/* p grows by what its feeder tells. */
static void hear(struct det_thread *t, struct race_g *g, struct pair_part *p, const struct told *told,
                 struct component c) {
  if (told->tree) {
    feed(t, g, p, told, c);
  } else {
    if (c.slot == CLOCK_NONE || clock_get(g->clock.tree, c.slot) >= c.clock) return;
    p->tree = set_missing(t, p->tree, c);
    note(p, c);
  }
  p->hearer = 0;
}

static bool is_known(const struct pair_part *p, uint64_t serial) {
  return !p->tree || p->feeder == serial || p->hearer == serial;
}

bool pair_is_known(const struct node *tree, const struct race_g *g) {
  return clock_is_pair(tree) && is_known(&tree->part[0], g->serial) && is_known(&tree->part[1], g->serial);
}

static struct node *new_pair(struct det_thread *t) {
  struct node *n = clock_node(t, CLOCK_PAIR);
  for (int i = 0; i < 2; i++) n->part[i] = (struct pair_part){.tree = NULL};
  return n;
}

static struct node *copy_of_pair(struct det_thread *t, const struct node *from) {
  struct node *n = clock_node(t, CLOCK_PAIR);
  for (int i = 0; i < 2; i++) {
    n->part[i] = from->part[i];
    clock_share(n->part[i].tree);
    if (n->part[i].extra_n == PART_MANY) clock_share(n->part[i].fed);
  }
  return n;
}

/* g's tree is a pair that it made itself and owns alone then. */
static struct node *own_pair(struct det_thread *t, struct race_g *g) {
  struct node *before = g->clock.tree, *n = before;
  bool renewed = !clock_is_pair(n) || n->maker != g->serial || n->stamp != g->pair;
  if (!clock_is_pair(n)) {
    n = new_pair(t);
    n->part[0].tree = before;
  } else if (!clock_is_own(n)) {
    n = copy_of_pair(t, before);
    clock_drop(t, before);
  }
  for (int i = 0; renewed && i < 2; i++) n->part[i].stream = ++g->pair_numbers;
  n->maker = g->serial;
  n->stamp = g->pair = ++g->pair_numbers;
  g->clock.tree = n;
  return n;
}

/* p becomes both parts, and q is empty.  Whoever knows both by what they say knows that. */
static void merge_parts(struct det_thread *t, struct race_g *g, struct pair_part *p, struct pair_part *q) {
  if (!p->feeder || !is_known(q, p->feeder)) p->feeder = is_known(q, p->hearer) ? p->hearer : 0;
  p->hearer = 0;
  p->tree = clock_join(t, p->tree, q->tree);
  p->stream = ++g->pair_numbers;
  forget_fed(t, p);
  forget_fed(t, q);
  clock_drop(t, q->tree);
  *q = (struct pair_part){.stream = ++g->pair_numbers};
}

/* g's tree is a pair of its own then; the part that the partner feeds, and knows all of. */
static struct pair_part *open_for(struct det_thread *t, struct race_g *g, const struct race_g *partner) {
  struct pair_part *p = own_pair(t, g)->part;
  uint64_t serial = partner->serial;
  if (p[0].feeder == serial) return &p[0];
  if (p[1].feeder == serial) return &p[1];
  struct pair_part *known = is_known(&p[1], serial) ? &p[1] : &p[0];
  if (!is_known(known, serial)) {
    merge_parts(t, g, &p[0], &p[1]);
    known = &p[1];
  }
  forget_fed(t, known);
  known->feeder = serial;
  known->hearer = 0;
  return known;
}

static struct told tell(struct pair_part *p, const struct race_g *partner) {
  if (is_known(p, partner->serial)) return (struct told){.tree = NULL};
  p->hearer = partner->serial;
  return (struct told){.tree = p->tree, .stream = p->stream};
}

void pair_meet(struct det_thread *t, struct race_g *a, struct race_g *b, struct component of_a, struct component of_b) {
  struct pair_part *to_a = open_for(t, a, b), *to_b = open_for(t, b, a);
  struct told by_a = tell(beside(a, to_a), b), by_b = tell(beside(b, to_b), a);
  hear(t, a, to_a, &by_b, of_b);
  hear(t, b, to_b, &by_a, of_a);
}
