/* clock.h: see there. */
#include "detector/clock.h"

#include "base/arena.h"
#include "base/check.h"
#include "detector/detector.h"

static struct node *node_new(struct det_thread *t, unsigned level) {
  struct node *n = pool_get(&t->nodes);
  n->ref = 1;
  n->level = level & 15;
  n->n = 0;
  n->mark = 0;
  return n;
}

static struct node *node_zero(struct det_thread *t, unsigned level) {
  struct node *n = node_new(t, level);
  if (level)
    for (int i = 0; i < CLOCK_WAY; i++) n->kid[i] = NULL;
  else
    n->clock[0] = 0;
  return n;
}

/* acquire: pairs with the release in clock_drop of the owner that left */
static bool exclusive(const struct node *n) { return __atomic_load_n(&n->ref, __ATOMIC_ACQUIRE) == 1; }

void clock_drop(struct det_thread *t, struct node *n) {
  if (!n) return;
  /* release: this owner's reads come before the last owner's reuse of the node (acquire).  Who owns it alone needs no
   * locked instruction: there is nobody who could share it meanwhile. */
  if (!exclusive(n) && __atomic_fetch_sub(&n->ref, 1, __ATOMIC_ACQ_REL) != 1) return;
  if (n->level == CLOCK_TOP)
    clock_drop(t, n->under);
  else if (n->level)
    for (int i = 0; i < CLOCK_WAY; i++) clock_drop(t, n->kid[i]);
  pool_put(&t->nodes, n);
}

static void copy_top(struct node *to, const struct node *from) {
  to->under = clock_share(from->under);
  to->n = from->n;
  for (unsigned i = 0; i < from->n; i++) {
    to->slot[i] = from->slot[i];
    to->late[i] = from->late[i];
  }
}

static void copy_leaf(struct node *to, const struct node *from) {
  to->n = from->n;
  for (unsigned i = 0; i <= from->n; i++) to->clock[i] = from->clock[i];
}

static struct node *copy_of(struct det_thread *t, const struct node *n) {
  struct node *copy = node_new(t, n->level);
  if (n->level == CLOCK_TOP)
    copy_top(copy, n);
  else if (n->level)
    for (int i = 0; i < CLOCK_WAY; i++) copy->kid[i] = clock_share(n->kid[i]);
  else
    copy_leaf(copy, n);
  return copy;
}

/* A copy that the caller owns alone; takes over `n`. */
static struct node *own(struct det_thread *t, struct node *n) {
  if (exclusive(n)) return n;
  struct node *copy = copy_of(t, n);
  clock_drop(t, n);
  return copy;
}

static struct node *lift(struct det_thread *t, struct node *n, unsigned level) {
  while (n->level < level) {
    struct node *up = node_zero(t, n->level + 1u);
    up->kid[0] = n;
    n = up;
  }
  return n;
}

static unsigned level_for(uint32_t slot) {
  unsigned level = 0;
  while ((uint64_t)slot >> (CLOCK_WAY_LOG * (level + 1u))) level++;
  return level;
}

/* The leaf, which the caller owns alone, has the component i then. */
static void lengthen(struct node *leaf, unsigned i) {
  for (unsigned k = leaf->n + 1u; k <= i; k++) leaf->clock[k] = 0;
  if (leaf->n < i) leaf->n = i & 15;
}

static struct node *set(struct det_thread *t, struct node *n, unsigned level, uint32_t slot, uint64_t clock) {
  n = n ? own(t, n) : node_zero(t, level);
  unsigned i = slot >> (CLOCK_WAY_LOG * level) & (CLOCK_WAY - 1);
  if (level) {
    n->kid[i] = set(t, n->kid[i], level - 1, slot, clock);
  } else {
    lengthen(n, i);
    n->clock[i] = clock;
  }
  return n;
}

