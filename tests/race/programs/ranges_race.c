/* Short ranges: their ends in the middle of a word, their inside, across lines of 64 bytes; and what an atomic location
 * began with, when many atomic writes came after it. */
#include <string.h>

#include "scenario.h"

enum { LONG = 150 };
static char *text, *block;
static long *words;
static _Atomic(long) place, other;
static _Alignas(64) char written[24], seen[24];

static void a1(void) { IN_TURN(1, use(text[19])); /* RACE 1: read */ }
static void b1(void) { IN_TURN(2, memset(text, 1, 20)); /* RACE 1: write */ }

static void a2(void) { IN_TURN(1, block[27] = 1); /* RACE 2: write */ }
static void b2(void) { IN_TURN(2, free(block)); /* RACE 2: free */ }

static void a3(void) { IN_TURN(1, use(text[35])); /* RACE 3: read */ }
static void b3(void) { IN_TURN(2, memset(text + 21, 2, 27)); /* RACE 3: write */ }

static void a4(void) { IN_TURN(1, memset(text + 3, 3, LONG - 3)); /* RACE 4: write */ }
static void b4(void) { IN_TURN(2, use(text[LONG - 1])); /* RACE 4: read */ }

static void a5(void) { IN_TURN(1, words[13] = 5); /* RACE 5: write */ }
static void b5(void) {
  long copy[16];
  turn_wait(2);
  memcpy(copy, words, sizeof copy);              /* RACE 5: read */
  __asm__ volatile("" : : "r"(copy) : "memory"); /* all of it */
}

/* Each release begins a new epoch; who loads with no order knows none of them. */
static void a6(void) {
  turn_wait(1);
  *(long *)(void *)&place = 1; /* RACE 6: write */
  for (int i = 0; i < 3; i++) {
    atomic_store_explicit(&other, i, memory_order_release);
    atomic_store_explicit(&place, i, memory_order_release);
  }
  turn_done();
}
static void b6(void) { IN_TURN(2, use(atomic_load_explicit(&place, memory_order_relaxed))); /* RACE 6: atomic read */ }

/* What a shorter range of a later epoch leaves of the word at its end. */
static void a7(void) {
  turn_wait(1);
  memset(written, 1, 24); /* RACE 7: write */
  atomic_store_explicit(&other, 7, memory_order_release);
  memset(written, 2, 20);
  turn_done();
}
static void b7(void) { IN_TURN(2, use(written[22])); /* RACE 7: read */ }

static void a8(void) {
  char copy[24];
  turn_wait(1);
  memcpy(copy, seen, sizeof copy); /* RACE 8: read */
  __asm__ volatile("" : : "r"(copy) : "memory");
  atomic_store_explicit(&other, 8, memory_order_release);
  memset(seen, 2, 20);
  turn_done();
}
static void b8(void) { IN_TURN(2, seen[22] = 1); /* RACE 8: write */ }

int main(void) {
  text = calloc(1, LONG);
  block = calloc(1, 28);
  words = calloc(16, sizeof *words);
  if (!text || !block || !words) abort();
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  both(a6, b6);
  both(a7, b7);
  both(a8, b8);
  free(text);
  free(words);
}
