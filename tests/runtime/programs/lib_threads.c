/* The library from adopted threads, beside goroutines: the same calls, the same meaning. */
#include <pthread.h>

#include "check.h"

enum { THREADS = 4, ROUNDS = 200 };

struct object {
  int users; /* atomic */
};
static void *make(void) { return calloc(1, sizeof(struct object)); }
static gw_pool pool = GW_POOL_INIT(make);
static gw_map map;
static gw_waitgroup through;
static int dummy;
static int work(int *n) { return __atomic_add_fetch(n, 1, __ATOMIC_RELAXED) < 0; }

static void use_pool(void) {
  struct object *o = gw_pool_get(&pool);
  CHECK(__atomic_add_fetch(&o->users, 1, __ATOMIC_RELAXED) == 1);
  __atomic_sub_fetch(&o->users, 1, __ATOMIC_RELAXED);
  gw_pool_put(&pool, o);
}

static void use_all(gw_ctx *top, unsigned mine) {
  for (int i = 0; i < ROUNDS; i++) {
    use_pool();
    char key[16];
    snprintf(key, sizeof key, "%u", (mine + (unsigned)i) % 20);
    gw_map_load_or_store(&map, key, &dummy, NULL);
    CHECK(gw_map_load(&map, key) == &dummy);
    gw_ctx *c = gw_ctx_with_timeout(top, GW_S), *d = gw_ctx_with_cancel(c);
    gw_ctx_free(c);
    CHECK(gw_ctx_err(d) && gw_recv_ok(gw_ctx_done(d), NULL) == false);
    gw_ctx_free(d);
    if (i % 20) continue;
    int n = 0;
    gw_errgroup *g = gw_errgroup_new(top);
    gw_errgroup_set_limit(g, 2);
    for (int k = 0; k < 5; k++) gw_errgroup_go(g, work, &n);
    CHECK(gw_errgroup_wait(g) == 0 && n == 5);
    gw_errgroup_free(g);
  }
  gw_limiter l;
  gw_limiter_init(&l, 10000, 1);
  for (int i = 0; i < 5; i++) CHECK(gw_limiter_wait(&l, top) == 0);
  gw_waitgroup_done(&through);
  gw_recv(gw_ctx_done(top));
}

static void *thread(void *top) {
  use_all(top, 7);
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  gw_waitgroup all = {0};
  gw_ctx *top = gw_ctx_with_timeout(gw_ctx_background(), 100 * GW_S);
  use_pool();
  gw_waitgroup_add(&through, 2 * THREADS);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, thread, top) == 0);
  for (unsigned i = 0; i < THREADS; i++) gw_waitgroup_go(&all, use_all, top, i);
  gw_waitgroup_wait(&through);
  gw_ctx_cancel(top);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  gw_waitgroup_wait(&all);
  gw_ctx_free(top);
  for (struct object *o; (o = gw_pool_try_get(&pool));) free(o);
  gw_pool_free(&pool);
  gw_map_free(&map);
  return 0;
}
