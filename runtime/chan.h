/* The inside of a channel, shared by chan.c and select.c. */
#ifndef GW_RUNTIME_CHAN_H
#define GW_RUNTIME_CHAN_H
#include <string.h>

#include "waitq.h"

/* Invariants under the lock: one of the two queues is empty, but for a select that waits in both; receivers wait only
 * while the buffer is empty, senders only while it is full.
 *
 * Clocks for the detector: one per slot of the buffer, which the channel owns; its address carries close.  Who meets
 * another without a buffer has a rendezvous with him.  A send is noted beside the clocks, for the close that nothing
 * orders after it. */
struct gw__chan {
  struct spin_CHAN lock;               /* guards all that changes */
  uint32_t cap;                        /* constant */
  size_t size;                         /* of an element; constant */
  uint32_t count;                      /* values buffered; atomic for gw_len and for quick looks */
  uint32_t recv_at, send_at;           /* next slots */
  bool closed;                         /* atomic for quick looks */
  struct gw__waitq receivers, senders; /* their own locks are unused: `lock` guards them */
  struct race_clocks *clocks;          /* one per slot, and the notes of sends; NULL: freed; constant until then */
  _Alignas(16) char slots[];
};

static inline char *chan_slot(struct gw__chan *c, uint32_t i) { return c->slots + (size_t)i * c->size; }
/* The channel's first bytes, which no user knows: what a send reads, and what close and free write. */
enum { CHAN_CLOSING = 8 };

enum chan_outcome { CHAN_WAIT, CHAN_DONE, CHAN_CLOSED };

/* Try to do it now, with the lock held; r is the caller's state in the detector, NULL
 * for a timer's tick, whose edge is in the slot's clock already.  *wake gets the goroutine to make ready
 * once the lock is given up, or NULL. */
HIDDEN enum chan_outcome chan_send_locked(struct gw__chan *c, const void *elem, struct race_g *r, struct g **wake);
HIDDEN enum chan_outcome chan_recv_locked(struct gw__chan *c, void *elem, struct race_g *r, struct g **wake);
/* Would the two above do anything but wait?  Without the lock it's a guess; relaxed, as only the lock's holder acts on
 * it. */
static inline bool chan_has(struct gw__waiter *const *first) {
  return __atomic_load_n(first, __ATOMIC_RELAXED) != NULL;
}
static inline bool chan_can_send(const struct gw__chan *c) {
  return __atomic_load_n(&c->count, __ATOMIC_RELAXED) < c->cap || chan_has(&c->receivers.gw__first) ||
         __atomic_load_n(&c->closed, __ATOMIC_RELAXED);
}
static inline bool chan_can_recv(const struct gw__chan *c) {
  return __atomic_load_n(&c->count, __ATOMIC_RELAXED) > 0 || chan_has(&c->senders.gw__first) ||
         __atomic_load_n(&c->closed, __ATOMIC_RELAXED);
}
/* Copies a value of n bytes; nothing if `to` is NULL. */
static inline void chan_copy(void *to, const void *from, size_t n) {
  if (!to) return;
  if (__builtin_expect(n == 8, 1))
    memcpy(to, from, 8);
  else if (n == 4)
    memcpy(to, from, 4);
  else if (n)
    memcpy(to, from, n);
}
/* The access that a send makes to the channel itself, which is locked. */
static inline void chan_note_send_locked(const struct gw__chan *c, const struct g *g, struct race_at at) {
  race_note(g->race, c->clocks, c, CHAN_CLOSING, at);
}

#endif
