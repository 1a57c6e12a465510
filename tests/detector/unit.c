/* The detector's door, case by case, from one thread: each case makes what its name says, and test_detector.py looks at
 * the findings.  Usage: unit CASE. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/goid.h"
#include "godwit/abi.h"
#include "godwit/race.h"

static struct race_g *g1, *g2; /* neither knows of the other */
static uint64_t x __attribute__((aligned(64))), y;
static char big[1 << 20] __attribute__((aligned(64)));
static char locks[100][16];

#define CASE __attribute__((noinline)) static void

__attribute__((noinline)) static struct race_g *newborn(struct race_g *creator) {
  struct race_g *g = race_g_create(creator, goid_next(), RACE_HERE());
  static uint64_t stack[2];
  race_g_start(g, stack, stack + 2);
  return g;
}

__attribute__((noinline)) static void access_by(struct race_g *g, const void *p, size_t n, enum race_op op) {
  race_access(g, p, n, op, RACE_HERE());
}

CASE plain(void) {
  access_by(g1, &x, 8, RACE_WRITE);
  access_by(g2, (char *)&x + 4, 2, RACE_READ);
}

CASE ops_atomic_write(void) {
  access_by(g1, &x, 8, RACE_READ);
  access_by(g2, &x, 8, RACE_ATOMIC_WRITE);
}

CASE ops_atomic_read(void) {
  access_by(g1, &x, 8, RACE_WRITE);
  access_by(g2, &x, 8, RACE_ATOMIC_READ);
}

CASE ops_free(void) {
  access_by(g1, &x, 8, RACE_READ);
  access_by(g2, &x, 8, RACE_FREE);
}

CASE ops_use_after_free(void) {
  access_by(g1, &x, 8, RACE_FREE);
  access_by(g2, &x, 8, RACE_READ);
}

CASE ops_alloc(void) {
  race_reborn(&x, 8);
  access_by(g1, &x, 8, RACE_ALLOC);
  access_by(g2, &x, 8, RACE_WRITE);
}

CASE names(void) {
  race_g_set_name(g1, "auditor");
  race_g_set_name(g2, "a name of more than forty-seven bytes, of which the end is cut off");
  plain();
}

CASE renamed(void) {
  race_g_set_name(g1, "first");
  access_by(g1, &x, 8, RACE_WRITE);
  race_g_set_name(g1, "second");
  access_by(g2, &x, 8, RACE_WRITE);
}

CASE ended(void) {
  race_g_set_name(g1, "gone");
  access_by(g1, &x, 8, RACE_WRITE);
  race_g_end(g1);
  for (int i = 0; i < 10; i++) {
    struct race_g *g = newborn(race_self());
    access_by(g, &y, 8, RACE_ATOMIC_WRITE);
    race_g_end(g);
  }
  access_by(g2, &x, 8, RACE_WRITE);
}

CASE locks_held(void) {
  race_lock_held(g1, locks[0], true, RACE_HERE());
  race_lock_held(g1, locks[1], false, RACE_HERE());
  race_lock_held(g1, locks[2], true, RACE_HERE());
  race_lock_dropped(g1, locks[2]);
  access_by(g1, &x, 8, RACE_WRITE);
  race_lock_dropped(g1, locks[0]);
  race_lock_held(g2, locks[3], true, RACE_HERE());
  access_by(g2, &x, 8, RACE_WRITE);
}

/* Each unlocks what the other has. */
CASE locks_swapped(void) {
  race_lock_held(g1, locks[0], true, RACE_HERE());
  race_lock_dropped(g2, locks[0]);
  race_lock_held(g2, locks[0], true, RACE_HERE());
  race_lock_dropped(g1, locks[0]);
  access_by(g1, &x, 8, RACE_WRITE);
  race_lock_held(g2, locks[1], true, RACE_HERE()); /* here it looks */
  access_by(g2, &x, 8, RACE_WRITE);
}

CASE locks_many(void) {
  for (int i = 0; i < 100; i++) race_lock_held(g1, locks[i], true, RACE_HERE());
  access_by(g1, &x, 8, RACE_WRITE);
  for (int i = 0; i < 99; i++) race_lock_dropped(g1, locks[i]);
  access_by(g1, &y, 8, RACE_WRITE);
  access_by(g2, &x, 8, RACE_WRITE);
  access_by(g2, &y, 8, RACE_WRITE);
}

