/* What the runtime keeps per descriptor number, and waiting for it. */
#ifndef GW_RUNTIME_NET_DESC_H
#define GW_RUNTIME_NET_DESC_H
#include "base/prim_io.h"
#include "runtime/waitq.h"

enum side { SIDE_IN, SIDE_OUT };

/* Bits of desc_side.word; above them the events are counted. */
enum {
  READY = 1,  /* worth trying: cleared by who finds nothing, if no event came meanwhile */
  STICKY = 2, /* the peer has closed, or urgent data came: fewer bytes than asked for doesn't mean that no more come */
  TICK = 4
};

struct desc_side {
  uint32_t word;            /* atomic: as above; set under the lock, READY cleared by CAS */
  int64_t deadline;         /* atomic; written under the lock; 0: none */
  struct gw__waitq waiters; /* guarded by the lock; its own is unused */
};

/* Never given back, as events may name it. */
struct desc {
  struct spin_DESC lock;
  uint32_t refs;         /* atomic: calls under way on a descriptor that godwit made, and CLOSING */
  uint32_t gen;          /* atomic; guarded by lock: raised when the number gets another meaning */
  bool made;             /* atomic: by gw_listen, gw_accept or gw_dial: non-blocking, and ours to close */
  bool tcp;              /* constant while made: a short read has taken all there is */
  bool path;             /* constant while made: a listener whose file is to be removed */
  bool registered;       /* guarded by lock: in the epoll set, as far as we know */
  uint64_t device, file; /* guarded by lock: what a foreign number names */
  uint32_t both;         /* atomic: gw_wait_fd calls that wait on the reading side for the writing side as well */
  struct g *closer;      /* guarded by lock: waits for the last call to end */
  struct desc_side side[2];
};

enum { CLOSING = 1u << 31 };

/* NULL if there can't be one (EBADF), or there is none and `make` is false. */
HIDDEN struct desc *desc_of(int fd, bool make);
/* A number that godwit has just made. */
HIDDEN void desc_made(int fd, bool tcp, bool path);
/* A foreign number: 0, and what it is, or -errno.  Should it name something else than last time, who still waits for
 * that gets EBADF. */
HIDDEN int desc_foreign(struct desc *d, int fd, struct prim_file *f);
/* Brackets each call on a number that godwit made; false if it is being closed. */
HIDDEN bool desc_enter(struct desc *d);
HIDDEN void desc_leave(struct desc *d, enum side side);
/* Closes; see gw_close_fd. 0 or -errno. */
HIDDEN int desc_close(struct desc *d, int fd);
/* Clears READY in `seen` and in the word, if the two are the same; else false, and the call looks at all anew: another
 * call may have cleared it, and then the deadline have been changed. */
HIDDEN bool desc_clear(struct desc_side *s, uint32_t *seen);
HIDDEN void desc_set_deadline(struct desc *d, enum side side, int64_t t);

/* What a call waits for. */
struct desc_want {
  int fd;
  enum side side;
  uint32_t gen;    /* the desc's when the call began */
  uint32_t seen;   /* the side's word when the call last found nothing */
  uint32_t events; /* EPOLL* bits, for foreign numbers and threads */
  int64_t until;   /* TIMER_NEVER: no end */
};
/* The caller waits for an event after `seen`.  0: something has happened, try again; -ETIMEDOUT, -EBADF, or why it
 * can't wait. */
HIDDEN int desc_wait(struct desc *d, const struct desc_want *want);

#endif
