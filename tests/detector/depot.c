/* What threads remember of the depot: each meets far more places than it remembers at first, with and without a lock,
 * and composites of them.  What is found must be what was asked for, and contexts what all threads found, however their
 * memories have grown meanwhile; and nothing of these may be left when they have ended.
 * Usage: depot grow | forget | share | names. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "detector/composite.h"
#include "detector/depot.h"
#include "detector/depot_keys.h"

enum { PLACES = 1 << 14, ROUNDS = 16, OPS = 2, FIRST_PC = 1 << 20, THREADS = 8, GROWN = 3 << 17, MASK = 0x0f };

/* As the first thread found them. */
static uint32_t known[PLACES][OPS];
static char lock[16];

static void fail(const char *what, uint32_t place) {
  printf("place %u: %s\n", place, what);
  exit(1);
}

static uintptr_t pc_of(uint32_t place) { return FIRST_PC + (uintptr_t)place * 16; }

static void check_stack(uint32_t context, uint32_t place) {
  const struct depot_record *r = depot_get(depot_stack_of(context));
  if (!r || r->kind != DEPOT_STACK || r->n < 1 || r->word[0] != pc_of(place)) fail("another stack", place);
}

static void check_lock(uint32_t context, bool held, uint32_t place) {
  const struct depot_record *r = depot_get(depot_locks_of(context));
  if (!r != !held) fail("lock lost or invented", place);
  if (held && r->word[0] != (uintptr_t)lock) fail("another lock", place);
}

static uint32_t context_at(struct race_g *g, uint32_t place, enum race_op op) {
  struct det_thread *t = det_enter();
  uint32_t c = depot_context(t, g, op, (struct race_at){pc_of(place), AT_TRACKED});
  det_exit(t);
  return c;
}

static bool is_locked(uint32_t place) { return place % 4 == 0; }

static void meet(struct race_g *g, uint32_t place) {
  static const enum race_op ops[OPS] = {RACE_READ, RACE_FREE};
  for (unsigned i = 0; i < OPS; i++) {
    uint32_t c = context_at(g, place, ops[i]);
    check_stack(c, place);
    check_lock(c, is_locked(place), place);
    if (depot_op_of(c, RACE_READ) != ops[i]) fail("another operation", place);
    if (!known[place][i]) known[place][i] = c;
    if (known[place][i] != c) fail("another context", place);
  }
}

/* No cell has it, so it is looked at before a collection can come. */
static void meet_composite(uint32_t place) {
  uint32_t other = (place + 1) % PLACES;
  struct det_thread *t = det_enter();
  uint32_t c = composite_of(t, known[place][0], known[other][0], MASK);
  check_stack(composite_resolve(c, MASK), other);
  check_stack(composite_resolve(c, ~(uint32_t)MASK), place);
  det_exit(t);
}

static void meet_all(struct race_g *g) {
  for (uint32_t place = 0; place < PLACES; place++)
    if (!is_locked(place)) meet(g, place);
  race_lock_held(g, lock, true, (struct race_at){FIRST_PC - 16, 0});
  for (uint32_t place = 0; place < PLACES; place++)
    if (is_locked(place)) meet(g, place);
  race_lock_dropped(g, lock);
  for (uint32_t place = 0; place < PLACES; place++) meet_composite(place);
}

/* Returns what the arena has while the thread remembers. */
static void *test(void *arg) {
  (void)arg;
  for (int i = 0; i < ROUNDS; i++) meet_all(race_self());
  return (void *)arena_bytes();
}

/* The bytes, as the last thread saw them. */
static size_t test_threads(unsigned n) {
  pthread_t thread[THREADS];
  void *bytes = NULL;
  for (unsigned i = 0; i < n; i++) GW_CHECK(pthread_create(&thread[i], NULL, test, NULL) == 0);
  for (unsigned i = 0; i < n; i++) GW_CHECK(pthread_join(thread[i], &bytes) == 0);
  return (size_t)bytes;
}

static void grow(void) {
  size_t grown = test_threads(1), left = arena_bytes();
  if (grown < left + GROWN) fail("grew too little, or it is kept", 0);
  for (int i = 0; i < THREADS; i++) test_threads(1);
  if (arena_bytes() > left + GROWN / 2) fail("memory of threads is kept", 0);
  test_threads(THREADS);
}

/* The table has nothing with its hash. */
static void lose(uint32_t id) { ((struct depot_record *)(uintptr_t)depot_get(id))->hash ^= 1; }

