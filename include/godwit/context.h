/* Contexts: cancellation, deadlines and values that go down a tree of calls, as in Go's package context.
 *
 * Ownership: who derives a context owns it, and gives it back with gw_ctx_free.  A goroutine that uses it longer than
 * its creator is sure to keep it takes a reference of its own (gw_go(f, gw_ctx_ref(c)), and f ends with gw_ctx_free).
 * When the last owner lets go, the context and all that derive from it are canceled; those may still be used, as a
 * context keeps what it derives from.
 *
 * No call here blocks for longer than a cancellation of the same branch takes.  A cancellation happens before the done
 * channel is seen closed and before the error is seen.
 *
 * Included by godwit.h.
 */
#ifndef GODWIT_CONTEXT_H
#define GODWIT_CONTEXT_H

typedef struct gw_ctx gw_ctx;

/* Why a context ended. The numbers are those of ECANCELED and ETIMEDOUT, so that strerror has words for them. */
enum { GW_CANCELED = 125, GW_DEADLINE_EXCEEDED = 110 };

/* The root: never canceled, no deadline, no values. Nobody owns it; freeing and canceling it do nothing. */
gw_ctx *gw_ctx_background(void);
/* Derive a context; never NULL.  It ends with its parent, and a parent that has ended gives one that has, too.
 * A timeout or deadline later than the parent's changes nothing; one that has passed cancels at once.  `t` is a time of
 * gw_now.  A panic if the parent is NULL. */
gw_ctx *gw_ctx_with_cancel(gw_ctx *parent);
gw_ctx *gw_ctx_with_timeout(gw_ctx *parent, int64_t ns);
gw_ctx *gw_ctx_with_deadline(gw_ctx *parent, int64_t t);
/* Keys compare by pointer: the address of a variable of one's own. The value is borrowed. A panic if key is NULL. */
gw_ctx *gw_ctx_with_value(gw_ctx *parent, const void *key, void *value);
/* Cancels it and all that derive from it, which have ended when this returns; the first reason stays. */
void gw_ctx_cancel(gw_ctx *c);
/* Closed once the context has ended; lives as long as the context. NULL, never ready, for the background. */
gw_chan(char) gw_ctx_done(gw_ctx *c);
/* 0 while it lives, then GW_CANCELED or GW_DEADLINE_EXCEEDED for good. */
int gw_ctx_err(gw_ctx *c);
/* The value of the nearest context with that key, upwards from c; NULL if there is none. */
void *gw_ctx_value(gw_ctx *c, const void *key);
/* When it ends by itself, as gw_now tells the time; INT64_MAX: never. */
int64_t gw_ctx_deadline(gw_ctx *c);
/* One more owner; returns c. */
gw_ctx *gw_ctx_ref(gw_ctx *c);
/* One owner less; the last one cancels.  NULL is fine. */
void gw_ctx_free(gw_ctx *c);

#endif
