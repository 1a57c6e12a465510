/* The poller: one epoll set for the process, in which descriptors are registered by number and generation. */
#ifndef GW_RUNTIME_NET_POLL_H
#define GW_RUNTIME_NET_POLL_H
#include "runtime/g.h"

extern HIDDEN struct netpoll {
  uint32_t started;  /* atomic: epoll and wake are there */
  int epoll;         /* constant once started */
  int wake;          /* eventfd in the set: wakes who sleeps in it */
  int64_t waits;     /* atomic: goroutines that wait for descriptors, and signals that are asked for */
  uint32_t busy;     /* atomic, a lock that nobody waits for: somebody polls, perhaps asleep */
  int64_t polled_at; /* atomic, relaxed: sysmon's clock at the end of the last poll */
} netpoll;

/* Goroutines that a poll made ready; linked by g->next, and not yet in any queue. */
struct ready {
  struct g *first, *last;
  uint32_t n;
};

/* Is there anything to poll for? */
static inline bool netpoll_wanted(void) { return __atomic_load_n(&netpoll.waits, __ATOMIC_SEQ_CST) > 0; }

/* Brackets each netpoll_poll; false if somebody else polls. */
static inline bool netpoll_try_enter(void) {
  return !__atomic_load_n(&netpoll.busy, __ATOMIC_RELAXED) && !__atomic_exchange_n(&netpoll.busy, 1, __ATOMIC_ACQUIRE);
}
static inline void netpoll_leave(void) { __atomic_store_n(&netpoll.busy, 0, __ATOMIC_RELEASE); }

/* Creates the set, once. 0 or -errno. */
HIDDEN int netpoll_start(void);
/* Waits for timeout_ns at most (0: not at all, < 0: for ever) and collects who goes on. */
HIDDEN void netpoll_poll(int64_t timeout_ns, struct ready *out);
/* They become runnable: on m's processor, or in the global queue for m = NULL. */
HIDDEN void netpoll_inject(struct m *m, struct ready *r);
/* A poll that doesn't wait, for a processor that has nothing to run, or for sysmon (NULL); false if somebody else
 * polls, or nobody was ready. */
HIDDEN bool netpoll_now(struct m *m);
/* Ends the sleep of who sleeps in netpoll_poll. May be called in a signal handler. */
HIDDEN void netpoll_break(void);
/* In a forked child: the set is the parent's. */
HIDDEN void netpoll_forget(void);

/* ---- desc.c: what an event means ---- */
HIDDEN void desc_event(int fd, uint32_t gen, uint32_t events, struct ready *out);
/* In a forked child: nobody waits. */
HIDDEN void descs_forget(void);

/* ---- signal.c ---- */
/* Sends what has arrived. On any of our threads. */
HIDDEN void signals_deliver(void);
/* Some have arrived. */
HIDDEN bool signals_arrived(void);
HIDDEN void signals_forget(void);

#endif
