/* What pool, map, error group and limiter don't order. */
#include "scenario.h"

static gw_pool pool;
static gw_map map;
static gw_limiter limiter;
static long object, other, unrelated, value, absent, another_key, grouped, before_wait, limited;

/* Used on after the put. */
static void a1(void) {
  gw_pool_put(&pool, &object);
  IN_TURN(1, object = 1); /* RACE 1: write object */
}
static void b1(void) {
  turn_wait(2);
  long *o = gw_pool_get(&pool);
  use(*o); /* RACE 1: read object */
}

/* The put of an object that somebody else gets. */
static void a2(void) {
  turn_wait(2);
  unrelated = 1; /* RACE 2: write unrelated */
  gw_pool_put(&pool, &object);
  turn_done();
}
static void b2(void) {
  turn_wait(1);
  use(*(long *)gw_pool_get(&pool));
  turn_done();
  turn_wait(3);
  use(unrelated); /* RACE 2: read unrelated */
}

static void a3(void) {
  gw_map_store(&map, "value", &value);
  IN_TURN(1, value = 1); /* RACE 3: write value */
}
static void b3(void) {
  turn_wait(2);
  use(*(long *)gw_map_load(&map, "value")); /* RACE 3: read value */
}

/* Not finding a key. */
static void a4(void) { IN_TURN(1, absent = 1, gw_map_delete(&map, "value")); /* RACE 4: write absent */ }
static void b4(void) {
  turn_wait(2);
  gw_map_load(&map, "value");
  use(absent); /* RACE 4: read absent */
}

/* A store of one key, a load of another. */
static void a5(void) { IN_TURN(1, another_key = 1, gw_map_store(&map, "x", &value)); /* RACE 5: write another_key */ }
static void b5(void) {
  turn_wait(2);
  gw_map_load(&map, "y");
  use(another_key); /* RACE 5: read another_key */
}

static int write_grouped(int turn) {
  IN_TURN((uint32_t)turn, grouped = turn); /* RACE 6: write grouped */
  return 0;
}
static int early(void) {
  IN_TURN(1, before_wait = 1); /* RACE 7: write before_wait */
  return 0;
}

static void groups(void) {
  gw_errgroup *g = gw_errgroup_new(NULL);
  turn_restart();
  gw_errgroup_go(g, write_grouped, 1);
  gw_errgroup_go(g, write_grouped, 2);
  gw_errgroup_wait(g);
  gw_errgroup_free(g);
  g = gw_errgroup_new(NULL);
  turn_restart();
  gw_errgroup_go(g, early);
  turn_wait(2);
  use(before_wait); /* RACE 7: read before_wait */
  gw_errgroup_wait(g);
  gw_errgroup_free(g);
}

static void a8(void) { IN_TURN(1, limited = 1, gw_limiter_wait(&limiter, NULL)); /* RACE 8: write limited */ }
static void b8(void) {
  turn_wait(2);
  gw_limiter_wait(&limiter, NULL);
  use(limited); /* RACE 8: read limited */
}

/* The map is given back while somebody uses it. */
static void a9(void) { IN_TURN(1, gw_map_load(&map, "y")); /* RACE 9: read */ }
static void b9(void) { IN_TURN(2, gw_map_free(&map)); /* RACE 9: write */ }

int main(void) {
  both(a1, b1);
  gw_pool_put(&pool, &other);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  gw_map_store(&map, "y", &other);
  both(a5, b5);
  groups();
  gw_limiter_init(&limiter, 1e6, 3);
  both(a8, b8);
  both(a9, b9);
}
