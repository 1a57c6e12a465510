/* What is written was read by those only who are heard of. */
#include "readers.h"

/* NO RACE */
static long all_heard[WORDS], other_half[WORDS];

static __attribute__((noinline)) void read_words(const volatile long *word, int n) {
  for (int i = 0; i < n; i++) use(word[i]);
}

static void all_heard_reader(int me) {
  turn_wait(1 + (uint32_t)me);
  read_words(all_heard, WORDS);
  gw_send(told, me);
  read_words(other_half, WORDS);
  gw_send(told, me);
  turn_done();
}

/* The last doesn't tell of the second half. */
static void other_half_reader(int me) {
  turn_wait(1 + (uint32_t)me);
  for (int from = 0; from < WORDS; from += HALF) {
    read_words(&other_half[from], HALF);
    if (me < READERS - 1 ? from > 0 : from == 0) gw_send(told, me);
  }
  turn_done();
}

int main(void) {
  told = gw_make(int, 2 * READERS);
  for (int round = 0; round < 3; round++) { /* written and read again */
    start(all_heard_reader);
    hear(2 * READERS);
    for (int i = 0; i < WORDS; i++) all_heard[i] = other_half[i] = i;
  }
  start(other_half_reader);
  hear(READERS);
  for (int i = 0; i < HALF; i++) other_half[i] = i;
}
