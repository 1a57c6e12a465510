/* Objects to use again, as Go's sync.Pool: any number of goroutines put and get, mostly without meeting one another.
 *
 * The pool keeps what it was given until it is asked for or freed.  Which object comes back is not said; each processor
 * keeps one for itself, so that a get may make one though there is another.  The put of an object happens before the
 * get that returns it.
 *
 * Included by godwit.h.
 */
#ifndef GODWIT_POOL_H
#define GODWIT_POOL_H

struct gw__pool_shards;
typedef struct gw_pool {
  void *(*gw__make)(void);            /* constant; may be NULL */
  struct gw__pool_shards *gw__shards; /* atomic; made by the first put */
} gw_pool;
/* gw_pool p = GW_POOL_INIT(f): with void *f(void), which makes an object when there is none.  Without: get gives NULL.
 */
#define GW_POOL_INIT(f) {.gw__make = (f)}

/* An object of the pool, or a new one; the caller's own until it is put (back).  Blocks only if f does. */
void *gw_pool_get(gw_pool *p);
/* An object of the pool; NULL if it is empty.  Never makes one, never blocks. */
void *gw_pool_try_get(gw_pool *p);
/* The object is the pool's from now on; NULL does nothing. Never blocks. */
void gw_pool_put(gw_pool *p, void *object);
/* Gives the pool's own memory back; it is empty then, and may be used again.  Objects that are still in it are not
 * touched: take them out first, with gw_pool_try_get.  Nobody may use the pool meanwhile. */
void gw_pool_free(gw_pool *p);

#endif