static struct node *tree_set(struct det_thread *t, struct node *n, uint32_t slot, uint64_t clock) {
  unsigned level = level_for(slot);
  if (n && n->level < level) n = lift(t, n, level);
  return set(t, n, n ? n->level : level, slot, clock);
}

/* Its components go into the tree. */
static struct node *flush(struct det_thread *t, struct node *top) {
  top = own(t, top);
  for (unsigned i = 0; i < top->n; i++) top->under = tree_set(t, top->under, top->slot[i], top->late[i]);
  top->n = 0;
  return top;
}

static struct node *top_set(struct det_thread *t, struct node *top, uint32_t slot, uint64_t clock) {
  unsigned i = 0;
  while (i < top->n && top->slot[i] != slot) i++;
  if (i == CLOCK_LATE) {
    top = flush(t, top);
    i = 0;
  }
  top = own(t, top);
  top->slot[i] = slot;
  top->late[i] = clock;
  if (i == top->n) top->n = (i + 1) & 15;
  return top;
}

/* Sets it in the tree *at, unless an inner node on the slot's way is somebody else's too, or would have to be made: so
 * a leaf is copied at most. */
static bool set_open(struct det_thread *t, struct node **at, uint32_t slot, uint64_t clock) {
  if ((*at)->level == CLOCK_TOP || (uint64_t)slot >> (CLOCK_WAY_LOG * ((*at)->level + 1u))) return false;
  for (unsigned level; (level = (*at)->level);) {
    if (!exclusive(*at)) return false;
    at = &(*at)->kid[slot >> (CLOCK_WAY_LOG * level) & (CLOCK_WAY - 1)];
    if (!*at) return false;
  }
  *at = set(t, *at, 0, slot, clock);
  return true;
}

struct node *clock_set(struct det_thread *t, struct node *n, uint32_t slot, uint64_t clock) {
  if (slot < CLOCK_WAY && (!n || !n->level)) return set(t, n, 0, slot, clock);
  if (n && set_open(t, &n, slot, clock)) return n;
  if (!n || n->level != CLOCK_TOP) {
    struct node *top = node_new(t, CLOCK_TOP);
    top->under = n;
    n = top;
  }
  return top_set(t, n, slot, clock);
}

struct node *clock_with(struct det_thread *t, struct node *n, uint32_t slot, uint64_t clock) {
  bool flat = n && (n->level == 0 || n->level == CLOCK_TOP);
  return clock_set(t, flat ? copy_of(t, n) : clock_share(n), slot, clock);
}

/* Bit 63 of the differences' union says that one of them is below zero: clocks never come that far. */
static void compare(const struct node *a, const struct node *b, bool *a_less, bool *b_less) {
  const unsigned both = a->n < b->n ? a->n : b->n;
  uint64_t b_minus_a = 0, a_minus_b = 0, rest_a = 0, rest_b = 0;
  for (unsigned i = 0; i <= both; i++) {
    b_minus_a |= b->clock[i] - a->clock[i];
    a_minus_b |= a->clock[i] - b->clock[i];
  }
  for (unsigned i = both + 1; i <= a->n; i++) rest_a |= a->clock[i];
  for (unsigned i = both + 1; i <= b->n; i++) rest_b |= b->clock[i];
  *a_less = a_minus_b >> 63 || rest_b;
  *b_less = b_minus_a >> 63 || rest_a;
}

static void join_leaf(struct node *a, const struct node *b) {
  lengthen(a, b->n);
  for (unsigned i = 0; i <= b->n; i++)
    if (a->clock[i] < b->clock[i]) a->clock[i] = b->clock[i];
}

/* `since` is, in all of the following, what a and b both have grown out of, of the same level, or NULL: where one of
 * them still has its node, the other's has all of it.
 *
 * The joined_ functions change and share nothing: what they return is `a`, `b` (where they are equal, so that clocks
 * that meet come to share their subtrees and the next join stops there), or a new node for the caller alone.  So of two
 * large trees only the nodes that are made anew have their kids' references counted. */
