/* lock_phase.h: see there.
 *
 * Slots of those who are gone go on for newcomers that know all of their phases (as in epoch.c), or else trees would
 * grow with each thread that is ever joined.  A list of some is enough: what falls off it costs eight bytes in the
 * trees of those who know it.  It is guarded by the graph's lock, as the number of slots is.
 */
#include "detector/lock_phase.h"

#include "base/mem.h"
#include "detector/lock_graph.h"

enum { GONE = 256, GONE_TRIED = 16 }; /* guesses */

static struct {
  uint32_t slots; /* given out so far */
  uint32_t gone_n;
  struct gone_slot {
    uint32_t slot;
    uint64_t end; /* its last phase */
  } gone[GONE];   /* the newest last */
} phases;

void phase_begin(struct phase_g *p) { p->now = (struct clock_ref){.slot = CLOCK_NONE, .clock = 1}; }

/* Nobody needs to know a phase that isn't named. */
static void close_open(struct det_thread *t, struct phase_g *p) {
  if (!p->named) return;
  p->now.tree = clock_set(t, p->now.tree, p->now.slot, p->now.clock++);
  p->named = false;
}

struct node *phase_close(struct det_thread *t, struct phase_g *p) {
  close_open(t, p);
  return clock_share(p->now.tree);
}

void phase_create(struct det_thread *t, struct phase_g *creator, struct phase_g *child) {
  child->now.tree = phase_close(t, creator);
}

void phase_join(struct det_thread *t, struct phase_g *p, struct node *ended) {
  if (!ended) return;
  close_open(t, p);
  p->now.tree = clock_join(t, p->now.tree, ended);
}

static void add_gone_locked(const struct phase_g *p) {
  if (phases.gone_n == GONE) { /* the older half falls off */
    phases.gone_n = GONE / 2;
    mem_copy(phases.gone, phases.gone + GONE / 2, sizeof phases.gone / 2);
  }
  phases.gone[phases.gone_n++] = (struct gone_slot){p->now.slot, p->named ? p->now.clock : p->now.clock - 1};
}

void phase_end(struct det_thread *t, struct phase_g *p) {
  if (p->now.slot != CLOCK_NONE) {
    graph_lock();
    add_gone_locked(p);
    graph_unlock();
  }
  clock_drop(t, p->now.tree);
}

/* The slot of one of those who went last, if the newcomer knows all that they did. */
static bool take_over_locked(struct phase_g *p) {
  for (uint32_t i = 1; i <= GONE_TRIED && i <= phases.gone_n; i++) {
    struct gone_slot *at = &phases.gone[phases.gone_n - i], found = *at;
    if (clock_get(p->now.tree, found.slot) < found.end) continue;
    *at = phases.gone[--phases.gone_n];
    p->now.slot = found.slot;
    p->now.clock = found.end + 1;
    return true;
  }
  return false;
}

/* Beyond four thousand million slots the rest has none, and counts as parallel to all. */
void phase_name_locked(struct phase_g *p, struct clock_ref *out) {
  if (p->now.slot == CLOCK_NONE && !take_over_locked(p) && phases.slots < CLOCK_NONE - 1) p->now.slot = phases.slots++;
  p->named = p->now.slot != CLOCK_NONE;
  *out = p->now;
  clock_share(out->tree);
}
