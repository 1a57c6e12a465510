/* What doesn't order the threads of a region, though it's near what does. */
#include "team.h"

static int a, b, c, d, e, f, g, h, k, l, m, n, o;

static void nothing_at_all(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  IN_TURN(me() + 1, a = me()); /* RACE 1: write a */
}

static void first_thread_after_fork(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  if (me() == 1)
    IN_TURN(2, use(b)); /* RACE 2: read b */
  else
    IN_TURN(1, b = 1); /* RACE 2: write b */
}

static void loop_without_a_barrier(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  {
#pragma omp for nowait schedule(static, 1)
    for (int i = 0; i < 2; i++)
      if (i == 0) IN_TURN(1, c = 1);   /* RACE 3: write c */
    if (me() == 1) IN_TURN(2, use(c)); /* RACE 3: read c */
  }
}

static void masked(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  {
#pragma omp masked
    IN_TURN(1, d = 1);                 /* RACE 4: write d */
    if (me() == 1) IN_TURN(2, use(d)); /* RACE 4: read d */
  }
}

static void single_without_a_barrier(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  {
    int mine = 1;
#pragma omp single nowait
    {
      mine = 0;
      IN_TURN(1, e = 1); /* RACE 5: write e */
    }
    if (mine) IN_TURN(2, use(e)); /* RACE 5: read e */
  }
}

static void two_sections(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp sections
  {
#pragma omp section
    {
      meet();
      IN_TURN(1, f = 1); /* RACE 6: write f */
    }
#pragma omp section
    {
      meet();
      IN_TURN(2, use(f)); /* RACE 6: read f */
    }
  }
}

static void two_names(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  if (me() == 0) {
    turn_wait(1);
#pragma omp critical(one)
    g = 1; /* RACE 7: write g */
    turn_done();
  } else {
    turn_wait(2);
#pragma omp critical(other)
    use(g); /* RACE 7: read g */
  }
}

static void after_the_barrier(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  {
    if (me() == 0) h = 1;
#pragma omp barrier
    if (me() == 1)
      IN_TURN(1, h = 2); /* RACE 8: write h */
    else
      IN_TURN(2, use(h)); /* RACE 8: read h */
  }
}

/* Who is a barrier ahead gives nothing to who is still before it. */
static void a_round_ahead(void) {
  turn_restart();
#pragma omp parallel num_threads(3)
  {
#pragma omp barrier
    if (me() == 0) IN_TURN(1, k = 1);  /* RACE 9: write k */
    if (me() == 1) IN_TURN(2, use(k)); /* RACE 9: read k */
#pragma omp barrier
  }
}

/* All four are there at once: a thread that came from one team to the other would have an order. */
static void teams_beside_each_other(void) {
  static struct barrier all;
  turn_restart();
  omp_set_max_active_levels(2);
#pragma omp parallel num_threads(2)
  {
    const int outer = me();
#pragma omp parallel num_threads(2)
    {
#pragma omp barrier
      barrier_wait(&all, 4);
      if (outer == 0 && me() == 1) IN_TURN(1, l = 1); /* RACE 10: write l */
      if (outer == 1 && me() == 1) IN_TURN(2, l = 2); /* RACE 10: write l */
    }
  }
  omp_set_max_active_levels(1);
}

/* The variable's value isn't there before a barrier. */
static void too_early(void) {
  turn_restart();
  m = 0;
#pragma omp parallel num_threads(2)
  {
#pragma omp for nowait reduction(+ : m) schedule(static, 1) /* RACE 11: atomic write m */
    for (int i = 0; i < 2; i++) m += i;
    if (me() == 0) turn_done();
    if (me() == 1) {
      turn_reached(2);
      use(m); /* RACE 11: read m */
    }
  }
}

static void beside_a_reduction(void) {
  turn_restart();
  n = 0;
#pragma omp parallel num_threads(2)
  {
    if (me() == 1) IN_TURN(1, n = 1); /* RACE 12: write n */
    turn_reached(2);
#pragma omp for reduction(+ : n) schedule(static, 1) /* RACE 12: atomic write n */
    for (int i = 0; i < 2; i++) n += i;
  }
}

static void atomic_and_not(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  if (me() == 0) {
    turn_wait(1);
#pragma omp atomic
    o++; /* RACE 13: atomic write o */
    turn_done();
  } else {
    IN_TURN(2, use(o)); /* RACE 13: read o */
  }
}

int main(void) {
  nothing_at_all();
  first_thread_after_fork();
  loop_without_a_barrier();
  masked();
  single_without_a_barrier();
  two_sections();
  two_names();
  after_the_barrier();
  a_round_ahead();
  teams_beside_each_other();
  too_early();
  beside_a_reduction();
  atomic_and_not();
}
