/* Where loops of the program's let others run, see poll.c. */
#ifndef GW_RUNTIME_POLL_H
#define GW_RUNTIME_POLL_H
#include "g.h"
#include "godwit/abi.h"

/* On m's own thread, once: polls of what runs there can be asked for. */
HIDDEN void poll_thread_begin(struct m *m);
/* What runs on m is to let others run, if it polls.  From any thread. */
static inline void poll_want(struct m *m) {
  struct gw_poll *poll = __atomic_load_n(&m->poll, __ATOMIC_ACQUIRE); /* pairs with poll_thread_begin */
  if (poll) __atomic_store_n(&poll->wanted, 1, __ATOMIC_RELAXED);
}
/* g, which runs on m, holds a lock of libc's as far as is known: it may not go on on another thread. */
static inline bool g_bound_to_thread(const struct m *m, const struct g *g) {
  return UNLIKELY(m->poll->locks > 0) || UNLIKELY(race_bound_to_thread(g->race));
}

#endif
