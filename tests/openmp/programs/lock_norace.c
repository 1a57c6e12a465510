/* Critical sections and locks. */
#include "team.h" /* NO RACE */

static int a, b, c, d, e;

static void critical_sections(void) {
#pragma omp parallel num_threads(4)
  for (int i = 0; i < 50; i++) {
#pragma omp critical
    a++;
#pragma omp critical(named)
    b++;
#pragma omp critical(hinted) hint(omp_sync_hint_contended)
    c++;
  }
  MUST(a + b + c == 600);
}

static void locks(void) {
  omp_lock_t plain, hinted;
  omp_init_lock(&plain);
  omp_init_lock_with_hint(&hinted, omp_sync_hint_uncontended);
#pragma omp parallel num_threads(4)
  for (int i = 0; i < 50; i++) {
    omp_set_lock(&plain);
    d++;
    omp_unset_lock(&plain);
    if (omp_test_lock(&hinted)) {
      e++;
      omp_unset_lock(&hinted);
    }
  }
  omp_destroy_lock(&plain);
  omp_destroy_lock(&hinted);
  MUST(d == 200 && e > 0);
}

static void nest_locks(void) {
  omp_nest_lock_t l;
  omp_init_nest_lock(&l);
  d = 0;
#pragma omp parallel num_threads(4)
  for (int i = 0; i < 50; i++) {
    omp_set_nest_lock(&l);
    d++;
    MUST(omp_test_nest_lock(&l) == 2);
    d++;
    omp_unset_nest_lock(&l);
    d++;
    omp_unset_nest_lock(&l);
  }
  omp_destroy_nest_lock(&l);
  MUST(d == 600);
  omp_init_nest_lock_with_hint(&l, omp_sync_hint_none);
  omp_destroy_nest_lock(&l);
}

/* A lock's memory is another's when it has been destroyed. */
static void again(void) {
  for (int i = 0; i < 5; i++) {
    omp_lock_t l;
#pragma omp parallel num_threads(2)
    {
#pragma omp single
      omp_init_lock(&l);
      omp_set_lock(&l);
      d++;
      omp_unset_lock(&l);
#pragma omp barrier
#pragma omp single
      omp_destroy_lock(&l);
    }
  }
}

/* Opposite orders in regions that follow one another, or of tasks that were waited for, lock nobody out. */
static void orders(void) {
  omp_lock_t l, m;
  omp_init_lock(&l);
  omp_init_lock(&m);
#pragma omp parallel num_threads(2)
  if (me() == 1) {
    omp_set_lock(&l);
    omp_set_lock(&m);
    omp_unset_lock(&m);
    omp_unset_lock(&l);
  }
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task
    {
      omp_set_lock(&m);
      omp_set_lock(&l);
      omp_unset_lock(&l);
      omp_unset_lock(&m);
    }
#pragma omp taskwait
    omp_set_lock(&l);
    omp_set_lock(&m);
    omp_unset_lock(&m);
    omp_unset_lock(&l);
  }
}

int main(void) {
  critical_sections();
  locks();
  nest_locks();
  again();
  orders();
}
