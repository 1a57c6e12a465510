/* Vector clocks as persistent radix trees: slot -> clock, 16-way, subtrees shared by reference count.
 *
 * A tree is never changed while anybody else refers to any node of it: an update copies the path (in place where the
 * whole path belongs to the caller alone). Joining two trees stops where they share a subtree. A missing node is all
 * zero.
 *
 * Above the tree there may be a *top*: some components that are newer than the tree's, which they hide, or not in it.
 * An update then copies one node however deep the tree is, and goroutines that take turns beside many others leave the
 * tree alone and so keep sharing it.  A full top goes into the tree all at once: neighbours share their path.  So do
 * those of its components whose path belongs to the caller alone (but for the leaf), where a join made the tree anew.
 * What a top hides is at most what it shows.  A clock of slots below 16 alone is a leaf, and has none.
 *
 * Of a leaf only the components up to the last in use are there, the others are zero: a clock of seven threads is one
 * cache line, which goes from processor to processor with each lock that they hand to one another.
 *
 * A clock_ref is a vector clock with one component kept outside: the publisher's own.
 */
#ifndef GW_DETECTOR_CLOCK_H
#define GW_DETECTOR_CLOCK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct det_thread;

enum { CLOCK_WAY_LOG = 4, CLOCK_WAY = 1 << CLOCK_WAY_LOG };
enum { CLOCK_TOP = 15, CLOCK_LATE = 12, CLOCK_MARKS = 1 << 24 };
#define CLOCK_NONE UINT32_MAX

struct node {
  uint32_t ref;       /* atomic; owners of this node */
  uint32_t level : 4; /* 0: leaf; a tree of level n has 16^(n+1) slots; CLOCK_TOP: a top */
  uint32_t n : 4;     /* of a top: its components; of a leaf: the last one that is there */
  uint32_t mark : 24; /* of the collector's last walk that came by; 0: none did */
  union {
    uint64_t clock[CLOCK_WAY];   /* level 0; beyond the n-th anything */
    struct node *kid[CLOCK_WAY]; /* the levels between */
    struct {
      struct node *under; /* the tree; NULL is all zero */
      uint32_t slot[CLOCK_LATE];
      uint64_t late[CLOCK_LATE]; /* the slots' clocks */
    };
  };
};
_Static_assert(offsetof(struct node, late) == 64, "a look-up that finds nothing reads one cache line");
_Static_assert(sizeof(struct node) <= 192, "fits its class in the arena");

struct clock_ref {
  struct node *tree; /* owned; NULL is all zero */
  uint64_t clock;    /* own component */
  uint32_t slot;     /* CLOCK_NONE: no own component */
};

static inline struct node *clock_share(struct node *n) {
  if (n) __atomic_fetch_add(&n->ref, 1, __ATOMIC_RELAXED); /* the caller's own reference keeps it alive */
  return n;
}
void clock_drop(struct det_thread *t, struct node *n);
/* Both references to it are the caller's: nobody else can come by one meanwhile. */
static inline bool clock_has_two_owners(const struct node *n) {
  return __atomic_load_n(&n->ref, __ATOMIC_ACQUIRE) == 2; /* pairs with the release in clock_drop */
}

static inline uint64_t clock_get(const struct node *n, uint32_t slot) {
  if (!n) return 0;
  if (n->level == CLOCK_TOP) {
    for (unsigned i = n->n; i-- > 0;)
      if (n->slot[i] == slot) return n->late[i];
    n = n->under;
    if (!n) return 0;
  }
  if (n->level) {
    if ((uint64_t)slot >> (CLOCK_WAY_LOG * (n->level + 1u))) return 0;
    do {
      n = n->kid[slot >> (CLOCK_WAY_LOG * n->level) & (CLOCK_WAY - 1)];
      if (!n) return 0;
    } while (n->level);
    slot &= CLOCK_WAY - 1;
  }
  return slot <= n->n ? n->clock[slot] : 0;
}

/* Each takes over the reference `n` and returns one. */
struct node *clock_set(struct det_thread *t, struct node *n, uint32_t slot, uint64_t clock);
struct node *clock_join(struct det_thread *t, struct node *n, struct node *from);
/* The same for two that were joined before: `since`, which is borrowed, is what either was then, or NULL.  Costs what
 * changed on both sides, where clock_join costs what changed on either. */
struct node *clock_join_since(struct det_thread *t, struct node *n, struct node *from, struct node *since);
/* More than a leaf, a top apart. */
bool clock_is_deep(struct node *n);
/* As clock_set of a tree that is shared with its owner, but borrows it. */
struct node *clock_with(struct det_thread *t, struct node *n, uint32_t slot, uint64_t clock);

#endif
