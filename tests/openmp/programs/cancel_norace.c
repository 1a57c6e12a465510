/* Regions, loops and groups of tasks that end early (with OMP_CANCELLATION=true). */
#include "team.h" /* NO RACE */

static int cell[4];

static int total(void) { return cell[0] + cell[1] + cell[2] + cell[3]; }

static void region(void) {
#pragma omp parallel num_threads(4)
  {
    cell[me()] = 1;
    if (me() == 2) {
#pragma omp cancel parallel
    }
#pragma omp barrier
    cell[me()] = 2;
#pragma omp cancellation point parallel
  }
  use(total());
}

static void loop(void) {
#pragma omp parallel num_threads(4)
  {
#pragma omp for
    for (int i = 0; i < 100; i++) {
      cell[me()] = i;
      if (i == 60) {
#pragma omp cancel for
      }
#pragma omp cancellation point for
    }
    use(total());
#pragma omp barrier
    cell[me()] = 3;
#pragma omp barrier
    MUST(total() == 12);
  }
}

static void group(int round) {
#pragma omp parallel num_threads(4)
#pragma omp single
  {
    int numbers[4] = {round, round, round, round};
#pragma omp taskgroup
    for (int i = 0; i < 40; i++) {
#pragma omp task firstprivate(numbers)
      {
        numbers[0]++;
#pragma omp critical
        cell[0] += numbers[0] > 0;
        if (i == 3) {
#pragma omp cancel taskgroup
        }
      }
    }
    use(cell[0]);
  }
}

int main(void) {
  MUST(omp_get_cancellation());
  for (int round = 0; round < 10; round++) {
    region();
    loop();
    group(round);
  }
}
