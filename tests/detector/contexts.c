/* The door to contexts (detector/contexts.h) against a plain array: random writes and looks, from several threads that
 * hold the lines' locks.  What a line's other cells have must stay, nobody may get a block that a line still has, and
 * when all is dropped all blocks are free.  Usage: contexts SEED STEPS THREADS. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detector/contexts.h"

enum { LINES = 256, GRANULES = LINES * LINE_CELLS, MOST_THREADS = 8, VALUES = 6 };
enum { KINDS = 3 }; /* of lines: uniform, in a block, in the plane */

/* Of a size from which memory that changes hands gives pages back. */
static char memory[2 << 20] __attribute__((aligned(1 << 17)));

/* What each granule should have, where its cell isn't empty; guarded by the lines' locks. */
static uint32_t model[READ_PLANES + 1][GRANULES];
static const uint32_t values[VALUES] = {1, 2, 3, 77777, CONTEXT_IN_PLANE - 2, CONTEXT_IN_PLANE - 1};
static uint64_t seen[KINDS]; /* atomic */

struct tester {
  pthread_t thread;
  struct det_thread *t;
  uint64_t random;
  uint64_t steps;
};

static uint32_t below(struct tester *me, uint32_t n) {
  me->random = me->random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((me->random >> 33) % n);
}

static uintptr_t first_line(void) { return (uintptr_t)memory >> 6; }
static uintptr_t granule_of(uintptr_t line, unsigned i) { return line << 3 | i; }
static uint32_t *model_of(unsigned plane, uintptr_t granule) { return &model[plane][granule - (first_line() << 3)]; }

static void check_line(unsigned plane, uintptr_t line, const char *when) {
  for (unsigned i = 0; i < LINE_CELLS; i++) {
    uintptr_t g = granule_of(line, i);
    if (*shadow_cell(plane, g) == 0) continue;
    uint32_t is = context_get(plane, g), should = *model_of(plane, g);
    if (is == should) continue;
    printf("%s: plane %u line %zu granule %u: %u instead of %u\n", when, plane, (size_t)(line - first_line()), i, is,
           should);
    exit(1);
  }
}

/* From first to last a context is set, by one of the ways there are. */
static void write_some(struct tester *me, unsigned plane, uintptr_t line, unsigned first, unsigned last, uint32_t ctx) {
  if (first == 0 && last == LINE_CELLS - 1 && below(me, 2))
    context_set_line(me->t, plane, line, ctx);
  else if (below(me, 2))
    context_set_some(me->t, plane, granule_of(line, first), granule_of(line, last), ctx);
  else
    for (unsigned i = first; i <= last; i++) {
      context_set(me->t, plane, granule_of(line, i), ctx);
      *shadow_cell(plane, granule_of(line, i)) = CELL_BYTES;
    }
  for (unsigned i = first; i <= last; i++) {
    *shadow_cell(plane, granule_of(line, i)) = CELL_BYTES;
    *model_of(plane, granule_of(line, i)) = ctx;
  }
}

static void clear_some(struct tester *me, unsigned plane, uintptr_t line, unsigned first, unsigned last) {
  for (unsigned i = first; i <= last; i++) *shadow_cell(plane, granule_of(line, i)) = 0;
  if (first == 0 && last == LINE_CELLS - 1) context_drop_line(me->t, plane, line);
}

static void note_kind(unsigned plane, uintptr_t line) {
  uint32_t w = *shadow_word(plane, line);
  unsigned kind = !(w & CONTEXT_MIXED) ? 0 : context_is_block(w) ? 1 : 2;
  __atomic_fetch_add(&seen[kind], 1, __ATOMIC_RELAXED);
}

/* In one half most lines are only written whole, so that the others are mixed alone there; the other half is a crowd.
 */
static void step(struct tester *me) {
  const unsigned plane = below(me, 2) ? 0 : 1 + below(me, READ_PLANES);
  const uintptr_t line = first_line() + below(me, LINES);
  const bool quiet = line - first_line() < LINES / 2 && line % 16 != 0;
  unsigned first = quiet ? 0 : below(me, LINE_CELLS), last = quiet ? LINE_CELLS - 1 : first;
  if (!quiet && below(me, 4) == 0) last = first + below(me, LINE_CELLS - first);
  uint8_t *m = shadow_meta(line), meta = line_lock(m);
  check_line(plane, line, "before");
  if (below(me, 10) == 0)
    clear_some(me, plane, line, first, last);
  else
    write_some(me, plane, line, first, last, values[below(me, VALUES)]);
  check_line(plane, line, "after");
  note_kind(plane, line);
  line_unlock(m, (uint8_t)(meta | META_WRITE << plane));
}

static void *test(void *arg) {
  struct tester *me = arg;
  me->t = det_enter();
  for (uint64_t i = 0; i < me->steps; i++) {
    step(me);
    if (i % 8 == 0) context_give_back(me->t); /* so that there is a throng at the pool */
  }
  det_exit(me->t);
  return NULL;
}

/* Blocks that the pool has, each once. */
static uint32_t free_in_pool(void) {
  static bool is_free[1 << 20];
  uint32_t n = 0;
  for (uint32_t b = context_pool.free; b; b = context_blocks[b].batch.next) {
    for (uint32_t i = 0; i <= context_blocks[b].batch.n; i++) {
      uint32_t one = i ? context_blocks[b].batch.other[i - 1] : b;
      GW_CHECK(one && one < context_pool.fresh && !is_free[one]);
      is_free[one] = true;
      n++;
    }
  }
  return n;
}

static void check_all_free(uint32_t first_block) {
  struct det_thread *t = det_enter();
  context_give_back(t);
  det_exit(t);
  uint32_t n = free_in_pool(), should = context_pool.fresh - first_block;
  if (n == should) return;
  printf("%u blocks are free instead of %u\n", n, should);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 4) return 64;
  const uint64_t seed = strtoull(argv[1], NULL, 10), steps = strtoull(argv[2], NULL, 10);
  const unsigned n = (unsigned)strtoul(argv[3], NULL, 10);
  static struct tester testers[MOST_THREADS];
  const uint32_t first_block = context_pool.fresh;
  GW_CHECK(n >= 1 && n <= MOST_THREADS);
  for (int i = 0; i < LINES; i++) shadow_note_line(first_line() + (uintptr_t)i);
  for (unsigned i = 0; i < n; i++) {
    testers[i] = (struct tester){.random = seed * MOST_THREADS + i, .steps = steps};
    pthread_create(&testers[i].thread, NULL, test, &testers[i]);
  }
  for (unsigned i = 0; i < n; i++) pthread_join(testers[i].thread, NULL);
  for (unsigned i = 0; i < KINDS; i++) GW_CHECK(seen[i] > steps / 100); /* each kind of line was there */
  race_reborn(memory, seed % 2 ? sizeof memory : LINES * 64);           /* pages go back; line by line */
  for (uintptr_t i = 0; i < LINES; i++)
    for (unsigned k = 0; k <= READ_PLANES; k++) GW_CHECK(!context_is_block(*shadow_word(k, first_line() + i)));
  check_all_free(first_block);
  return 0;
}