static uint32_t both_of(uint32_t older, uint32_t newer) {
  struct det_thread *t = det_enter();
  uint32_t c = composite_of(t, older, newer, MASK);
  det_exit(t);
  return c;
}

static void forget(void) {
  struct race_g *g = race_self();
  uint32_t older = context_at(g, 0, RACE_READ), newer = context_at(g, 1, RACE_READ), both = both_of(older, newer);
  lose(older);
  if (both_of(older, newer) != both) fail("not remembered", 0);
  struct det_thread *t = det_enter();
  depot_forget(t);
  det_exit(t);
  if (both_of(older, newer) == both) fail("remembered after all", 0);
  if (context_at(g, 0, RACE_READ) != older) fail("a pair is forgotten", 0);
}

static void *meet_first(void *context) {
  *(uint32_t *)context = context_at(race_self(), 0, RACE_READ);
  return NULL;
}

/* What another thread makes of the first place. */
static uint32_t context_of_another(void) {
  pthread_t thread;
  uint32_t context = 0;
  GW_CHECK(pthread_create(&thread, NULL, meet_first, &context) == 0);
  GW_CHECK(pthread_join(thread, NULL) == 0);
  return context;
}

static struct shared_key places[1 << SHARED_KEYS_LOG];
static struct shared_keys keys = {.at = places, .mask = (1u << SHARED_KEYS_MIN_LOG) - 1};

/* Few keys lie in few places, many everywhere; these are found when they have come some more times. */
static void spread_keys(void) {
  enum { FEW = 1 << 8, MANY = 1 << 15, TIMES = 6 };
  uint32_t found = 0;
  for (unsigned times = 0; times < TIMES; times++) {
    uint64_t key = found = 0;
    for (uint32_t i = 0; i < MANY; i++) {
      key = (key + 1) * 6364136223846793005u | 1;
      const bool known = shared_find(&keys, key) == i + 1;
      found += known;
      if (!known) shared_add(&keys, key, i + 1);
      if (shared_find(&keys, key) != i + 1) fail("a key is lost at once", i);
      if (times || i != FEW) continue;
      for (uint32_t k = 1 << SHARED_KEYS_MIN_LOG; k < 1 << SHARED_KEYS_LOG; k++)
        if (places[k].context) fail("few keys are everywhere", k);
    }
  }
  if (found < MANY / 10 * 9) fail("too many are lost", found);
}

/* Where the halves of two entries meet, neither key finds anything. */
static void mix_halves(void) {
  static const uint64_t key[2] = {0x123456789abcdef1, 0x123456789abcdef3};
  shared_add(&keys, key[0], 1);
  shared_add(&keys, key[1], 2);
  struct shared_key *k = shared_places(&keys, key[0]);
  if (k != shared_places(&keys, key[1])) fail("not the same places", 0);
  if (shared_find(&keys, key[0]) != 1 || shared_find(&keys, key[1]) != 2) fail("one is lost", 0);
  k[0].context = k[1].context;
  if (shared_find(&keys, key[1])) fail("another's context", 0);
  k[0].check = k[1].check;
  if (shared_find(&keys, key[0]) != 1 || shared_find(&keys, key[1])) fail("another's key", 0);
}

/* Another thread finds the place without a walk, which would make a record anew. */
static void share(void) {
  uint32_t mine = context_at(race_self(), 0, RACE_READ);
  lose(mine);
  if (context_of_another() != mine) fail("another thread walks again", 0);
  mix_halves();
  spread_keys();
}

static uint32_t named(uint32_t i) {
  char text[16];
  snprintf(text, sizeof text, "%08x", i);
  struct det_thread *t = det_enter();
  const uint32_t id = depot_name(t, text);
  det_exit(t);
  if (strcmp((const char *)depot_get(id)->word, text) != 0) fail("another name", i);
  return id;
}

/* More records than a thread remembers, and so many that the table's slots can't tell some from others. */
static void names(void) {
  enum { NAMES = 1 << 18 };
  static uint32_t id[NAMES];
  for (uint32_t i = 0; i < NAMES; i++) id[i] = named(i);
  for (uint32_t i = 0; i < NAMES; i++)
    if (named(i) != id[i]) fail("kept twice", i);
}

int main(int argc, char **argv) {
  race_init();
  if (argc == 2 && strcmp(argv[1], "grow") == 0)
    grow();
  else if (argc == 2 && strcmp(argv[1], "forget") == 0)
    forget();
  else if (argc == 2 && strcmp(argv[1], "share") == 0)
    share();
  else if (argc == 2 && strcmp(argv[1], "names") == 0)
    names();
  else
    return 64;
  return 0;
}
