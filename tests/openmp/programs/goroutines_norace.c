/* Regions in goroutines, which stay on their threads meanwhile, however often they are stopped. */
#include <godwit.h>
#include "team.h" /* NO RACE */

enum { GOROUTINES = 3, ROUNDS = 8 };
static int cell[GOROUTINES], guarded;
static omp_lock_t lock;

static void region(int k) {
  int sum = 0;
#pragma omp parallel for reduction(+ : sum) num_threads(3)
  for (int i = 0; i < 100; i++) {
    sum += i;
    if (i == 5) gw_yield();
  }
  MUST(sum == 4950);
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task
    cell[k]++;
    gw_yield();
#pragma omp taskwait
    cell[k]++;
  }
#pragma omp parallel num_threads(2) if (k < 0)
  {
    gw_yield();
    cell[k]++;
  }
}

static void locks(void) {
  omp_set_lock(&lock);
  guarded++;
  gw_yield();
  omp_unset_lock(&lock);
#pragma omp critical
  {
    guarded++;
    gw_yield();
  }
}

static void work(int k) {
  for (int round = 0; round < ROUNDS; round++) {
    region(k);
    gw_yield();
  }
}

int main(void) {
  gw_waitgroup all = {0};
  omp_init_lock(&lock);
  for (int k = 0; k < GOROUTINES; k++) gw_waitgroup_go(&all, work, k);
  gw_waitgroup_wait(&all);
  for (int k = 0; k < GOROUTINES; k++) MUST(cell[k] == 3 * ROUNDS);
  locks();
  MUST(guarded == 2);
}
