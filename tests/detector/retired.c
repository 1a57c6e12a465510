/* More epochs than there are ids: lines whose epochs have none (detector/retired.h).  Usage: retired CASE. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/goid.h"
#include "detector/detector.h"
#include "detector/retired.h"
#include "detector/shadow.h"
#include "godwit/abi.h"

enum { OBJECTS = 6 * RETIRED_LINES, NTH = 7 };

/* Each with a lock of its own, so that the locks' clocks tell apart when each was accessed. */
static struct object {
  uint64_t lock, value;
} __attribute__((aligned(64))) objects[OBJECTS];

void __gw_check_write_strided(void *p, size_t n, size_t shape); /* compiled code's */

static struct object beside[3];
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

static struct epoch_entry epoch_of(const struct object *o) {
  return epochs.entry[cell_id(*shadow_cell(0, (uintptr_t)&o->value >> 3))];
}

CASE same_epoch(void) {
  filler = newborn();
  race_g_switch(filler); /* it runs on this thread */
  touch_locked(filler, &objects[NTH]);
  const struct epoch_entry before = epoch_of(&objects[NTH]);
  race_lock(filler, &objects[0].lock); /* of another epoch */
  touch(filler, &objects[0]);
  det_retire_above = 0;
  collect();
  GW_CHECK(retired_any() && !epoch_of(&objects[NTH]).incarnation);
  race_access(filler, &objects[NTH].value, sizeof objects[NTH].value, RACE_READ, RACE_HERE());
  const struct epoch_entry after = epoch_of(&objects[NTH]);
  GW_CHECK(before.on != ON_SEVERAL && memcmp(&before, &after, sizeof before) == 0);
  race_g_switch(first);
}

/* Whoever did it is gone, but for the report. */
CASE of_the_dead(void) {
  fill();
  printf("%llx\n", (unsigned long long)race_g_id(filler));
  race_g_end(filler);
  det_retire_above = 0; /* what is left */
  collect();
  for (int i = 0; i < 3; i++) touch(newborn(), &beside[i]);
  touch(other, &objects[NTH]);
}

/* Of more goroutines than 24 bits can number. */
CASE of_many_goroutines(void) {
  epochs.incarnations = 1u << 24;
  struct race_g *g = newborn();
  printf("%llx\n", (unsigned long long)race_g_id(g));
  touch_locked(g, &objects[NTH]);
  touch(newborn(), &objects[NTH]);
}

/* Its release orders what came before it only, as exactly as it did when the epochs had ids. */
CASE ordered_after_the_next(void) {
  fill();
  race_lock(other, &objects[NTH - 1].lock);
  touch(other, &objects[NTH - 1]);
  touch(other, &objects[NTH]);
}

/* Before one access of all: there are fewer ids than it needs. */
static void ids_run_short(void) {
  fill();
  for (int i = 0; i < OBJECTS; i++) {
    race_lock(other, &objects[i].lock);
    race_unlock(other, &objects[i].lock);
  }
  touch(other, &beside[0]); /* it has an epoch then */
  epochs.free = epochs.free_n = 0;
  epochs.fresh = RETIRED_FIRST - 2 * RETIRED_LINES;
}

CASE long_range(void) {
  ids_run_short();
  race_access(other, objects, sizeof objects, RACE_WRITE, RACE_HERE());
  GW_CHECK(!retired_any());
}

/* Likewise with gaps. */
CASE long_stride(void) {
  ids_run_short();
  race_g_switch(other);
  __gw_check_write_strided(&objects[0].value, sizeof objects - 8, (uint64_t)sizeof *objects << 32 | 8);
  GW_CHECK(!retired_any());
  race_g_switch(first);
}

static void *stops_all(void *arg) {
  det_stop_others();
  det_resume_others();
  return arg;
}

/* Another one keeps everybody out when an access is to be interrupted: a fork, say, or a second such access. */
CASE paused_while_stopped(void) {
  fill();
  struct det_thread *t = det_enter();
  pthread_t thread;
  GW_CHECK(pthread_create(&thread, NULL, stops_all, NULL) == 0);
  while (!__atomic_load_n(&det_collecting, __ATOMIC_ACQUIRE)) sched_yield();
  t->collect_wanted = true;
  retired_pause(t);
  GW_CHECK(t->inside == 1 && !t->collect_wanted);
  det_exit(t);
  GW_CHECK(pthread_join(thread, NULL) == 0);
}

static void *born_unseen(void *arg) {
  race_self();
  return arg;
}

/* A thread comes unseen meanwhile: what was lent ends, and what is accessed after that isn't of that epoch. */
CASE paused_while_lent_ends(void) {
  fill();
  touch(other, &beside[0]);
  other->lent = 1;
  const uint32_t lent = other->epoch;
  struct det_thread *t = det_enter();
  pthread_t thread;
  GW_CHECK(pthread_create(&thread, NULL, born_unseen, NULL) == 0);
  while (!__atomic_load_n(&det_collecting, __ATOMIC_ACQUIRE)) sched_yield();
  t->collect_wanted = true;
  const uintptr_t p = (uintptr_t)&beside[0].value, last = (uintptr_t)&beside[2];
  det_access(t, other, p, last + sizeof *beside - p, RACE_WRITE, RACE_HERE());
  det_exit(t);
  GW_CHECK(pthread_join(thread, NULL) == 0);
  GW_CHECK(other->epoch != lent && *shadow_cell(0, p >> 3) == (lent | CELL_BYTES));
  GW_CHECK(*shadow_cell(0, last >> 3) == (other->epoch | CELL_BYTES));
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
    C(unordered),
    C(same_epoch),
    C(ordered),
    C(of_the_dead),
    C(of_many_goroutines),
    C(ordered_after_the_next),
    C(long_range),
    C(long_stride),
    C(paused_while_stopped),
    C(paused_while_lent_ends),
    C(reborn),
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