static __attribute__((noinline)) void lock_each(void) {
  for (int i = 0; i < 100; i++) {
    race_lock_held(g1, locks[i], true, RACE_HERE());
    access_by(g1, big + (size_t)i * 64, 8, RACE_WRITE);
    race_lock_dropped(g1, locks[i]);
  }
}

CASE locks_of_a_place_first(void) {
  lock_each();
  access_by(g2, big, 8, RACE_WRITE);
}

CASE locks_of_a_place_last(void) {
  lock_each();
  access_by(g2, big + (size_t)99 * 64, 8, RACE_WRITE);
}

CASE folded(void) {
  for (size_t i = 0; i < 100; i++) access_by(g1, big + 8 * i, 8, RACE_WRITE);
  for (size_t i = 0; i < 100; i++) access_by(g2, big + 8 * i, 8, RACE_WRITE);
}

CASE not_folded(void) {
  access_by(g1, big, 8, RACE_WRITE);
  access_by(g1, big + 8, 8, RACE_WRITE);
  for (size_t i = 0; i < 2; i++) access_by(g2, big + 8 * i, 8, RACE_WRITE);
}

CASE big_range(void) {
  access_by(g1, big, sizeof big, RACE_WRITE);
  access_by(g2, big + 777777, 1, RACE_READ);
}

CASE big_range_reborn(void) {
  access_by(g1, big, sizeof big, RACE_WRITE);
  race_reborn(big, sizeof big);
  access_by(g2, big, sizeof big, RACE_READ);
}

CASE rounds(void) {
  access_by(g1, &x, 8, RACE_WRITE);
  struct race_g *a = newborn(race_self());
  struct race_g *b = newborn(race_self());
  for (int i = 0; i < 3000000; i++) {
    struct race_g *g = i & 1 ? a : b;
    race_acquire(g, locks[0]);
    race_access(g, &y, 8, RACE_WRITE, (struct race_at){(uintptr_t)&rounds, 0});
    race_release(g, locks[0]);
  }
  access_by(a, &x, 8, RACE_WRITE);
}

CASE readers(void) {
  access_by(g1, &x, 8, RACE_WRITE);
  struct race_g *last = g1;
  for (int i = 0; i < 1000; i++) {
    struct race_g *g = newborn(last);
    access_by(g, &x, 8, RACE_READ);
    last = g;
  }
  access_by(last, &x, 8, RACE_READ);
  access_by(g2, &x, 8, RACE_READ);
}

CASE many(void) {
  access_by(g1, &x, 8, RACE_WRITE);
  struct race_g *last = NULL;
  for (int i = 0; i < 100000; i++) {
    last = newborn(race_self());
    access_by(last, &big[8 * i % (int)sizeof big], 8, RACE_ATOMIC_WRITE);
  }
  access_by(last, &x, 8, RACE_WRITE);
}

CASE finding(void) {
  GW_CHECK(race_exit_status(0) == 0 && race_exit_status(3) == 3);
  race_finding("GW1006", "unlock of a lock that is \"free\"", "one\ntwo\n", g1, RACE_HERE());
  GW_CHECK(race_exit_status(0) == 66 && race_exit_status(3) == 66);
}

CASE finding_without_goroutine(void) { race_finding("GW1003", "all asleep", NULL, NULL, (struct race_at){0, 0}); }

CASE ignored(void) {
  access_by(g1, &x, 8, RACE_WRITE);
  race_ignore_begin(g2);
  access_by(g2, &x, 8, RACE_WRITE);
  race_ignore_end(g2);
}

CASE id(void) {
  struct race_g *g = race_g_create(g1, 4711, RACE_HERE());
  GW_CHECK(race_g_id(g) == 4711);
  GW_CHECK(race_g_id(race_self()) == 1);
  race_g_end(g); /* without a start */
}

CASE own_thread(void) {
  access_by(g1, &x, 8, RACE_WRITE);
  access_by(race_self(), &x, 8, RACE_WRITE);
}

CASE nothing(void) {
  access_by(g1, &x, 0, RACE_WRITE);
  access_by(g2, &x, 8, RACE_WRITE);
}

/* Variables of threads, and goroutines that move between these. */

static _Thread_local long own[16];

