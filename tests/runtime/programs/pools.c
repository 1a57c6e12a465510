/* Pools: every object is in one place at a time, and what was put comes back. */
#include "check.h"

struct object {
  int in_use; /* atomic */
  long sum;
};

static int made; /* atomic */
static void *make(void) {
  __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
  return calloc(1, sizeof(struct object));
}
static gw_pool pool = GW_POOL_INIT(make), empty, zero;

static void one_goroutine(void) {
  int things[3];
  CHECK(gw_pool_get(&zero) == NULL && gw_pool_try_get(&zero) == NULL);
  gw_pool_put(&zero, NULL);
  CHECK(gw_pool_get(&zero) == NULL);
  for (int i = 0; i < 3; i++) gw_pool_put(&zero, &things[i]);
  int seen = 0;
  for (int *p; (p = gw_pool_get(&zero));) seen |= 1 << (p - things);
  CHECK(seen == 7);
  gw_pool_free(&zero);
  gw_pool_free(&zero);
  gw_pool_put(&zero, &things[1]); /* usable again */
  CHECK(gw_pool_try_get(&zero) == &things[1]);
  gw_pool_free(&zero);
  gw_pool_free(&empty);
}

static void user(int seed, int rounds) {
  unsigned x = (unsigned)seed * 7919u + 1;
  for (int i = 0; i < rounds; i++) {
    x = x * 1103515245u + 12345u;
    struct object *mine[4];
    int n = 1 + (int)(x >> 16) % 4;
    for (int k = 0; k < n; k++) {
      mine[k] = gw_pool_get(&pool);
      CHECK(__atomic_fetch_add(&mine[k]->in_use, 1, __ATOMIC_RELAXED) == 0);
      mine[k]->sum++; /* nobody else's: the last put was before */
    }
    if (x >> 28 == 0) gw_yield();
    for (int k = 0; k < n; k++) {
      __atomic_store_n(&mine[k]->in_use, 0, __ATOMIC_RELAXED);
      gw_pool_put(&pool, mine[k]);
    }
  }
}

enum { USERS = 8, ROUNDS = 3000 };

int main(void) {
  one_goroutine();
  gw_waitgroup all = {0};
  for (int i = 0; i < USERS; i++) gw_waitgroup_go(&all, user, i, ROUNDS);
  gw_waitgroup_wait(&all);
  long sum = 0;
  int n = 0;
  for (struct object *o; (o = gw_pool_try_get(&pool)); n++) {
    sum += o->sum;
    free(o);
  }
  CHECK(n == made);             /* all of them came back */
  CHECK(sum >= USERS * ROUNDS); /* and none was used twice at a time, or a count would be lost */
  gw_pool_free(&pool);
  return 0;
}
