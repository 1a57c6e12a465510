/* Phases: a goroutine's time between creating others or joining them.  What creation and join order can't deadlock.
 *
 * Of all that orders a program only these two do so on every schedule: who was created runs after what its creator did
 * before, who joined runs after all that the joined did.  Locks, channels and the like give an order to one schedule,
 * and another one to the next.  So the clocks here are vector clocks as in clock.h, with slots of their own, that know
 * no other edge.
 *
 * A goroutine gets a slot when it first waits for a lock while it holds another: before that nobody asks for its
 * phases. Goroutines that nest no locks cost a word in their race_g, and pass on what their creators knew.
 *
 * Source: Agarwal, Wang, Stoller, "Detecting potential deadlocks with static analysis and run-time monitoring" (2005):
 * segments between starts and joins.
 */
#ifndef GW_DETECTOR_LOCK_PHASE_H
#define GW_DETECTOR_LOCK_PHASE_H
#include "detector/clock.h"

struct race_g;

/* In each goroutine, used by it alone (race.h). */
struct phase_g {
  struct clock_ref now; /* what creation and join let it know, its own closed phases included; slot and open phase */
  bool named;           /* the lock graph names the open phase */
};

void phase_begin(struct phase_g *p);
/* The creator's open phase ends, and what it knew by then the child knows. */
void phase_create(struct det_thread *t, struct phase_g *creator, struct phase_g *child);
/* The open phase ends: all of them, as a reference that the caller owns; NULL if nobody will ever ask for them. */
struct node *phase_close(struct det_thread *t, struct phase_g *p);
/* `ended`, from phase_close of one that did nothing more, was joined. */
void phase_join(struct det_thread *t, struct phase_g *p, struct node *ended);
/* The goroutine is gone. */
void phase_end(struct det_thread *t, struct phase_g *p);
/* The lock graph is about to name the open phase: *out is it, with a reference that the caller owns.  The graph's lock
 * is held. */
void phase_name_locked(struct phase_g *p, struct clock_ref *out);

/* All of the phase a was over before b began. */
static inline bool phase_before(const struct clock_ref *a, const struct clock_ref *b) {
  if (a->slot == CLOCK_NONE) return false;
  return a->slot == b->slot ? a->clock < b->clock : clock_get(b->tree, a->slot) >= a->clock;
}

/* Can something of the one happen while something of the other does? */
static inline bool phase_parallel(const struct clock_ref *a, const struct clock_ref *b) {
  return !phase_before(a, b) && !phase_before(b, a);
}

#endif
