/* The concurrent map, against a plain model and against itself from many goroutines. */
#include "check.h"

enum { KEYS = 400 };
static unsigned seed = 1;
static int below(int n) {
  seed = seed * 1103515245u + 12345u;
  return (int)((seed >> 8) % (unsigned)n);
}

static char names[KEYS][700];
static int values[1000];

/* Of all lengths, the empty one among them; with common beginnings. */
static void name_keys(void) {
  for (int i = 0; i < KEYS; i++) {
    int length = i < 20 ? i : below(i % 10 == 0 ? 650 : 40);
    memset(names[i], 'a' + i % 3, (size_t)length);
    if (i) snprintf(names[i] + length, sizeof names[i] - (size_t)length, "%d", i);
  }
}

struct model {
  void *of[KEYS];
  bool shown[KEYS];
};

static bool compare(const char *key, void *value, void *arg) {
  struct model *m = arg;
  int i = 0;
  while (strcmp(names[i], key) != 0) i++;
  CHECK(!m->shown[i] && m->of[i] == value);
  m->shown[i] = true;
  return true;
}

static bool stop_at_third(const char *key, void *value, void *arg) {
  (void)key, (void)value;
  return ++*(int *)arg < 3;
}

static void like_a_model(void) {
  gw_map map = {0};
  struct model m = {0};
  CHECK(gw_map_load(&map, "x") == NULL && gw_map_delete(&map, "x") == NULL);
  gw_map_range(&map, compare, &m);
  for (int step = 0; step < 20000; step++) {
    int i = below(step % 3 ? 30 : KEYS);
    void *v = &values[below(1000)];
    bool loaded = step & 1, was = m.of[i] != NULL;
    switch (below(5)) {
      case 0:
        CHECK(gw_map_store(&map, names[i], v) == m.of[i]);
        m.of[i] = v;
        break;
      case 1:
        if (!was) m.of[i] = v;
        CHECK(gw_map_load_or_store(&map, names[i], v, below(2) ? &loaded : NULL) == m.of[i]);
        break;
      case 2:
        CHECK(gw_map_load_or_store(&map, names[i], v, &loaded) == (was ? m.of[i] : v) && loaded == was);
        if (!was) m.of[i] = v;
        break;
      case 3:
        CHECK(gw_map_delete(&map, names[i]) == m.of[i]);
        m.of[i] = NULL;
        break;
      default:
        CHECK(gw_map_load(&map, names[i]) == m.of[i]);
    }
    if (step % 1000 == 0) {
      memset(m.shown, 0, sizeof m.shown);
      gw_map_range(&map, compare, &m);
      for (int k = 0; k < KEYS; k++) CHECK(m.shown[k] == (m.of[k] != NULL));
    }
  }
  int calls = 0;
  gw_map_range(&map, stop_at_third, &calls);
  CHECK(calls == 3);
  gw_map_free(&map);
  CHECK(gw_map_load(&map, names[1]) == NULL);
  gw_map_free(&map);
}

static void keys_are_copied(void) {
  gw_map map = {0};
  char key[8] = "one";
  gw_map_store(&map, key, &values[1]);
  strcpy(key, "two");
  CHECK(gw_map_load(&map, "one") == &values[1] && gw_map_load(&map, "two") == NULL);
  gw_map_free(&map);
}

/* ---- a map that changes while it is shown ---- */

static gw_map changing;

static bool change(const char *key, void *value, void *arg) {
  (*(int *)arg)++;
  char more[750];
  snprintf(more, sizeof more, "%s+", key);
  CHECK(gw_map_load(&changing, key) == value && gw_map_delete(&changing, key) == value);
  gw_map_store(&changing, more, value); /* shown too, perhaps, but not for ever: a shard is looked at once */
  if (key[0] == 'c' && strlen(key) > 600) gw_yield();
  CHECK(strncmp(more, key, strlen(key)) == 0); /* still there, though deleted */
  return true;
}

static bool boom(const char *key, void *value, void *arg) {
  (void)key, (void)value, (void)arg;
  gw_panic("enough");
}

static void range_may_change(void) {
  int calls = 0;
  for (int i = 0; i < KEYS; i++) gw_map_store(&changing, names[i], &values[i]);
  gw_map_range(&changing, change, &calls);
  CHECK(calls >= KEYS && calls < 40 * KEYS);
  for (int i = 0; i < 100; i++) CHECK(!gw_try(NULL, gw_map_range, &changing, boom, NULL));
  gw_map_free(&changing);
}

/* ---- many goroutines ---- */

static gw_map shared;
static int first_of[KEYS]; /* atomic */

static bool own_value(const char *key, void *value, void *arg) {
  (void)arg;
  return strcmp(names[(int *)value - values], key) == 0;
}

/* A key's value is its number, whatever else happens to it. */
static void churn(unsigned mine) {
  for (int i = 0; i < 4000; i++) {
    mine = mine * 1103515245u + 12345u;
    int k = (int)(mine >> 9) % (i % 2 ? 8 : KEYS);
    int *own = &values[k], *v;
    bool loaded;
    switch ((mine >> 5) % 4) {
      case 0:
        v = gw_map_store(&shared, names[k], own);
        break;
      case 1:
        v = gw_map_load_or_store(&shared, names[k], own, &loaded);
        CHECK(v);
        break;
      case 2:
        v = gw_map_delete(&shared, names[k]);
        break;
      default:
        v = gw_map_load(&shared, names[k]);
    }
    CHECK(!v || v == own);
    if (i % 500 == 0) gw_map_range(&shared, own_value, NULL);
  }
}

/* Of many that come with one key, one is first. */
static void first(gw_map *m, unsigned mine) {
  for (int k = 0; k < KEYS; k++) {
    bool loaded = true;
    CHECK(gw_map_load_or_store(m, names[k], &values[mine % 2], &loaded));
    if (!loaded) __atomic_fetch_add(&first_of[k], 1, __ATOMIC_RELAXED);
  }
}

static void from_many_sides(void) {
  gw_waitgroup all = {0};
  for (unsigned i = 0; i < 6; i++) gw_waitgroup_go(&all, churn, seed + i);
  gw_waitgroup_wait(&all);
  gw_map_free(&shared);
  for (unsigned i = 0; i < 6; i++) gw_waitgroup_go(&all, first, &shared, i);
  gw_waitgroup_wait(&all);
  for (int k = 0; k < KEYS; k++) CHECK(first_of[k] == 1);
  gw_map_free(&shared);
}

static void store_null(gw_map *m) { gw_map_store(m, "x", NULL); }

int main(int argc, char **argv) {
  if (argc > 1) seed = (unsigned)atoi(argv[1]);
  name_keys();
  like_a_model();
  keys_are_copied();
  range_may_change();
  from_many_sides();
  gw_panic_info info;
  CHECK(!gw_try(&info, store_null, &shared) && strcmp(info.message, "map: store of NULL") == 0);
  return 0;
}
