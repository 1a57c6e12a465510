/* Goroutines that wait for one another in a circle. */
#ifndef GW_RUNTIME_DEADLOCK_H
#define GW_RUNTIME_DEADLOCK_H
#include "g.h"

enum { CIRCLE_MAX = 16 };
struct circle {
  struct g *g[CIRCLE_MAX]; /* each waits for the next one, the last for the first */
  unsigned n;
};

/* Owners are looked up anew from here on.  Serialised by the caller, as all that follows is. */
HIDDEN void deadlock_search_begin(void);
/* The i-th of those who hold the lock that g waits for, and must all give it up; NULL if there are no more, it waits
 * for something else, or the owners aren't known. */
HIDDEN struct g *deadlock_next(const struct g *g, unsigned i);
/* The i-th of those who may be the readers that g waits for, where the owners aren't known. */
HIDDEN struct g *deadlock_perhaps_next(const struct g *g, unsigned i);
HIDDEN bool deadlock_waits_for(const struct g *g, const struct g *other);
/* Circles in which each waits for a lock that the next one holds; how many (at most max).  What runs meanwhile makes
 * the view torn: who must be sure looks twice. */
HIDDEN unsigned deadlock_locks(struct circle *out, unsigned max);
/* Circles among the given goroutines, which stand still for good: each waits for something (a channel, a lock, a wait
 * group) that the next one has on its stack. */
HIDDEN unsigned deadlock_held(struct g *const *among, unsigned n, struct circle *out, unsigned max);
/* One line for each of its goroutines, as text; how many bytes. */
HIDDEN size_t deadlock_describe(const struct circle *c, char *to, size_t room);

#endif
