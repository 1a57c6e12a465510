/* clock.h: see there. */
#include "detector/clock.h"

#include "base/arena.h"
#include "base/check.h"
#include "detector/detector.h"

static struct node *node_new(struct det_thread *t, unsigned level) {
  struct node *n = pool_get(&t->nodes);
  n->ref = 1;
  n->level = level & 15;
  n->mark = 0;
  return n;
}

static struct node *node_zero(struct det_thread *t, unsigned level) {
  struct node *n = node_new(t, level);
  for (int i = 0; i < CLOCK_WAY; i++) n->clock[i] = 0;
  return n;
}

void clock_drop(struct det_thread *t, struct node *n) {
  /* release: this owner's reads come before the last owner's reuse of the node (acquire) */
  if (!n || __atomic_fetch_sub(&n->ref, 1, __ATOMIC_ACQ_REL) != 1) return;
  if (n->level)
    for (int i = 0; i < CLOCK_WAY; i++) clock_drop(t, n->kid[i]);
  pool_put(&t->nodes, n);
}

/* acquire: pairs with the release in clock_drop of the owner that left */
static bool exclusive(const struct node *n) { return __atomic_load_n(&n->ref, __ATOMIC_ACQUIRE) == 1; }

/* A copy that the caller owns alone; takes over `n`. */
static struct node *own(struct det_thread *t, struct node *n) {
  if (exclusive(n)) return n;
  struct node *copy = node_new(t, n->level);
  for (int i = 0; i < CLOCK_WAY; i++) {
    copy->clock[i] = n->clock[i];
    if (n->level) clock_share(n->kid[i]);
  }
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

static struct node *set(struct det_thread *t, struct node *n, unsigned level, uint32_t slot, uint64_t clock) {
  n = n ? own(t, n) : node_zero(t, level);
  unsigned i = slot >> (CLOCK_WAY_LOG * level) & (CLOCK_WAY - 1);
  if (level)
    n->kid[i] = set(t, n->kid[i], level - 1, slot, clock);
  else
    n->clock[i] = clock;
  return n;
}

struct node *clock_set(struct det_thread *t, struct node *n, uint32_t slot, uint64_t clock) {
  unsigned level = level_for(slot);
  if (n && n->level < level) n = lift(t, n, level);
  return set(t, n, n ? n->level : level, slot, clock);
}

/* The join of two is one of them as it is, or something new. */
static struct node *join_leaves(struct det_thread *t, struct node *a, struct node *b) {
  bool a_less = false, b_less = false;
  for (int i = 0; i < CLOCK_WAY; i++) {
    a_less |= a->clock[i] < b->clock[i];
    b_less |= a->clock[i] > b->clock[i];
  }
  /* where they are equal, b's: clocks that meet come to share their subtrees, and the next join stops there */
  if (!b_less) {
    clock_share(b);
    clock_drop(t, a);
    return b;
  }
  if (!a_less) return a;
  struct node *joined = exclusive(a) ? a : node_new(t, 0);
  for (int i = 0; i < CLOCK_WAY; i++) joined->clock[i] = a->clock[i] < b->clock[i] ? b->clock[i] : a->clock[i];
  if (joined != a) clock_drop(t, a);
  return joined;
}

static struct node *join(struct det_thread *t, struct node *a, struct node *b);

static struct node *join_inner(struct det_thread *t, struct node *a, struct node *b) {
  bool same_as_b = true;
  for (int i = 0; i < CLOCK_WAY; i++) {
    struct node *ka = a->kid[i], *kb = b->kid[i];
    if (ka == kb) continue;
    if (kb) {
      if (exclusive(a)) {
        a->kid[i] = join(t, ka, kb);
      } else {
        struct node *joined = join(t, clock_share(ka), kb); /* the extra reference keeps `ka` from changing in place */
        if (joined != ka) {
          a = own(t, a);
          clock_drop(t, ka);
          a->kid[i] = joined;
        } else {
          clock_drop(t, joined);
        }
      }
    }
    if (a->kid[i] != kb) same_as_b = false;
  }
  if (!same_as_b) return a;
  clock_share(b);
  clock_drop(t, a);
  return b;
}

/* Takes over `a`; `b` of the same level is borrowed. */
static struct node *join(struct det_thread *t, struct node *a, struct node *b) {
  if (a == b || !b) return a;
  if (!a) return clock_share(b);
  return a->level ? join_inner(t, a, b) : join_leaves(t, a, b);
}

struct node *clock_join(struct det_thread *t, struct node *a, struct node *b) {
  if (a == b || !b) return a;
  if (!a) return clock_share(b);
  if (a->level < b->level) a = lift(t, a, b->level);
  if (b->level == a->level) return join(t, a, b);
  /* b's slots are all in the leftmost subtree of its level */
  a = own(t, a);
  struct node *at = a;
  while (at->level > b->level + 1u) {
    at->kid[0] = at->kid[0] ? own(t, at->kid[0]) : node_zero(t, at->level - 1u);
    at = at->kid[0];
  }
  at->kid[0] = join(t, at->kid[0], b);
  return a;
}
