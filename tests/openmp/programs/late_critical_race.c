/* What a thread combines with nobody waiting for it comes after the barrier before it, for who is late to leave that.
 */
#include "late.h"

static int x, sum;

int main(void) {
#pragma omp parallel num_threads(2)
  {
    if (me() == 1)
      comes_next();
    else
      keep_late();
#pragma omp barrier
    if (me() == 0)
      x = 1; /* RACE: write x */
    else
      use(x); /* RACE: read x */
#pragma omp for nowait reduction(+ : sum) schedule(static, 1)
    for (int i = 0; i < 2; i++) sum += i;
    if (me() == 0) turn_done();
  }
}
