/* Vector clocks beside plain arrays: random updates, joins and hand-overs of a few clocks, which share what they can.
 * Usage: clocks SEED SLOTS STEPS. Ends with 0 if every component was right all along and no node was lost. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "detector/clock.h"
#include "detector/detector.h"

enum { CLOCKS = 8, SLOTS_MAX = 70000, NEAR = 40 };

static struct det_thread thread;
static struct node *clocks[CLOCKS];
static uint64_t model[CLOCKS][SLOTS_MAX];
static struct node *since[CLOCKS][CLOCKS]; /* [a][b], a < b: what either was when they met; NULL: they haven't */
static uint32_t slots;
static uint64_t now; /* every update is newer than all before */
static uint64_t state;

static uint32_t below(uint32_t n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((state >> 33) % n);
}

/* Mostly of a few that are active, or beside the one before. */
static uint32_t some_slot(void) {
  static uint32_t last;
  uint32_t how = below(8);
  last = how == 0 ? below(slots) : how < 3 ? (last + 1) % slots : (last / NEAR * NEAR + below(NEAR)) % slots;
  return last;
}

/* a's clock begins anew. */
static void unmeet(unsigned a) {
  for (unsigned b = 0; b < CLOCKS; b++) {
    struct node **met = a < b ? &since[a][b] : &since[b][a];
    clock_drop(&thread, *met);
    *met = NULL;
  }
}

static void learn(unsigned a, unsigned b) {
  for (uint32_t s = 0; s < slots; s++)
    if (model[a][s] < model[b][s]) model[a][s] = model[b][s];
}

/* Both go on with what both know. */
static void meet(unsigned a, unsigned b) {
  if (a == b) return;
  struct node **met = a < b ? &since[a][b] : &since[b][a];
  clocks[a] = clock_join_since(&thread, clocks[a], clocks[b], *met);
  clock_drop(&thread, clocks[b]);
  clock_drop(&thread, *met);
  clocks[b] = clock_share(clocks[a]);
  *met = clock_share(clocks[a]);
  learn(a, b);
  learn(b, a);
}

static void step(unsigned a, unsigned b) {
  uint32_t slot = some_slot();
  switch (below(8)) {
    case 0: /* learns all of b */
      clocks[a] = clock_join(&thread, clocks[a], clocks[b]);
      learn(a, b);
      break;
    case 1: /* goes on with b's */
      if (below(8)) break;
      unmeet(a);
      clock_share(clocks[b]);
      clock_drop(&thread, clocks[a]);
      clocks[a] = clocks[b];
      for (uint32_t s = 0; s < slots; s++) model[a][s] = model[b][s];
      break;
    case 2:
    case 3:
      meet(a, b);
      break;
    default:
      clocks[a] = clock_set(&thread, clocks[a], slot, ++now);
      model[a][slot] = now;
  }
}

static void forget(unsigned a) {
  unmeet(a);
  clock_drop(&thread, clocks[a]);
  clocks[a] = NULL;
  for (uint32_t s = 0; s < slots; s++) model[a][s] = 0;
}

static bool right(unsigned a) {
  for (uint32_t s = 0; s < slots; s++) {
    if (clock_get(clocks[a], s) == model[a][s]) continue;
    printf("clock %u slot %u: %lu, not %lu\n", a, s, (unsigned long)clock_get(clocks[a], s),
           (unsigned long)model[a][s]);
    return false;
  }
  return clock_get(clocks[a], UINT32_MAX - 1) == 0;
}

static bool make(long steps) {
  for (long i = 0; i < steps; i++) {
    unsigned a = below(CLOCKS);
    step(a, below(CLOCKS));
    if (!right(a) || (i % 16 == 0 && !right(below(CLOCKS)))) {
      printf("in step %ld\n", i);
      return false;
    }
    if (below(200) == 0) forget(below(CLOCKS));
  }
  return true;
}

int main(int argc, char **argv) {
  if (argc != 4) return 64;
  state = strtoull(argv[1], NULL, 10);
  slots = (uint32_t)strtoul(argv[2], NULL, 10);
  GW_CHECK(slots > 0 && slots <= SLOTS_MAX);
  thread.nodes.size = sizeof(struct node);
  size_t early = 0;
  enum { TURNS = 4 };
  for (int turn = 0; turn < TURNS; turn++) {
    if (!make(strtol(argv[3], NULL, 10) / TURNS)) return 1;
    for (unsigned a = 0; a < CLOCKS; a++) forget(a);
    pool_drain(&thread.nodes);
    if (turn == 0) early = arena_bytes();
  }
  if (arena_bytes() <= early + (1u << 20)) return 0;
  printf("%zu bytes at first, %zu now\n", early, arena_bytes());
  return 1;
}
