/* Locks that don't help. */
#include "team.h"

static int a, b, c;
static omp_lock_t l, m;
static omp_nest_lock_t n;

static void two_locks(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  {
    omp_lock_t *mine = me() ? &l : &m;
    turn_wait(me() + 1);
    omp_set_lock(mine);
    a++; /* RACE 1: write a */
    omp_unset_lock(mine);
    turn_done();
  }
}

/* Who didn't get it didn't wait for its holder. */
static void not_got(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  if (me() == 0) {
    turn_wait(1);
    omp_set_lock(&l);
    b = 1; /* RACE 2: write b */
    turn_done();
    turn_wait(3);
    omp_unset_lock(&l);
  } else {
    turn_wait(2);
    MUST(!omp_test_lock(&l));
    use(b); /* RACE 2: read b */
    turn_done();
  }
}

/* The inner end gives nothing to anybody. */
static void after_the_end(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  if (me() == 0) {
    turn_wait(1);
    omp_set_nest_lock(&n);
    omp_set_nest_lock(&n);
    omp_unset_nest_lock(&n);
    omp_unset_nest_lock(&n);
    c = 1; /* RACE 3: write c */
    turn_done();
  } else {
    turn_wait(2);
    omp_set_nest_lock(&n);
    use(c); /* RACE 3: read c */
    omp_unset_nest_lock(&n);
  }
}

static void circle(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  {
    omp_lock_t *first = me() ? &l : &m, *second = me() ? &m : &l;
    turn_wait(me() + 1);
    omp_set_lock(first);
    omp_set_lock(second); /* FINDING: GW1002 */
    omp_unset_lock(second);
    omp_unset_lock(first);
    turn_done();
  }
}

int main(void) {
  omp_init_lock(&l);
  omp_init_lock(&m);
  omp_init_nest_lock(&n);
  two_locks();
  not_got();
  after_the_end();
  circle();
}
