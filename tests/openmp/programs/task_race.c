/* What doesn't order tasks, though it's near what does.  Where two have to be on threads of their own, they meet. */
#include "team.h"

static int a, b, c, d, e, f, g, h, k, l, m, n;
static int in, out, set;

static void two_tasks(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task
    {
      meet();
      IN_TURN(1, a = 1); /* RACE 1: write a */
    }
#pragma omp task
    {
      meet();
      IN_TURN(2, a = 2); /* RACE 1: write a */
    }
  }
}

static void creator_and_task(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task
    {
      meet();
      IN_TURN(2, use(b)); /* RACE 2: read b */
    }
    IN_TURN(1, b = 1); /* RACE 2: write b */
    meet();
  }
}

/* A taskwait waits for children only. */
static void grandchild(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task if (0)
    {
#pragma omp task
      {
        meet();
        IN_TURN(2, c = 1); /* RACE 3: write c */
      }
    }
#pragma omp taskwait
    meet();
    IN_TURN(1, use(c)); /* RACE 3: read c */
  }
}

static void outside_the_group(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task
    {
      meet();
      IN_TURN(2, d = 1); /* RACE 4: write d */
    }
#pragma omp taskgroup
    use(in);
    meet();
    IN_TURN(1, use(d)); /* RACE 4: read d */
  }
}

TURN_HIDDEN static void stay(void) {
  turn_done();
  turn_reached(3);
}

/* Two readers of a place may not write another, though the one has ended when the other begins: the thread that had it
 * has gone on to a third task, and stays there. */
static void two_readers(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task if (0) depend(out : in)
    in = 1;
#pragma omp task depend(in : in)
    e = in; /* RACE 5: write e */
#pragma omp task
    stay();
    turn_reached(2);
#pragma omp task depend(in : in)
    IN_TURN(2, use(e)); /* RACE 5: read e */
#pragma omp taskwait
  }
}

static void two_places(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task depend(inout : in)
    {
      meet();
      IN_TURN(1, f = 1); /* RACE 6: write f */
    }
#pragma omp task depend(inout : out)
    {
      meet();
      IN_TURN(2, f = 2); /* RACE 6: write f */
    }
  }
}

static void one_set(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task depend(inoutset : set)
    g = 1; /* RACE 7: write g */
#pragma omp task
    stay();
    turn_reached(2);
#pragma omp task depend(inoutset : set)
    IN_TURN(2, use(g)); /* RACE 7: read g */
#pragma omp taskwait
  }
}

/* Dependences are between children of one task. */
static void cousins(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
  {
    meet();
#pragma omp task if (0) depend(inout : out)
    IN_TURN(me() + 1, h = me()); /* RACE 8: write h */
  }
}

static void waits_for_another(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task if (0) depend(out : out)
    out = 1;
#pragma omp task depend(out : in)
    {
      meet();
      IN_TURN(2, k = 1); /* RACE 9: write k */
    }
#pragma omp taskwait depend(in : out)
    meet();
    IN_TURN(1, use(k)); /* RACE 9: read k */
  }
}

static void loop_of_tasks(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
#pragma omp taskloop num_tasks(2)
  for (int i = 0; i < 2; i++) {
    meet();
    IN_TURN(i + 1, l = i); /* RACE 10: write l */
  }
}

static void loop_without_a_group(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp taskloop num_tasks(1) nogroup
    for (int i = 0; i < 1; i++) {
      meet();
      IN_TURN(2, m = i); /* RACE 11: write m */
    }
    meet();
    IN_TURN(1, use(m)); /* RACE 11: read m */
  }
}

/* Who fulfils an event isn't ordered after the task. */
static void event(void) {
  static omp_event_handle_t ended;
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task detach(ended)
    {
      meet();
      IN_TURN(2, n = 1); /* RACE 12: write n */
    }
    meet();
    IN_TURN(1, use(n)); /* RACE 12: read n */
    turn_reached(3);
    omp_fulfill_event(ended);
#pragma omp taskwait
  }
}

int main(void) {
  two_tasks();
  creator_and_task();
  grandchild();
  outside_the_group();
  two_readers();
  two_places();
  one_set();
  cousins();
  waits_for_another();
  loop_of_tasks();
  loop_without_a_group();
  event();
}