static struct node *joined(struct det_thread *t, struct node *a, struct node *b, const struct node *since);

static const struct node *kid_of(const struct node *n, int i) { return n ? n->kid[i] : NULL; }

static struct node *joined_leaves(struct det_thread *t, struct node *a, struct node *b) {
  bool a_less, b_less;
  compare(a, b, &a_less, &b_less);
  if (!b_less) return b;
  if (!a_less) return a;
  struct node *n = copy_of(t, a);
  join_leaf(n, b);
  return n;
}

static struct node *joined_inner(struct det_thread *t, struct node *a, struct node *b, const struct node *since) {
  struct node *kid[CLOCK_WAY];
  bool same_as_a = true, same_as_b = true;
  for (int i = 0; i < CLOCK_WAY; i++) {
    kid[i] = joined(t, a->kid[i], b->kid[i], kid_of(since, i));
    same_as_a &= kid[i] == a->kid[i];
    same_as_b &= kid[i] == b->kid[i];
  }
  if (same_as_b) return b;
  if (same_as_a) return a;
  struct node *n = node_new(t, a->level);
  for (int i = 0; i < CLOCK_WAY; i++) {
    bool borrowed = kid[i] == a->kid[i] || kid[i] == b->kid[i];
    n->kid[i] = borrowed ? clock_share(kid[i]) : kid[i];
  }
  return n;
}

/* Of the same level; either may be NULL. */
static struct node *joined(struct det_thread *t, struct node *a, struct node *b, const struct node *since) {
  if (a == b || !b || b == since) return a;
  if (!a || a == since) return b;
  return a->level ? joined_inner(t, a, b, since) : joined_leaves(t, a, b);
}

static struct node *join(struct det_thread *t, struct node *a, struct node *b, const struct node *since);

static struct node *replaced_by(struct det_thread *t, struct node *a, struct node *b) {
  clock_share(b);
  clock_drop(t, a);
  return b;
}

static struct node *join_leaf_in_place(struct det_thread *t, struct node *a, struct node *b) {
  bool a_less, b_less;
  compare(a, b, &a_less, &b_less);
  if (!b_less) return replaced_by(t, a, b);
  if (a_less) join_leaf(a, b);
  return a;
}

/* The caller owns `a` alone, and it is changed in place. */
static struct node *join_in_place(struct det_thread *t, struct node *a, struct node *b, const struct node *since) {
  if (!a->level) return join_leaf_in_place(t, a, b);
  bool same_as_b = true;
  for (int i = 0; i < CLOCK_WAY; i++) {
    a->kid[i] = join(t, a->kid[i], b->kid[i], kid_of(since, i));
    same_as_b &= a->kid[i] == b->kid[i];
  }
  return same_as_b ? replaced_by(t, a, b) : a;
}

/* Takes over `a`; `b` of the same level is borrowed. */
static struct node *join(struct det_thread *t, struct node *a, struct node *b, const struct node *since) {
  if (a == b || !b || b == since) return a;
  if (!a) return clock_share(b);
  if (a == since) return replaced_by(t, a, b);
  if (exclusive(a)) return join_in_place(t, a, b, since);
  struct node *n = joined(t, a, b, since);
  if (n == a) return a;
  if (n == b) return replaced_by(t, a, b);
  clock_drop(t, a);
  return n;
}

/* b's slots are all in the leftmost subtree of its level in a. */
static struct node *join_lower(struct det_thread *t, struct node *a, struct node *b) {
  if (a->level == b->level) return join(t, a, b, NULL);
  if (!a->kid[0] || exclusive(a)) {
    a = own(t, a);
    if (!a->kid[0]) a->kid[0] = node_zero(t, a->level - 1u);
    a->kid[0] = join_lower(t, a->kid[0], b);
    return a;
  }
  struct node *kid = a->kid[0], *joined = join_lower(t, clock_share(kid), b);
  if (joined != kid) {
    a = own(t, a);
    a->kid[0] = joined;
    joined = kid;
  }
  clock_drop(t, joined);
  return a;
}

