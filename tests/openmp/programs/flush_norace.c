/* A flush is a fence: what comes before the one is there for who comes after the other, if an atomic variable says so.
 */
#include "team.h" /* NO RACE */

static int data, flag;

int main(void) {
#pragma omp parallel num_threads(2)
  if (me() == 0) {
    data = 1;
#pragma omp flush
#pragma omp atomic write
    flag = 1;
  } else {
    int seen = 0;
    while (!seen) {
#pragma omp atomic read
      seen = flag;
    }
#pragma omp flush
    MUST(data == 1);
  }
}
