/* The lock graph's parts, for lock_order.c, which builds it, and lock_cycle.c, which looks for circles in it. */
#ifndef GW_DETECTOR_LOCK_GRAPH_H
#define GW_DETECTOR_LOCK_GRAPH_H
#include "detector/detector.h"
#include "detector/epoch.h"
#include "detector/lock_order.h"

/* Locks held at once that are looked at: all but those in the middle of a longer list (a guess: what is nested deeper
 * is an array of locks taken in a row). */
enum { HELD_OLDEST = 16, HELD_NEWEST = 64, HELD_MAX = HELD_OLDEST + HELD_NEWEST };
enum { USES_MAX = 16, CYCLE_MAX = 10 };
/* Of those who did the same thing: so many are kept in any case, as the sides of a circle must be told apart; of more,
 * only who may make a difference (actor_place in lock_order.c); and never more than this (a guess). */
enum { REPRESENTATIVES = 8, ACTORS_MAX = 1024 };

/* A lock that was held or wanted in a nesting. */
struct order_node {
  struct order_node *next;      /* in its bucket */
  struct order_node *queued[2]; /* next to visit by a search, forwards and backwards */
  uint32_t visited[2];          /* number of the search that was here */
  uintptr_t addr;
  uint64_t id;                 /* no two locks have the same, those that are gone included */
  struct order_edge *out, *in; /* taken while this is held; held while this is taken */
};

/* What was held when a lock was wanted: shared by the edges from each of them. */
struct order_held {
  uint32_t refs, n;
  struct order_held_lock {
    uint64_t node; /* its id */
    bool write;
  } v[];
};

/* Who did it, when, and where. */
struct order_actor {
  struct incarnation who;
  struct clock_ref phase;            /* in which the lock was wanted (lock_phase.h) */
  uint32_t wanted_stack, held_stack; /* depot */
};

/* One way in which an edge came about. */
struct order_use {
  struct order_use *next; /* of the same edge */
  uint64_t kind;          /* hash of modes and gates: what makes two uses the same */
  struct order_held *held;
  uint32_t index; /* of the edge's lock in `held` */
  bool wanted_write;
  uint32_t actors, room;  /* in `by` */
  struct order_actor *by; /* in the arena */
};

struct order_edge {
  struct order_node *from, *to;
  struct order_edge *next_out, *next_in, *next_hash;
  struct order_use *uses; /* at most USES_MAX */
  uint32_t n;
  uint64_t no_way_back; /* order_edges_made when no path led from `to` to `from`; 0: not looked yet */
};

/* One side of a circle: somebody holds `held` and wants `wanted`. */
struct order_step {
  struct order_actor by;
  uintptr_t wanted, held;
  bool wanted_write, held_write;
};
struct order_cycle {
  uint32_t n;
  struct order_step step[CYCLE_MAX]; /* the first is the one just seen; each holds what the one before wants */
};

/* The graph's lock, for lock_phase.c. */
void graph_lock(void);
void graph_unlock(void);

extern uint32_t order_search;     /* number of the last search; guarded by the graph's lock */
extern uint64_t order_edges_made; /* so far; likewise */

/* Circles that `who` closes by `use` of `e`: fills at most `room`, returns how many. The graph's lock is held. */
unsigned order_cycles(struct order_edge *e, const struct order_use *use, const struct order_actor *who,
                      struct order_cycle *out, unsigned room);

/* report_order.c */
void report_lock_order(struct det_thread *t, struct order_cycle *c);

#endif