/* Takes over `a`; either may be NULL, none is a top. */
static struct node *join_trees(struct det_thread *t, struct node *a, struct node *b, const struct node *since) {
  if (a == b || !b) return a;
  if (!a) return clock_share(b);
  if (since && since->level == a->level && a->level == b->level) return join(t, a, b, since);
  if (a->level < b->level) a = lift(t, a, b->level);
  return join_lower(t, a, b);
}

static bool is_top(const struct node *n) { return n->level == CLOCK_TOP; }
static struct node *below_top(struct node *n) { return is_top(n) ? n->under : n; }

/* Does m have all that n has beside its tree? */
static bool has_late(const struct node *m, const struct node *n) {
  if (!is_top(n)) return true;
  for (unsigned i = 0; i < n->n; i++)
    if (clock_get(m, n->slot[i]) < n->late[i]) return false;
  return true;
}

/* Takes over `n`, borrows `from`. */
static struct node *add_late(struct det_thread *t, struct node *n, const struct node *from) {
  if (!is_top(from)) return n;
  for (unsigned i = 0; i < from->n; i++)
    if (clock_get(n, from->slot[i]) < from->late[i]) n = clock_set(t, n, from->slot[i], from->late[i]);
  return n;
}

/* Puts the tree, whose reference it takes over, under a top that the caller owns alone; the one that was there is a
 * part of it.  Components for which the tree is open go into it: where it was made anew on both sides of a meeting
 * there is little left to share, and a top would only have to be joined each time.  Without any the top goes. */
static struct node *put_under(struct det_thread *t, struct node *top, struct node *tree) {
  unsigned kept = 0;
  for (unsigned i = 0; i < top->n; i++) {
    uint32_t slot = top->slot[i];
    uint64_t late = top->late[i], below = clock_get(tree, slot);
    if (late <= below || set_open(t, &tree, slot, late)) continue;
    top->slot[kept] = slot;
    top->late[kept++] = late;
  }
  top->n = kept & 15;
  clock_drop(t, top->under);
  top->under = tree;
  if (kept) return top;
  top->under = NULL;
  clock_drop(t, top);
  return tree;
}

/* a, joined with the tree `b`, which is none of its own. */
static struct node *join_under(struct det_thread *t, struct node *a, struct node *b, const struct node *since) {
  if (!is_top(a)) return join_trees(t, a, b, since);
  struct node *before = a->under;
  if (exclusive(a)) {
    a->under = NULL;
    return put_under(t, a, join_trees(t, before, b, since));
  }
  struct node *joined = join_trees(t, clock_share(before), b, since); /* the extra reference keeps `before` as it is */
  if (joined == before) {
    clock_drop(t, joined);
    return a;
  }
  return put_under(t, own(t, a), joined);
}

/* Of `since` only the tree counts.  What a's tree still has of it, b has, though maybe in its top, whence it comes here
 * with add_late; and likewise the other way round. */
struct node *clock_join_since(struct det_thread *t, struct node *a, struct node *b, struct node *since) {
  if (a == b || !b) return a;
  if (!a) return clock_share(b);
  const struct node *tree_since = since ? below_top(since) : NULL;
  if (!is_top(a) && !is_top(b)) return join_trees(t, a, b, tree_since);
  struct node *tree_b = below_top(b);
  if (tree_b && tree_b != below_top(a)) a = join_under(t, a, tree_b, tree_since);
  if (below_top(a) == tree_b && has_late(b, a)) {
    clock_share(b);
    clock_drop(t, a);
    return b;
  }
  return add_late(t, a, b);
}

struct node *clock_join(struct det_thread *t, struct node *a, struct node *b) {
  return clock_join_since(t, a, b, NULL);
}

bool clock_is_deep(struct node *n) {
  struct node *tree = n ? below_top(n) : NULL;
  return tree && tree->level > 0;
}
