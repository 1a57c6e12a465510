/* The wait record (Go's sudog) and FIFO queues of them, for channels, select and the locks. */
#ifndef GW_RUNTIME_WAITQ_H
#define GW_RUNTIME_WAITQ_H
#include "g.h"

/* One goroutine's waiting in one queue; lives on the waiter's stack. Guarded by the queue's lock until it is taken out.
 */
struct gw__waiter {
  struct gw__waiter *next, *prev;
  struct g *g;
  void *elem;    /* channel: where the value is or goes; NULL to drop it */
  int64_t n;     /* semaphore: units; mutex: when it began to wait */
  int64_t since; /* locks: when it queued, for the mutex profile; 0 when that is off */
  int32_t index; /* select: which case; -1 for a plain operation */
  bool ok;       /* set by who takes it out: a value was passed, not a closed channel seen */
  bool queued;   /* stands in a queue */
};

/* The lock of a primitive's queue, by the rank under which what it guards is checked. */
#define WAITQ_LOCK(id, q) ((struct spin_##id *)(void *)&(q)->gw__lock)
#define waitq_lock_as(id, q) spin_lock(WAITQ_LOCK(id, q))
static inline void waitq_lock(struct gw__waitq *q) { waitq_lock_as(WAITQ, q); }
static inline void waitq_unlock(struct gw__waitq *q) { spin_unlock(WAITQ_LOCK(WAITQ, q)); }
HIDDEN void waitq_put(struct gw__waitq *q, struct gw__waiter *w);
HIDDEN void waitq_put_first(struct gw__waitq *q, struct gw__waiter *w);
HIDDEN void waitq_remove(struct gw__waitq *q, struct gw__waiter *w);
/* The longest waiter, taken out, or NULL. */
HIDDEN struct gw__waiter *waitq_get(struct gw__waitq *q);
/* The calling goroutine waits in q, whose lock it holds and gives up, until a waitq_get and g_ready. */
HIDDEN void waitq_park(struct gw__waitq *q, struct g *g, struct gw__waiter *w, enum reason why);

#endif
