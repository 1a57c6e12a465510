/* Arrays that are written, and then read as a whole, by one or by several, of whom one is not heard of. */
#include "readers.h"

static long by_one[WORDS], by_many[WORDS], whole[WORDS], half_told[WORDS];

static __attribute__((noinline)) void read_words(const volatile long *word) {
  for (int i = 0; i < WORDS; i++) use(word[i]); /* RACE 1: read */ /* RACE 2: read */ /* RACE 3: read */
}

static __attribute__((noinline)) void write_words(volatile long *word, int n) {
  for (int i = 0; i < n; i++) word[i] = n; /* RACE 3: write */
}

static void by_one_reader(int me) {
  turn_wait(1 + (uint32_t)me);
  if (me == 0) read_words(by_one);
  turn_done();
}

/* The last but one doesn't tell. */
static void by_many_reader(int me) {
  turn_wait(1 + (uint32_t)me);
  for (int times = 0; times < 2; times++) read_words(by_many);
  if (me != READERS - 2) gw_send(told, me);
  turn_done();
}

static void whole_reader(int me) {
  turn_wait(1 + (uint32_t)me);
  read_words(whole);
  if (me > 0) gw_send(told, me);
  turn_done();
}

/* By the same calls in two epochs, and the last tells of the first half only. */
static __attribute__((noinline)) void read_half(const long *word) {
  long sum = 0;
  for (int i = 0; i < HALF; i++) sum += word[i]; /* RACE 4: read */
  use(sum);
}
static void half_told_reader(int me) {
  turn_wait(1 + (uint32_t)me);
#pragma clang loop unroll(disable)
  for (int from = 0; from < WORDS; from += HALF) {
    read_half(&half_told[from]);
    if (me < READERS - 1 ? from > 0 : from == 0) gw_send(told, me);
  }
  turn_done();
}

int main(void) {
  told = gw_make(int, READERS);
  write_words(by_one, WORDS);
  write_words(by_many, WORDS);
  write_words(whole, WORDS);
  start(by_one_reader);
  by_one[77] = 1; /* RACE 1: write */
  start(by_many_reader);
  hear(READERS - 1);
  by_many[77] = 1; /* RACE 2: write */
  start(whole_reader);
  hear(READERS - 1);
  write_words(whole, WORDS);
  write_words(half_told, WORDS);
  start(half_told_reader);
  hear(READERS);
  half_told[HALF + 9] = 1; /* RACE 4: write */
}