struct visit {
  struct race_g *g;
  const void *unlocks; /* first; or NULL */
  bool ticks;          /* then makes an access and goes on in another epoch */
  long *p;             /* then writes there; NULL: only runs */
};
static void *visitor(void *arg) {
  const struct visit *v = arg;
  race_g_switch(v->g);
  if (v->unlocks) race_unlock(v->g, v->unlocks);
  if (v->ticks) {
    access_by(v->g, &x, 8, RACE_READ);
    race_release(v->g, locks[99]);
  }
  if (v->p) access_by(v->g, v->p, 8, RACE_WRITE);
  race_g_switch(NULL);
  return NULL;
}
static void visit_elsewhere(struct visit v) {
  pthread_t t;
  race_hide_threads(true);
  GW_CHECK(pthread_create(&t, NULL, visitor, &v) == 0 && pthread_join(t, NULL) == 0);
  race_hide_threads(false);
}
static void write_here(struct race_g *g, long *p) { visitor(&(struct visit){.g = g, .p = p}); }
static void write_elsewhere(struct race_g *g, long *p) { visit_elsewhere((struct visit){.g = g, .p = p}); }
static void ticks_here(struct race_g *g) { visitor(&(struct visit){.g = g, .ticks = true}); }

CASE thread_first(void) { /* it was never here */
  write_elsewhere(g1, own);
  write_here(g2, own);
}

CASE thread_left(void) { /* it had been here */
  write_here(g1, &own[8]);
  ticks_here(g1);
  write_elsewhere(g1, own);
  write_here(g2, own);
}

CASE thread_stayed(void) { /* more than an epoch */
  visit_elsewhere((struct visit){.g = g1, .ticks = true, .p = own});
  write_here(g2, own);
}

CASE thread_left_in_a_round(void) {
  race_lock(g1, locks[0]);
  write_here(g1, &own[8]);
  race_unlock(g1, locks[0]);
  race_lock(g1, locks[0]);
  visit_elsewhere((struct visit){.g = g1, .unlocks = locks[0], .p = own});
  write_here(g2, own);
}

CASE thread_one(void) { /* what was done here, before the goroutine went elsewhere */
  write_here(g1, own);
  ticks_here(g1);
  write_elsewhere(g1, &own[8]);
  write_here(g2, own);
}

CASE thread_several(void) { /* in one epoch, which began here */
  write_here(g1, own);
  write_elsewhere(g1, &own[8]);
  write_here(g2, own);
}

CASE thread_came(void) { /* or elsewhere */
  write_elsewhere(g1, &own[8]);
  write_here(g1, own);
  write_here(g2, own);
}

CASE thread_reopened(void) { /* the lock comes back here, and the epoch goes on */
  race_lock(g1, locks[0]);
  write_elsewhere(g1, &own[8]);
  race_unlock(g1, locks[0]);
  write_here(g1, NULL);
  race_lock(g1, locks[0]);
  write_here(g1, own);
  race_unlock(g1, locks[0]);
  write_here(g2, own);
}

CASE thread_collected(void) { /* one id stands for both epochs then */
  write_elsewhere(g1, &own[8]);
  race_release(g1, locks[99]);
  write_here(g1, own);
  race_release(g1, locks[99]);
  for (int i = 0; i < 100000; i++) { /* more epochs than the detector lets pass */
    access_by(race_self(), &y, 8, RACE_WRITE);
    race_release(race_self(), locks[98]);
  }
  write_here(g2, own);
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
#define C(f) {#f, f}
    C(plain),
    C(ops_atomic_write),
    C(ops_atomic_read),
    C(ops_free),
    C(ops_use_after_free),
    C(ops_alloc),
    C(names),
    C(renamed),
    C(ended),
    C(locks_held),
    C(locks_swapped),
    C(locks_many),
    C(locks_of_a_place_first),
    C(locks_of_a_place_last),
    C(folded),
    C(not_folded),
    C(big_range),
    C(big_range_reborn),
    C(rounds),
    C(readers),
    C(many),
    C(finding),
    C(finding_without_goroutine),
    C(ignored),
    C(id),
    C(own_thread),
    C(nothing),
    C(thread_first),
    C(thread_left),
    C(thread_stayed),
    C(thread_left_in_a_round),
    C(thread_one),
    C(thread_several),
    C(thread_came),
    C(thread_reopened),
    C(thread_collected),
};

int main(int argc, char **argv) {
  race_init();
  g1 = newborn(race_self());
  g2 = newborn(race_self());
  printf("%p %p %p\n", (void *)&x, (void *)big, (void *)locks);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (argc != 2 || strcmp(argv[1], cases[i].name)) continue;
    cases[i].run();
    return 0;
  }
  fprintf(stderr, "usage: unit CASE\n");
  return 64;
}
