/* Of many readers one is not heard of, or not of all that it read, or not of all the times. */
#include "readers.h"

static long not_heard[WORDS], half_heard[WORDS], again[WORDS];

static __attribute__((noinline)) void read_words(const volatile long *word, int n) {
  for (int i = 0; i < n; i++) use(word[i]); /* RACE 1: read */ /* RACE 2: read */ /* RACE 3: read */
}

/* The last but one reads the first half only and tells, the last the second half and doesn't. */
static void not_heard_reader(int me) {
  turn_wait(1 + (uint32_t)me);
  for (int from = 0; from < WORDS; from += HALF)
    if (me < READERS - 2 || (from == 0) == (me == READERS - 2)) read_words(&not_heard[from], HALF);
  if (me < READERS - 1) gw_send(told, me);
  turn_done();
}

/* The last tells after the first half. */
static void half_heard_reader(int me) {
  turn_wait(1 + (uint32_t)me);
  for (int from = 0; from < WORDS; from += HALF) {
    read_words(&half_heard[from], HALF);
    if (me < READERS - 1 ? from > 0 : from == 0) gw_send(told, me);
  }
  turn_done();
}

/* All read twice and tell; the last but one reads once more after that. */
static void again_reader(int me) {
  turn_wait(1 + (uint32_t)me);
  for (int times = 0; times < 2; times++) read_words(again, WORDS);
  gw_send(told, me);
  if (me == READERS - 2) read_words(again, WORDS);
  turn_done();
}

int main(void) {
  told = gw_make(int, READERS);
  start(not_heard_reader);
  hear(READERS - 1);
  not_heard[HALF + 9] = 1; /* RACE 1: write */
  start(half_heard_reader);
  hear(READERS);
  half_heard[HALF + 9] = 1; /* RACE 2: write */
  start(again_reader);
  hear(READERS);
  again[9] = 1; /* RACE 3: write */
}
