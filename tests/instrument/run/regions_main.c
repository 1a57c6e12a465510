/* Not instrumented: all of `block` is recorded in the first epoch, so exactly the accesses after a change must ask. */
#include "regions.h"

#include <stdio.h>

#include "mock.h"

static long block[16] __attribute__((aligned(64)));
static int asked_before; /* questions before the epoch changed */

static void record(void) {
  for (int i = 0; i < 16; i++)
    *mock_cell(&block[i], MOCK_READS) = *mock_cell(&block[i], MOCK_WRITES) = mock_epoch() | 0xff;
}

/* How many words of block[] were asked about since the last change; atomics and others' words are left out. */
static int asked(void) {
  unsigned words = 0;
  for (const struct mock_event *e = mock_log; e < mock_log + mock_count; e++)
    for (int i = 0; i < 16; i++)
      if ((const char *)&block[i] < (const char *)e->at + e->size && (const char *)e->at < (const char *)&block[i + 1])
        words |= 1u << i;
  return __builtin_popcount(words);
}

void other_epoch(void) {
  asked_before += asked();
  mock_clear_log();
  mock_new_epoch();
}
void (*other_epoch_pointer)(void) = other_epoch;

static int run(void (*f)(long *, int), int n) {
  mock_new_epoch();
  record();
  asked_before = 0;
  mock_clear_log();
  f(block, n);
  return asked();
}

int main(void) {
  mock_start();
  CHECK(run(region_straight, 3) == 1);
  CHECK(asked_before == 0);
  CHECK(run(region_rare, 10) == 1);
  CHECK(asked_before == 0);
  CHECK(run(region_branch, 1) == 1);
  CHECK(run(region_branch, 2) == 0);
  CHECK(run(region_loop, 1) == 0);
  CHECK(asked_before == 0);
  run(region_loop, 5);
  CHECK(asked_before == 4);
  CHECK(run(region_pointer, 3) == 1);
  CHECK(asked_before == 0);
  CHECK(run(region_inner, 1) == 1);
  CHECK(run(region_inner, 0) == 0);
  CHECK(run(region_switch, 1) == 2);
  CHECK(run(region_switch, 3) == 0);
  CHECK(run(region_reads, 8) == 8);
  mock_atomics_open_epochs = true;
  CHECK(run(region_atomic, 3) == 1);
  CHECK(mock_count == 2);
  puts("regions");
}
