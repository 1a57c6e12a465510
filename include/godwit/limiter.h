/* A rate limiter: a bucket of tokens, as golang.org/x/time/rate.  It holds `burst` tokens at most, starts full, and
 * gets `per_second` tokens a second.  Who waits takes its token at once, ahead of time, so that the turns are in the
 * order of the calls.
 *
 * A zero-initialised limiter lets nothing pass.
 *
 * Included by godwit.h.
 */
#ifndef GODWIT_LIMITER_H
#define GODWIT_LIMITER_H

typedef struct gw_limiter {
  uint32_t gw__lock;     /* spin lock: guards the following */
  uint32_t gw__turns;    /* counts the tokens taken: tells whether the last one was mine */
  double gw__per_second; /* constant */
  double gw__burst;      /* constant */
  double gw__tokens;     /* at gw__last; less than zero: taken ahead of time */
  int64_t gw__last;      /* when they were counted */
} gw_limiter;

/* INFINITY: no limit; 0: only the first `burst` pass.  A panic if per_second is negative or no number, or burst < 1. */
void gw_limiter_init(gw_limiter *l, double per_second, int burst);
/* Takes a token if there is one now. Never blocks. */
bool gw_limiter_allow(gw_limiter *l);
/* Blocks until it has a token: 0; or until ctx (NULL: the background) ends: its error.  GW_DEADLINE_EXCEEDED comes at
 * once if the token would come later than ctx's deadline.  A token that nobody used is given back. */
int gw_limiter_wait(gw_limiter *l, gw_ctx *ctx);

#endif
