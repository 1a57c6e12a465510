/* Contexts, pools and maps. */
#include <stdlib.h>

#include "bench.h"

void context_cancel(long n) {
  for (long i = 0; i < n; i++) {
    gw_ctx *c = gw_ctx_with_cancel(gw_ctx_background());
    gw_ctx_cancel(c);
    gw_ctx_free(c);
  }
}

/* One of a tree, with somebody who looks at its channel. */
void context_child(long n) {
  gw_ctx *top = gw_ctx_with_cancel(gw_ctx_background());
  for (long i = 0; i < n; i++) {
    gw_ctx *c = gw_ctx_with_cancel(top);
    gw_ctx_done(c);
    gw_ctx_cancel(c);
    gw_recv(gw_ctx_done(c));
    gw_ctx_free(c);
  }
  gw_ctx_free(top);
}

void context_timeout(long n) {
  for (long i = 0; i < n; i++) {
    gw_ctx *c = gw_ctx_with_timeout(gw_ctx_background(), GW_S);
    gw_ctx_cancel(c);
    gw_ctx_free(c);
  }
}

static void *make(void) { return malloc(64); }
static gw_pool pool = GW_POOL_INIT(make);

static void get_and_put(long n) {
  for (long i = 0; i < n; i++) gw_pool_put(&pool, gw_pool_get(&pool));
}

static void of_four(void (*f)(long), long n) {
  gw_waitgroup w = {0};
  for (int i = 0; i < 4; i++) gw_waitgroup_go(&w, f, n / 4);
  gw_waitgroup_wait(&w);
}

void pool_alone(long n) { get_and_put(n); }
void pool_of_four(long n) { of_four(get_and_put, n); }

static const char *const keys[] = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"};
static gw_map map;

/* One store for every 64 loads. */
static void load_mostly(long n) {
  for (long i = 0; i < n; i++)
    if (i % 64 == 0)
      gw_map_store(&map, keys[i / 64 % 8], &map);
    else
      gw_map_load(&map, keys[i % 8]);
}

void map_alone(long n) { load_mostly(n); }
void map_of_four(long n) { of_four(load_mostly, n); }
