/* A goroutine that is the only one alive goes on with its epoch when it releases (detector/alone.c), and no longer than
 * that.  Usage: alone CASE. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/goid.h"
#include "detector/detector.h"
#include "godwit/abi.h"

static struct race_g *first;
static uint64_t x __attribute__((aligned(64))), y __attribute__((aligned(64))), z __attribute__((aligned(64)));
static char locks[2][64] __attribute__((aligned(64)));

#define CASE __attribute__((noinline)) static void

__attribute__((noinline)) static struct race_g *newborn(void) {
  struct race_g *g = race_g_create(first, goid_next(), RACE_HERE());
  static uint64_t stack[2];
  race_g_start(g, stack, stack + 2);
  return g;
}

__attribute__((noinline)) static void access_by(struct race_g *g, const void *at, enum race_op op) {
  race_access(g, at, 8, op, RACE_HERE());
}

/* Two locks by turns, with an access in each section: is it one epoch? */
static bool goes_on(void) {
  access_by(first, &x, RACE_WRITE);
  const uint32_t epoch = first->epoch;
  for (int i = 0; i < 10; i++) {
    race_lock(first, locks[i & 1]);
    access_by(first, &x, RACE_WRITE);
    race_unlock(first, locks[i & 1]);
    access_by(first, &y, RACE_WRITE);
  }
  return first->epoch == epoch && __gw_tls.epoch == epoch;
}

CASE until_a_birth(void) {
  GW_CHECK(goes_on());
  const uint32_t epoch = first->epoch;
  struct race_g *g = newborn();
  GW_CHECK(first->epoch != epoch && !goes_on());
  race_g_end(g);
  GW_CHECK(!goes_on()); /* nobody has looked */
  det_look_whether_alone();
  GW_CHECK(goes_on());
}

/* What was done before the birth is known to the newborn; what was done after it isn't, though the lock's clock is of
 * the epoch in which that was begun. */
CASE birth(void) {
  race_lock(first, locks[0]);
  access_by(first, &x, RACE_WRITE);
  race_unlock(first, locks[0]);
  access_by(first, &y, RACE_WRITE);
  struct race_g *g = newborn();
  access_by(first, &z, RACE_WRITE);
  race_lock(g, locks[0]);
  access_by(g, &x, RACE_READ);
  access_by(g, &y, RACE_READ);
  access_by(g, &z, RACE_READ); /* the race */
}

/* The same where nothing was recorded since the last release. */
CASE birth_after_a_round(void) {
  access_by(first, &x, RACE_WRITE);
  for (int i = 0; i < 4; i++) {
    race_lock(first, locks[0]);
    race_lock(first, locks[1]);
    access_by(first, &x, RACE_WRITE);
    race_unlock(first, locks[1]);
    race_unlock(first, locks[0]);
  }
  struct race_g *g = newborn();
  access_by(first, &z, RACE_WRITE);
  race_lock(g, locks[0]);
  race_lock(g, locks[1]);
  access_by(g, &x, RACE_READ);
  access_by(g, &z, RACE_READ); /* the race */
}

/* One value of a clock stands for one tree: what is acquired from the dead ends the epoch. */
CASE acquires_from_the_dead(void) {
  struct race_g *g = newborn();
  access_by(g, &z, RACE_WRITE);
  race_release(g, locks[1]);
  race_g_end(g);
  det_look_whether_alone();
  access_by(first, &x, RACE_WRITE);
  race_release(first, locks[0]);
  const uint64_t clock = first->clock.clock;
  race_acquire(first, locks[1]);
  GW_CHECK(first->clock.clock == clock + 1);
  access_by(first, &z, RACE_READ);
}

/* Once births aren't seen, what was published before isn't of the epoch that goes on. */
CASE never_again(void) {
  GW_CHECK(goes_on());
  const uint32_t epoch = first->epoch;
  det_never_alone();
  GW_CHECK(first->epoch != epoch && __gw_tls.epoch == first->epoch && !goes_on());
}

/* --- a thread that was created unseen ---------------------------------------------------------------------------- */

static pthread_barrier_t meet;

static void *unseen(void *p) {
  struct race_g *g = race_self();
  pthread_barrier_wait(&meet);
  pthread_barrier_wait(&meet);
  race_lock(g, locks[0]);
  access_by(g, &x, RACE_READ);
  access_by(g, &z, RACE_READ); /* the race */
  pthread_barrier_wait(&meet);
  return p;
}

CASE unseen_thread(void) {
  pthread_t t;
  pthread_barrier_init(&meet, NULL, 2);
  race_lock(first, locks[0]);
  access_by(first, &x, RACE_WRITE);
  race_unlock(first, locks[0]);
  const uint32_t epoch = first->epoch;
  race_hide_threads(true);
  GW_CHECK(pthread_create(&t, NULL, unseen, NULL) == 0);
  pthread_barrier_wait(&meet);
  GW_CHECK(first->epoch != epoch && __gw_tls.epoch == first->epoch);
  access_by(first, &z, RACE_WRITE);
  pthread_barrier_wait(&meet);
  pthread_barrier_wait(&meet);
  pthread_join(t, NULL);
  race_hide_threads(false);
  det_look_whether_alone();
  GW_CHECK(!det_alone);
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
#define C(f) {#f, f}
    C(until_a_birth), C(birth), C(birth_after_a_round), C(acquires_from_the_dead), C(never_again), C(unseen_thread),
};

int main(int argc, char **argv) {
  race_init();
  first = race_self();
  printf("%p\n", (void *)&z);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (argc != 2 || strcmp(argv[1], cases[i].name)) continue;
    cases[i].run();
    race_g_switch(NULL);
    return 0;
  }
  fprintf(stderr, "usage: alone CASE\n");
  return 64;
}
