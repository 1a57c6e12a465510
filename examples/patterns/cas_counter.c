/* A counter by compare-and-swap, with a rule that a plain addition can't keep: it saturates, and a maximum beside it.
 * The loop computes from what it saw, and starts over if somebody else was quicker. */
#include <stdatomic.h>

#include "pattern.h"

enum { LIMIT = 1000, GOROUTINES = 8, EACH = 400 };

/* False once the counter is full. */
static bool add_up_to(_Atomic long *counter, long limit) {
  long seen = atomic_load_explicit(counter, memory_order_relaxed);
  do {
    if (seen >= limit) return false;
  } while (!atomic_compare_exchange_weak(counter, &seen, seen + 1)); /* `seen` is what it was instead */
  return true;
}

static void raise_to(_Atomic long *maximum, long v) {
  long seen = atomic_load(maximum);
  while (seen < v && !atomic_compare_exchange_weak(maximum, &seen, v)) {
  }
}

static void work(_Atomic long *counter, _Atomic long *maximum, _Atomic long *refused, int number) {
  for (int i = 0; i < EACH; i++) {
    if (!add_up_to(counter, LIMIT)) atomic_fetch_add(refused, 1);
    raise_to(maximum, number * EACH + i);
  }
}

int main(void) {
  _Atomic long counter = 0, maximum = -1, refused = 0;
  gw_waitgroup all = {0};
  for (int i = 0; i < GOROUTINES; i++) gw_waitgroup_go(&all, work, &counter, &maximum, &refused, i);
  gw_waitgroup_wait(&all);
  printf("counted to %ld, refused %ld, the largest was %ld\n", counter, refused, maximum);
  CHECK(counter == LIMIT && refused == GOROUTINES * EACH - LIMIT && maximum == GOROUTINES * EACH - 1);
  all_ended();
}
