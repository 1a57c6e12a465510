/* NO RACE */
/* A FILE's lock taken by hand guards what its users agree on. */
#include "pairs.h"

static long x;

static void add(void) {
  for (int i = 0; i < 100; i++) {
    if (i % 2)
      flockfile(stdout);
    else
      while (ftrylockfile(stdout) != 0) usleep(10);
    x++;
    flockfile(stdout);
    x++;
    funlockfile(stdout);
    x++;
    funlockfile(stdout);
  }
}

int main(void) {
  both(add, add);
  MUST(x == 600);
}
