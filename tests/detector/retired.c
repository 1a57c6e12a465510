/* More epochs than there are ids: lines whose epochs have none (detector/retired.h).  Usage: retired CASE. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/goid.h"
#include "detector/detector.h"
#include "detector/retired.h"
#include "godwit/abi.h"

enum { OBJECTS = 6 * RETIRED_LINES, NTH = 7 };

/* Each with a lock of its own, so that the locks' clocks tell apart when each was accessed. */
static struct object {
  uint64_t lock, value;
} __attribute__((aligned(64))) objects[OBJECTS];

void __gw_check_write_strided(void *p, size_t n, size_t shape); /* compiled code's */

static struct race_g *first, *filler, *other;

#define CASE __attribute__((noinline)) static void

__attribute__((noinline)) static struct race_g *newborn(void) {
  struct race_g *g = race_g_create(first, goid_next(), RACE_HERE());
  static uint64_t stack[2];
  race_g_start(g, stack, stack + 2);
  return g;
}

__attribute__((noinline)) static void touch(struct race_g *g, struct object *o) {
  race_access(g, &o->value, sizeof o->value, RACE_WRITE, RACE_HERE());
}

__attribute__((noinline)) static void touch_locked(struct race_g *g, struct object *o) {
  race_lock(g, &o->lock);
  race_access(g, &o->value, sizeof o->value, RACE_WRITE, RACE_HERE());
  race_unlock(g, &o->lock);
}

static uint32_t in_use(void) { return epochs.fresh - epochs.free_n; }

static void collect(void) {
  epochs.collect_at = 1;
  det_collect(det_self);
}

/* Objects with an epoch each, most of which have no ids any more. */
static void fill(void) {
  filler = newborn();
  other = newborn();
  for (int i = 0; i < OBJECTS; i++) touch_locked(filler, &objects[i]);
  GW_CHECK(in_use() > OBJECTS && !retired_any());
  for (int i = 0; i < 3; i++) { /* half of them each time */
    det_retire_above = 1;
    collect();
  }
  det_retire_above = UINT32_MAX;
  GW_CHECK(retired.n > OBJECTS * 3 / 4 && in_use() < OBJECTS / 4);
}

CASE unordered(void) {
  fill();
  const uint64_t before = retired.n;
  touch(other, &objects[NTH]);
  GW_CHECK(retired.n == before - 1);
}

CASE ordered(void) {
  fill();
  for (int i = 0; i < OBJECTS; i++) touch_locked(other, &objects[i]);
  GW_CHECK(!retired_any());
}

/* Its release orders what came before it only, as exactly as it did when the epochs had ids. */
CASE ordered_after_the_next(void) {
  fill();
  race_lock(other, &objects[NTH - 1].lock);
  touch(other, &objects[NTH - 1]);
  touch(other, &objects[NTH]);
}

/* One access of all: ids run short on the way. */
CASE long_range(void) {
  fill();
  for (int i = 0; i < OBJECTS; i++) {
    race_lock(other, &objects[i].lock);
    race_unlock(other, &objects[i].lock);
  }
  det_collect_every = 1000;
  collect();
  GW_CHECK(retired_any());
  race_access(other, objects, sizeof objects, RACE_WRITE, RACE_HERE());
  GW_CHECK(!retired_any() && in_use() < 3 * RETIRED_LINES);
}

/* Likewise with gaps. */
CASE long_stride(void) {
  fill();
  for (int i = 0; i < OBJECTS; i++) {
    race_lock(other, &objects[i].lock);
    race_unlock(other, &objects[i].lock);
  }
  det_collect_every = 1000;
  collect();
  race_g_switch(other);
  __gw_check_write_strided(&objects[0].value, sizeof objects - 8, (uint64_t)sizeof *objects << 32 | 8);
  GW_CHECK(!retired_any() && in_use() < 3 * RETIRED_LINES);
  race_g_switch(first);
}

/* Who clears memory needs no ids for what was there. */
CASE reborn(void) {
  fill();
  const uint32_t before = in_use();
  race_reborn(objects, sizeof objects);
  GW_CHECK(!retired_any() && in_use() == before);
  touch(other, &objects[NTH]);
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
#define C(f) {#f, f}
    C(unordered), C(ordered), C(ordered_after_the_next), C(long_range), C(long_stride), C(reborn),
};

int main(int argc, char **argv) {
  race_init();
  first = race_self();
  printf("%p\n", (void *)&objects[NTH].value);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (argc != 2 || strcmp(argv[1], cases[i].name)) continue;
    cases[i].run();
    race_g_switch(NULL);
    return 0;
  }
  fprintf(stderr, "usage: retired CASE\n");
  return 64;
}
