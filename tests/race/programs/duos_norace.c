/* What was written, and then read as a whole, is written again by who has heard of all that read it. */
#include "readers.h"

/* NO RACE */
static long word[WORDS], atomics[WORDS];

static __attribute__((noinline)) void read_words(const volatile long *from, int n) {
  for (int i = 0; i < n; i++) use(from[i]);
}

static __attribute__((noinline)) void write_words(volatile long *to, int n) {
  for (int i = 0; i < n; i++) to[i] = n;
}

static void reader(int me) {
  turn_wait(1 + (uint32_t)me);
  read_words(word, WORDS);
  read_words(atomics, WORDS);
  use(word[me]); /* again, by itself */
  gw_send(told, me);
  turn_done();
}

/* The last doesn't tell of the first half, which nobody writes. */
static void half_reader(int me) {
  turn_wait(1 + (uint32_t)me);
  if (me == READERS - 1) read_words(word, HALF);
  turn_done();
}

int main(void) {
  told = gw_make(int, READERS);
  for (int round = 0; round < 3; round++) {
    write_words(word, WORDS);
    write_words(atomics, WORDS);
    start(reader);
    hear(READERS);
    *(volatile char *)&word[9] = 1; /* some bytes of what they read */
    word[17] = 1;
    __atomic_store_n(&atomics[9], 1, __ATOMIC_RELAXED);
  }
  write_words(word, WORDS);
  start(half_reader);
  write_words(word + HALF, HALF);
}
