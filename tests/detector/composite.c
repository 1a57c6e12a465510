/* Composites against a plain array: entries whose bytes are accessed at random places, with copies of their contexts as
 * sets of readers have them, and sweeps that take what was dropped and make one of those that say the same.
 * Usage: composite SEED. */
#include <stdio.h>
#include <stdlib.h>

#include "detector/composite.h"

enum { ENTRIES = 4096, PLACES = 6, BYTES = 8, ALL = 0xff, OPS = 1 << 20, SWEEP_EVERY = 1 << 15 };

struct entry {
  uint32_t context;
  uint32_t at[BYTES]; /* the place of each byte's latest access */
  uint32_t copy;      /* an earlier context of it, or 0 */

  uint32_t places[BYTES];
};

static struct entry entries[ENTRIES];
static uint32_t place[PLACES];
static uint32_t highest;
static unsigned seed;

static uint32_t below(uint32_t n) { return (uint32_t)rand_r(&seed) % n; }

static void fail(const char *what, uint32_t i) {
  printf("entry %u: %s\n", i, what);
  exit(1);
}

static void check(uint32_t i) {
  const struct entry *e = &entries[i];
  for (unsigned b = 0; e->context && b < BYTES; b++) {
    if (composite_resolve(e->context, 1u << b) != place[e->at[b]]) fail("another place", i);
    if (!e->copy) continue;
    const uint32_t was = composite_resolve(e->copy, 1u << b);
    bool accessed = false;
    for (unsigned p = 0; p < PLACES; p++) accessed |= place[p] == was && e->places[b] >> p & 1;
    if (!accessed) fail("a copy has a place where the byte wasn't accessed", i);
  }
}

static void note(struct entry *e, uint32_t mask, uint32_t p) {
  for (unsigned b = 0; b < BYTES; b++) {
    if (!(mask >> b & 1)) continue;
    e->at[b] = p;
    e->places[b] |= 1u << p;
  }
}

static void begin(struct entry *e) {
  const uint32_t p = below(PLACES);
  *e = (struct entry){.context = place[p]};
  note(e, ALL, p);
}

/* Of what a thread accesses most is one byte, or two or four side by side. */
static uint32_t some_bytes(void) {
  const uint32_t n = 1u << below(3);
  return ((1u << n) - 1) << below(BYTES / n) * n;
}

/* What isn't kept: of the entry's bytes as they are now. */
static void look(struct det_thread *t, uint32_t i, uint32_t p, uint32_t mask) {
  const struct entry *e = &entries[i];
  const uint32_t c = composite_of(t, e->context, place[p], mask);
  for (unsigned b = 0; b < BYTES; b++)
    if (composite_resolve(c, 1u << b) != place[mask >> b & 1 ? p : e->at[b]]) fail("not as it is now", i);
}

static void join(struct det_thread *t, uint32_t i, uint32_t p, uint32_t mask) {
  struct entry *e = &entries[i];
  const uint32_t was = e->context;
  note(e, mask, p);
  e->context = composite_join(t, was, place[p], mask);
  if (was >= DEPOT_OWN && e->context != was) fail("a second block of its own", i);
  if (e->context >= DEPOT_OWN && e->context > highest) highest = e->context;
}

static void operate(struct det_thread *t, uint32_t i) {
  struct entry *e = &entries[i];
  const uint32_t p = below(PLACES), mask = some_bytes();
  if (!e->context || below(16) == 0)
    begin(e);
  else if (below(16) == 0)
    e->copy = e->context;
  else if (below(4) == 0)
    look(t, i, p, mask);
  else
    join(t, i, p, mask);
  check(i);
}

static void sweep(struct det_thread *t) {
  composite_mark_begin();
  for (uint32_t i = 0; i < ENTRIES; i++) {
    entries[i].context = composite_keep(entries[i].context);
    composite_mark(entries[i].copy);
  }
  composite_sweep(0);
  composite_forget(t);
  depot_forget(t);
}

/* Every byte of an entry at a place of its own, in one of `PATTERNS` orders, as a compressor's turns leave them. */
enum { PATTERNS = 4 };

static void begin_pattern(struct det_thread *t, uint32_t i) {
  entries[i] = (struct entry){.context = place[0]};
  note(&entries[i], ALL, 0);
  for (unsigned b = 1; b < BYTES; b++) join(t, i, (b + i % PATTERNS) % PLACES, 1u << b);
}

/* One for each pattern is left, also of those that were one before; it is none that an entry may change. */
static void merge(struct det_thread *t) {
  for (uint32_t i = 0; i < ENTRIES; i++) begin_pattern(t, i);
  for (unsigned times = 0; times < 2; times++) {
    for (uint32_t i = ENTRIES / 2; times && i < ENTRIES; i++) begin_pattern(t, i);
    sweep(t);
    for (uint32_t i = 0; i < ENTRIES; i++) {
      check(i);
      if (entries[i].context >= DEPOT_OWN) fail("still its own", i);
      if (entries[i].context != entries[i % PATTERNS].context) fail("not one with those that say the same", i);
    }
  }
  for (uint32_t i = 0; i < ENTRIES / 2; i++) join(t, i, below(PLACES), some_bytes());
  for (uint32_t i = 0; i < ENTRIES; i++) check(i);
}

int main(int argc, char **argv) {
  if (argc != 2) return 64;
  seed = (unsigned)atoi(argv[1]);
  race_init();
  struct race_g *g = race_self();
  struct det_thread *t = det_enter();
  for (uint32_t i = 0; i < PLACES; i++) place[i] = depot_context(t, g, RACE_READ, (struct race_at){4096 + i * 16, 0});
  for (uint32_t k = 1; k <= OPS; k++) {
    operate(t, below(ENTRIES));
    if (k % SWEEP_EVERY) continue;
    sweep(t);
    for (uint32_t i = 0; i < ENTRIES; i++) check(i);
  }
  /* At most two for each entry, and what came between two sweeps. */
  if (highest - DEPOT_OWN > 2 * (2 * ENTRIES + SWEEP_EVERY)) fail("what was dropped isn't used again", 0);
  merge(t);
  t->collect_wanted = false;
  det_exit(t);
  return 0;
}
