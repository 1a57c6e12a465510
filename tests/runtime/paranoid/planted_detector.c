/* As planted.c, for the detector's tables. */
#include <stdio.h>
#include <string.h>

#include "detector/epoch.h"

static void release(const void *lock, enum rank rank) {
  static const struct paranoid_site here = {"planted", "planted_detector.c", 1};
  paranoid_lock(lock, rank, &here);
  paranoid_unlock(lock);
}
#define RELEASE(object) release(&(object)->lock, SPIN_RANK(&(object)->lock))

static struct epoch_entry entry[4];
static struct dead_slot dead[2];
static struct epochs e = {.entry = entry, .fresh = 4, .slots = 1, .dead = dead, .dead_cap = 2};

static void epochs_right(void) {
  RELEASE(&e);
  e.free = 3, e.free_n = 2, entry[3].slot = 1, e.dead_n = 1;
  RELEASE(&e);
}
static void epochs_count(void) {
  e.free = 3, e.free_n = 2;
  RELEASE(&e);
}
static void epochs_free_in_use(void) {
  e.free = 3, e.free_n = 1, entry[3].incarnation = 7;
  RELEASE(&e);
}
static void epochs_dead_slot(void) {
  e.dead_n = 1, dead[0].slot = 1;
  RELEASE(&e);
}

static struct race_g one, two = {.prev = &one};
static struct gs gs = {.first = &one, .n = 2};

static void gs_right(void) {
  one.next = &two;
  RELEASE(&gs);
}
static void gs_count(void) { RELEASE(&gs); }
static void gs_links(void) {
  one.next = &two, two.prev = NULL;
  RELEASE(&gs);
}

static struct det_thread a, b;
static struct det_threads threads = {.first = &a};

static void threads_right(void) {
  a.next = &b, b.prev = &a;
  RELEASE(&threads);
}
static void threads_links(void) {
  a.next = &b;
  RELEASE(&threads);
}

#define CASE(name) {#name, name}
static const struct {
  const char *name;
  void (*f)(void);
} cases[] = {
    CASE(epochs_right), CASE(epochs_count), CASE(epochs_free_in_use), CASE(epochs_dead_slot), CASE(gs_right),
    CASE(gs_count),     CASE(gs_links),     CASE(threads_right),      CASE(threads_links),
};

int main(int argc, char **argv) {
  for (size_t i = 0; argc > 1 && i < sizeof cases / sizeof cases[0]; i++) {
    if (strcmp(argv[1], cases[i].name) != 0) continue;
    paranoid_note("case", i, 0);
    cases[i].f();
    return 0;
  }
  return 1;
}
