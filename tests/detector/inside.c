/* What the detector remembers of ids and of objects, which may come to mean something else: each case is a race that
 * would be missed, or a false one, if that were forgotten too late; and what it needn't remember any more.
 * Usage: inside CASE. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/goid.h"
#include "detector/detector.h"
#include "detector/epoch.h"
#include "godwit/abi.h"

enum { BYTES = 512, TRIES = 64 };

static struct race_g *root;    /* of the others, and nothing else */
static struct race_g *g1, *g2; /* neither knows of the other */
static char first[BYTES] __attribute__((aligned(64))), second[BYTES] __attribute__((aligned(64)));
static uint64_t x __attribute__((aligned(64))), p __attribute__((aligned(64))), q __attribute__((aligned(64)));
static uint64_t anybodys __attribute__((aligned(64))); /* by atomics alone */
static char key[16];

extern void __gw_read_range(void *, size_t), __gw_write_range(void *, size_t);
extern void __gw_write2(void *), __gw_write8(void *);

#define CASE __attribute__((noinline)) static void

__attribute__((noinline)) static struct race_g *newborn(void) {
  struct race_g *g = race_g_create(root, goid_next(), RACE_HERE());
  static uint64_t stack[2];
  race_g_start(g, stack, stack + 2);
  return g;
}

__attribute__((noinline)) static void access_by(struct race_g *g, const void *at, enum race_op op) {
  race_access(g, at, 8, op, RACE_HERE());
}

static void collect(void) {
  epochs.collect_at = 0;
  det_collect(det_self);
}

/* A goroutine whose open epoch has the id, which nothing has any more. */
static struct race_g *heir_of(uint32_t id) {
  for (int i = 0; i < TRIES; i++) {
    struct race_g *g = newborn();
    access_by(g, &anybodys, RACE_ATOMIC_WRITE);
    if (cell_id(g->epoch) == id) return g;
  }
  GW_CHECK(!"the id is not free");
  return NULL;
}

/* Made in one place, so that each time the context is the same. */
__attribute__((noinline)) static void read_all(char *at) { __gw_read_range(at, BYTES); }

/* g2 has read what g1 wrote; then it meets a write that it doesn't know of, and that has the id of the other one. */
CASE duo_across_a_collection(void) {
  race_g_switch(g1);
  __gw_write_range(first, BYTES);
  const uint32_t id = cell_id(g1->epoch);
  race_release(g1, key);
  race_acquire(g2, key);
  race_g_switch(g2);
  read_all(first);
  GW_CHECK(*shadow_cell(0, (uintptr_t)first >> 3) >= DUO_FIRST << CELL_ID_SHIFT);
  race_reborn(first, BYTES);
  collect();
  race_g_switch(heir_of(id));
  __gw_write_range(second, BYTES);
  race_g_switch(g2);
  read_all(second);
}

/* g2 acquires what g1 published before the collection, by which the id of that epoch became an older one of g1's; who
 * has it now isn't known to g2. */
CASE published_across_a_collection(void) {
  race_g_switch(g1);
  access_by(g1, &q, RACE_WRITE);
  race_release(g1, key); /* a segment of its own, which nobody can tell from the next */
  race_forget(key);
  const uint32_t id = cell_id(g1->epoch);
  __gw_atomic64_store(&p, 1, __ATOMIC_RELEASE);
  GW_CHECK(cell_id(g1->epoch) != id);
  collect();
  access_by(heir_of(id), &x, RACE_WRITE);
  race_g_switch(g2);
  GW_CHECK(__gw_atomic64_load(&p, __ATOMIC_ACQUIRE) == 1);
  access_by(g2, &q, RACE_READ); /* which it knows of */
  access_by(g2, &x, RACE_READ);
}

/* g2 has seen the value of a location whose object is free now, and unchanged; the location has another one. */
CASE object_of_another_time(void) {
  race_g_switch(g1);
  __gw_atomic64_store(&p, 1, __ATOMIC_RELEASE);
  __gw_atomic64_store(&q, 1, __ATOMIC_RELEASE);
  race_g_switch(g2);
  __gw_atomic64_load(&p, __ATOMIC_ACQUIRE);
  race_reborn(&p, 8);
  race_reborn(&q, 8); /* whose object is the next to be used again */
  __gw_atomic64_load(&p, __ATOMIC_ACQUIRE);
  race_g_switch(g1);
  access_by(g1, &x, RACE_WRITE);
  __gw_atomic64_store(&p, 2, __ATOMIC_RELEASE);
  race_g_switch(g2);
  GW_CHECK(__gw_atomic64_load(&p, __ATOMIC_ACQUIRE) == 2);
  access_by(g2, &x, RACE_READ);
}

/* Four fields of each granule are written in an epoch each, then all of it: nothing is displaced any more. */
CASE fields_and_all(void) {
  race_g_switch(g1);
  for (int field = 0; field < 4; field++) {
    for (int i = 0; i < BYTES; i += 8) __gw_write2(first + i + 2 * field);
    race_release(g1, key);
  }
  for (uintptr_t granule = (uintptr_t)first >> 3; granule < ((uintptr_t)first + BYTES) >> 3; granule++)
    GW_CHECK(*shadow_cell(SPILL_PLANE, granule));
  for (int i = 0; i < BYTES; i += 8) __gw_write8(first + i);
  for (uintptr_t granule = (uintptr_t)first >> 3; granule < ((uintptr_t)first + BYTES) >> 3; granule++)
    GW_CHECK(!*shadow_cell(SPILL_PLANE, granule));
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
#define C(f) {#f, f}
    C(duo_across_a_collection),
    C(published_across_a_collection),
    C(object_of_another_time),
    C(fields_and_all),
};

int main(int argc, char **argv) {
  race_init();
  root = race_self();
  g1 = newborn();
  g2 = newborn();
  printf("%p %p\n", (void *)&x, (void *)second);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (argc != 2 || strcmp(argv[1], cases[i].name)) continue;
    cases[i].run();
    race_g_switch(NULL);
    return 0;
  }
  fprintf(stderr, "usage: inside CASE\n");
  return 64;
}
