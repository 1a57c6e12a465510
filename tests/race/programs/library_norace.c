/* NO RACE */
/* Pool, map and error group: put before the get of that object, store before each call that returns that value, each
 * function before the wait. */
#include "scenario.h"

struct object {
  gw_mutex own; /* at the object's address: what the pool says about the object is not about its lock */
  long x;
};

static gw_pool pool;
static gw_map map;
static struct object objects[4], values[4];

static void putter(void) {
  struct object *o = &objects[0];
  gw_mutex_lock(&o->own);
  o->x = 1;
  gw_mutex_unlock(&o->own);
  o->x++;
  gw_pool_put(&pool, o);
}
static void getter(void) {
  struct object *o;
  while (!(o = gw_pool_get(&pool))) gw_yield();
  o->x++;
  gw_mutex_lock(&o->own);
  o->x++;
  gw_mutex_unlock(&o->own);
}

static void pool_user(void) {
  for (int i = 0; i < 300; i++) {
    struct object *o = gw_pool_get(&pool), *p = gw_pool_get(&pool);
    if (o) o->x++;
    if (p) p->x++;
    gw_pool_put(&pool, o);
    gw_pool_put(&pool, p);
    if (i % 16 == 0) gw_yield();
  }
}

static void storer(void) {
  for (int i = 0; i < 4; i++) {
    static const char *keys[] = {"load", "loaded", "deleted", "ranged"};
    values[i].x = i;
    gw_map_store(&map, keys[i], &values[i]);
  }
}
static bool see(const char *key, void *value, void *seen) {
  (void)key;
  use(((struct object *)value)->x);
  ++*(int *)seen;
  return true;
}
static void loader(void) {
  struct object *v, other;
  while (!(v = gw_map_load(&map, "load"))) gw_yield();
  v->x++;
  for (bool loaded = false; !loaded;) {
    v = gw_map_load_or_store(&map, "loaded", &other, &loaded);
    if (loaded || (v = gw_map_delete(&map, "loaded")) == &other) continue;
    gw_map_store(&map, "loaded", v); /* the storer's came in between: it was deleted */
    loaded = true;
  }
  v->x++;
  while (!(v = gw_map_delete(&map, "deleted"))) gw_yield();
  v->x++;
  for (int seen = 0; seen < 3;) {
    seen = 0;
    gw_map_range(&map, see, &seen);
  }
}

/* A value that is passed on: whoever replaces it has it. */
static void exchange(struct object *mine) {
  for (int i = 0; i < 200 && mine; i++) {
    mine->x++;
    mine = gw_map_store(&map, "exchange", mine);
  }
}
static void first_exchanger(void) { exchange(&objects[1]); }
static void other_exchanger(void) { exchange(&objects[2]); }

static long results[8], plain;
static int fill(int i) {
  results[i] = i;
  return i == 5;
}
static int count(void) {
  plain++;
  return 0;
}

static void groups(void) {
  gw_errgroup *g = gw_errgroup_new(NULL);
  for (int i = 0; i < 8; i++) gw_errgroup_go(g, fill, i);
  gw_errgroup_wait(g);
  for (int i = 0; i < 8; i++) use(results[i]);
  gw_errgroup_free(g);
  g = gw_errgroup_new(NULL);
  gw_errgroup_set_limit(g, 1);
  for (int i = 0; i < 8; i++) gw_errgroup_go(g, count);
  gw_errgroup_wait(g);
  use(plain);
  gw_errgroup_free(g);
}

int main(void) {
  both(putter, getter);
  for (int i = 0; i < 3; i++) gw_pool_put(&pool, &objects[i]);
  both(pool_user, pool_user);
  while (gw_pool_try_get(&pool)) {
  }
  gw_pool_free(&pool);
  both(storer, loader);
  gw_map_free(&map);
  gw_map_store(&map, "exchange", &objects[3]);
  both(first_exchanger, other_exchanger);
  gw_map_free(&map);
  groups();
}
