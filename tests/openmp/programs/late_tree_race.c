/* A reduction that the runtime has a barrier in, but no second one: its result isn't there for who leaves that. */
#include "late.h"

static int sum;

int main(void) {
#pragma omp parallel num_threads(2)
  {
    if (me() == 1)
      comes_next();
    else
      keep_late();
#pragma omp for nowait reduction(+ : sum) schedule(static, 1) /* RACE: write sum */
    for (int i = 0; i < 2; i++) sum += i;
    if (me() == 0)
      turn_done();
    else
      use(sum); /* RACE: read sum */
  }
}
