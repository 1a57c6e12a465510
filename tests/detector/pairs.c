/* Clocks in parts (detector/pair.h) beside plain arrays: goroutines that meet in parts, mostly their neighbours, learn
 * from strangers, go on with what somebody published, and end. Usage: pairs SEED GOROUTINES STEPS.  Ends with 0 if
 * every component was right all along and no node was lost. */
#include "detector/pair.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "detector/clock.h"

enum { GS_MAX = 300, KEPT = 4 };

/* What somebody published: his tree and component. */
struct publication {
  struct clock_ref c;
  uint64_t model[GS_MAX];
};

static struct det_thread thread;
static struct race_g gs[GS_MAX];
static uint64_t model[GS_MAX][GS_MAX]; /* of g: what it knows of each, itself left out */
static uint64_t own[GS_MAX];           /* of g: its clock */
static struct publication kept[KEPT];
static uint32_t n;
static uint64_t serials;
static uint64_t state;

static uint32_t below(uint32_t limit) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((state >> 33) % limit);
}

static struct component mine(uint32_t g) { return (struct component){.clock = own[g], .slot = g}; }

static void learn(uint32_t g, const uint64_t *from) {
  for (uint32_t s = 0; s < n; s++)
    if (s != g && model[g][s] < from[s]) model[g][s] = from[s];
}

/* What g tells: its own component apart. */
static void of(uint32_t g, uint64_t *out) {
  for (uint32_t s = 0; s < n; s++) out[s] = s == g ? own[g] : model[g][s];
}

/* Somebody else's, which g knows, if that says nothing less to h than its own. */
static struct component some_component(uint32_t g, uint32_t h) {
  uint32_t s = below(n);
  if (s == g || s == h || below(4) || model[h][g] < own[g]) return mine(g);
  return (struct component){.clock = model[g][s], .slot = s};
}

static void meet(uint32_t a, uint32_t b) {
  uint64_t of_a[GS_MAX], of_b[GS_MAX];
  struct component from_a = some_component(a, b), from_b = some_component(b, a);
  of(a, of_a);
  of(b, of_b);
  pair_meet(&thread, &gs[a], &gs[b], from_a, from_b);
  learn(a, of_b);
  learn(b, of_a);
  GW_CHECK(from_a.slot != a || model[b][a] == own[a]);
  if (below(2)) own[a]++;
  if (below(2)) own[b]++;
}

static bool knows(uint32_t g, const uint64_t *what) {
  for (uint32_t s = 0; s < n; s++)
    if (s != g && model[g][s] > what[s]) return false;
  return true;
}

static void publish(uint32_t g, struct publication *p) {
  clock_drop(&thread, p->c.tree);
  p->c = (struct clock_ref){.tree = clock_share(gs[g].clock.tree), .slot = g, .clock = own[g]};
  of(g, p->model);
  own[g]++;
}

/* g goes on with it if it knows nothing else; with a copy of it, or by learning it. */
static void acquire(uint32_t g, const struct publication *p) {
  if (knows(g, p->model)) {
    clock_drop(&thread, gs[g].clock.tree);
    gs[g].clock.tree = clock_share(p->c.tree);
  } else {
    gs[g].clock.tree = clock_join(&thread, gs[g].clock.tree, p->c.tree);
  }
  if (p->c.slot != g && p->c.slot != CLOCK_NONE && clock_get(gs[g].clock.tree, p->c.slot) < p->c.clock)
    gs[g].clock.tree = clock_set(&thread, gs[g].clock.tree, p->c.slot, p->c.clock);
  learn(g, p->model);
}

static void begin_anew(uint32_t g) {
  clock_drop(&thread, gs[g].clock.tree);
  gs[g].clock.tree = NULL;
  gs[g].serial = ++serials;
  gs[g].pair = gs[g].pair_numbers = 0; /* so that others have given the same numbers */
  own[g]++;
  for (uint32_t s = 0; s < n; s++) model[g][s] = 0;
}

static void step(uint32_t far) {
  uint32_t a = below(n), b = below(far) ? (a + 1) % n : below(n);
  if (a == b) return;
  struct publication *p = &kept[below(KEPT)];
  switch (below(40)) {
    case 0:
      acquire(a, p);
      break;
    case 1: /* mostly with what it told: a knows no more then */
      meet(a, b);
      meet(b, a);
      publish(b, p);
      acquire(a, p);
      break;
    case 2:
      publish(a, p);
      break;
    case 3:
      if (below(4) == 0) begin_anew(a);
      break;
    case 4:
      own[a]++;
      break;
    default:
      meet(a, b);
  }
}

static bool right(uint32_t g) {
  for (uint32_t s = 0; s < n; s++) {
    if (s == g || clock_get(gs[g].clock.tree, s) == model[g][s]) continue;
    printf("goroutine %u of %u: %lu, not %lu\n", g, s, (unsigned long)clock_get(gs[g].clock.tree, s),
           (unsigned long)model[g][s]);
    return false;
  }
  return true;
}

static bool make(long steps) {
  uint32_t far = 2 + below(40);
  for (long i = 0; i < steps; i++) {
    step(far);
    bool all = true;
    for (uint32_t g = n > 8 ? below(8) : 0; g < n; g += n > 8 ? 8 : 1) all &= right(g);
    if (all) continue;
    printf("in step %ld\n", i);
    return false;
  }
  return true;
}

int main(int argc, char **argv) {
  if (argc != 4) return 64;
  state = strtoull(argv[1], NULL, 10);
  n = (uint32_t)strtoul(argv[2], NULL, 10);
  GW_CHECK(n > 1 && n <= GS_MAX);
  thread.nodes.size = sizeof(struct node);
  size_t early = 0;
  enum { TURNS = 4 };
  for (int turn = 0; turn < TURNS; turn++) {
    for (uint32_t g = 0; g < n; g++) begin_anew(g);
    for (uint32_t i = 0; i < KEPT; i++) publish(below(n), &kept[i]);
    if (!make(strtol(argv[3], NULL, 10) / TURNS)) return 1;
    for (uint32_t g = 0; g < n; g++) begin_anew(g);
    for (uint32_t i = 0; i < KEPT; i++) publish(below(n), &kept[i]);
    pool_drain(&thread.nodes);
    if (turn == 0) early = arena_bytes();
  }
  if (arena_bytes() <= early + (1u << 20)) return 0;
  printf("%zu bytes at first, %zu now\n", early, arena_bytes());
  return 1;
}
