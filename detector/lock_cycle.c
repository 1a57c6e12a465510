/* Circles in the lock graph: lock_graph.h.
 *
 * A circle of edges is a possible deadlock if its sides can be at their places at the same time:
 * - they are different goroutines; one alone takes its locks one after the other;
 * - no two are ordered by creation or join (lock_phase.h): else one is through before the other begins;
 * - no lock is held by two of them, unless both only read it: else it is a gate through which one passes at a time;
 * - at each lock one side wants what the other holds, and one of the two is no reader.
 *
 * What channels, wait groups, locks and the like order is not looked at: on another schedule they may do otherwise.
 *
 * First a search from both ends, in step, so that it costs what the smaller side has; almost always one end is a dead
 * one.  That there is no way stays so until the graph gets another edge.  Only if the ends meet, paths are tried one by
 * one.
 */
#include "detector/lock_graph.h"

uint32_t order_search;
uint64_t order_edges_made;

enum { STEPS_MAX = 20000 }; /* guess: some milliseconds; beyond it a circle may be missed */

struct side {
  const struct order_edge *e;
  const struct order_use *use;
  const struct order_actor *by;
};

struct walk {
  struct side path[CYCLE_MAX];
  unsigned n;
  unsigned steps;
  struct order_cycle *out;
  unsigned found, room;
};

/* No lock keeps the two apart. */
static bool held_together(const struct order_held *a, const struct order_held *b) {
  for (uint32_t i = 0; i < a->n; i++)
    for (uint32_t j = 0; j < b->n; j++)
      if (a->v[i].node == b->v[j].node && (a->v[i].write || b->v[j].write)) return false;
  return true;
}

static const struct order_held_lock *held_lock(const struct side *s) { return &s->use->held->v[s->use->index]; }

static bool blocks(const struct side *wants, const struct side *holds) {
  return wants->use->wanted_write || held_lock(holds)->write;
}

static bool fits(const struct walk *w, const struct side *next) {
  if (!blocks(&w->path[w->n - 1], next)) return false;
  for (unsigned i = 0; i < w->n; i++) {
    const struct side *s = &w->path[i];
    if (s->by->who.id == next->by->who.id || !phase_parallel(&s->by->phase, &next->by->phase)) return false;
    if (!held_together(s->use->held, next->use->held)) return false;
  }
  return true;
}

static void take_down(struct walk *w) {
  struct order_cycle *c = &w->out[w->found++];
  c->n = w->n;
  for (unsigned i = 0; i < w->n; i++) {
    const struct side *s = &w->path[i];
    c->step[i] =
        (struct order_step){*s->by, s->e->to->addr, s->e->from->addr, s->use->wanted_write, held_lock(s)->write};
  }
}

static bool enough(const struct walk *w) { return w->found == w->room || w->steps > STEPS_MAX; }

static void try_from(struct walk *w, const struct order_node *at);

static void try_side(struct walk *w, const struct side *next) {
  if (!fits(w, next)) return;
  w->path[w->n++] = *next;
  if (next->e->to == w->path[0].e->from) {
    if (blocks(next, &w->path[0])) take_down(w);
  } else if (w->n < CYCLE_MAX) {
    try_from(w, next->e->to);
  }
  w->n--;
}

/* Only through locks from which the circle's beginning can be reached. */
static void try_from(struct walk *w, const struct order_node *at) {
  for (const struct order_edge *e = at->out; e; e = e->next_out) {
    if (e->to->visited[1] != order_search) continue;
    for (const struct order_use *use = e->uses; use; use = use->next)
      for (uint32_t i = 0; i < use->actors && !enough(w); i++) {
        w->steps++;
        try_side(w, &(struct side){e, use, &use->by[i]});
      }
  }
}

/* A search in one direction: 0 forwards, 1 backwards. */
struct front {
  unsigned way;
  struct order_node *next, **end; /* nodes to visit */
  struct order_edge *edge;        /* of the node under way */
};

static void front_add(struct front *f, struct order_node *n) {
  n->visited[f->way] = order_search;
  n->queued[f->way] = NULL;
  *f->end = n;
  f->end = &n->queued[f->way];
}

static void front_begin(struct front *f, unsigned way, struct order_node *n) {
  *f = (struct front){.way = way};
  f->end = &f->next;
  front_add(f, n);
}

static struct order_edge *edges_of(const struct front *f, const struct order_node *n) {
  return f->way ? n->in : n->out;
}

/* Looks at one more edge; false if there is none left. */
static bool front_step(struct front *f, bool *met) {
  while (!f->edge) {
    struct order_node *n = f->next;
    if (!n) return false;
    f->next = n->queued[f->way];
    if (!f->next) f->end = &f->next;
    f->edge = edges_of(f, n);
  }
  struct order_node *to = f->way ? f->edge->from : f->edge->to;
  f->edge = f->way ? f->edge->next_in : f->edge->next_out;
  if (to->visited[!f->way] == order_search) *met = true;
  if (to->visited[f->way] != order_search) front_add(f, to);
  return true;
}

/* Can `to` be reached from `from`?  If so, all from which it can are marked as visited backwards. */
static bool reaches(struct order_node *from, struct order_node *to) {
  struct front forwards, backwards;
  bool met = false;
  order_search++;
  front_begin(&forwards, 0, from);
  front_begin(&backwards, 1, to);
  while (!met)
    if (!front_step(&forwards, &met) || !front_step(&backwards, &met)) break;
  if (!met) return false;
  while (front_step(&backwards, &met)) continue;
  return true;
}

unsigned order_cycles(struct order_edge *e, const struct order_use *use, const struct order_actor *who,
                      struct order_cycle *out, unsigned room) {
  if (!e->to->out || !e->from->in || e->no_way_back == order_edges_made) return 0;
  if (!reaches(e->to, e->from)) {
    e->no_way_back = order_edges_made;
    return 0;
  }
  struct walk w = {.path = {{e, use, who}}, .n = 1, .out = out, .room = room};
  try_from(&w, e->to);
  return w.found;
}
