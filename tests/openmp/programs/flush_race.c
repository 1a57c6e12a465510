/* One fence alone orders nothing. */
#include "team.h"

static int released, acquired, flag;

static int get(void) {
  int seen;
#pragma omp atomic read
  seen = flag;
  return seen;
}
static void set(int to) {
#pragma omp atomic write
  flag = to;
}

int main(void) {
#pragma omp parallel num_threads(2)
  if (me() == 0) {
    released = 1; /* RACE 1: write released */
#pragma omp flush
    set(1);
    turn_wait(2);
    acquired = 1; /* RACE 2: write acquired */
    set(2);
    turn_done();
  } else {
    while (get() != 1) continue;
    use(released); /* RACE 1: read released */
    turn_done();
    while (get() != 2) continue;
#pragma omp flush
    use(acquired); /* RACE 2: read acquired */
  }
}
