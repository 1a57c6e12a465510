/* A group of goroutines with one task, of which each may fail, as golang.org/x/sync/errgroup.
 *
 * What each function did happens before gw_errgroup_wait returns.  With a limit, a function's end also happens before
 * the start that waited for it.
 *
 * Included by godwit.h.
 */
#ifndef GODWIT_ERRGROUP_H
#define GODWIT_ERRGROUP_H

typedef struct gw_errgroup gw_errgroup;

/* Owned by the caller.  Its context derives from ctx (NULL: the background), which it keeps a reference to. */
gw_errgroup *gw_errgroup_new(gw_ctx *ctx);
/* The group's context: canceled by the first failure, and when gw_errgroup_wait returns.  Borrowed from the group. */
gw_ctx *gw_errgroup_ctx(gw_errgroup *g);
/* At most n functions at a time; n < 0: no limit.  A panic while functions run. */
void gw_errgroup_set_limit(gw_errgroup *g, int n);
/* gw_errgroup_go(g, f, args...): starts f(args...), which returns an int, 0 for success.  Blocks while at the limit. A
 * function that calls gw_goexit has not failed. */
#define gw_errgroup_go(g, ...) GW__ERRGROUP_GO(g, GW__NARGS(__VA_ARGS__), __COUNTER__, __VA_ARGS__)
/* Blocks until all functions have returned; what the first one that failed returned, or 0. */
int gw_errgroup_wait(gw_errgroup *g);
/* Gives the memory back.  Panics while functions run.  NULL is fine. */
void gw_errgroup_free(gw_errgroup *g);

void gw__errgroup_go(gw_errgroup *g, GW__NOESCAPE struct gw__call *call);
#define GW__ERRGROUP_GO(g, n, N, ...)                                     \
  __extension__({                                                         \
    GW__CALL_RECORD(n, N, __VA_ARGS__);                                   \
    _Static_assert(__builtin_types_compatible_p(GW__CAT(gw__r_, N), int), \
                   "the function of an error group returns int");         \
    gw__errgroup_go((g), &GW__CAT(gw__call_, N));                         \
  })

#endif
