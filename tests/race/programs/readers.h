/* Arrays that more goroutines read side by side than there are read planes: by one function, in turns that order
 * nothing. */
#include "scenario.h"

enum { READERS = 8, WORDS = 256, HALF = WORDS / 2 };

/* Whoever is received from is known to have done what it did before it sent. */
static gw_chan(int) told;

static void hear(int times) {
  for (int i = 0; i < times; i++) gw_recv(told);
}

/* Starts them all and waits until the last has had its turn. */
static void start(void (*reader)(int me)) {
  turn_restart();
  for (int i = 0; i < READERS; i++) gw_go(reader, i);
  turn_wait(1 + READERS);
}
