/* Tasks and what orders them. */
#include "team.h" /* NO RACE */

static int fib(int n) {
  int a, b;
  if (n < 2) return n;
#pragma omp task shared(a)
  a = fib(n - 1);
#pragma omp task shared(b)
  b = fib(n - 2);
#pragma omp taskwait
  return a + b;
}

static void children(void) {
#pragma omp parallel num_threads(4)
#pragma omp single
  MUST(fib(12) == 144);
}

static int cell[64];

static int total(int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) sum += cell[i];
  return sum;
}

/* Grandchildren too. */
static void groups(void) {
#pragma omp parallel num_threads(4)
#pragma omp single
  for (int round = 0; round < 20; round++) {
#pragma omp taskgroup
    for (int i = 0; i < 4; i++) {
#pragma omp task
      {
        cell[2 * i] = round;
#pragma omp task
        cell[2 * i + 1] = round;
      }
    }
    MUST(total(8) == 8 * round);
  }
}

static void barriers(void) {
#pragma omp parallel num_threads(4)
  for (int round = 0; round < 20; round++) {
    const int mine = me();
    if (round % 2 == 0) {
#pragma omp task
      {
        cell[2 * mine] = round;
#pragma omp task
        cell[2 * mine + 1] = round;
      }
    }
#pragma omp barrier
    MUST(total(8) == 8 * (round & ~1));
#pragma omp barrier
  }
}

static void end_of_the_region(void) {
  for (int round = 0; round < 20; round++) {
#pragma omp parallel num_threads(4)
    {
#pragma omp task firstprivate(round)
      {
        const int mine = me();
#pragma omp critical
        cell[mine] = round;
      }
    }
    use(total(4));
  }
}

static void dependences(void) {
  static int x, y, z[4], set;
#pragma omp parallel num_threads(4)
#pragma omp single
  for (int round = 0; round < 20; round++) {
#pragma omp task depend(out : x)
    x = round;
    for (int i = 0; i < 4; i++) {
#pragma omp task depend(in : x) depend(out : z[i])
      z[i] = x;
    }
#pragma omp task depend(inout : x) depend(in : z[0], z[1], z[2], z[3])
    {
      MUST(z[0] + z[1] + z[2] + z[3] == 4 * x);
      x++;
    }
    for (int i = 0; i < 3; i++) {
#pragma omp task depend(mutexinoutset : y) depend(in : x)
      y += x;
    }
#pragma omp task depend(in : y)
    use(y);
    for (int i = 0; i < 3; i++) {
#pragma omp task depend(inoutset : set)
      {
#pragma omp atomic
        set++;
      }
    }
#pragma omp task depend(in : set) depend(out : y)
    {
      MUST(set == 3 * (round + 1));
      y = set;
    }
  }
  MUST(x == 20);
}

static void everything(void) {
  static int p, q;
#pragma omp parallel num_threads(4)
#pragma omp single
  for (int round = 0; round < 10; round++) {
#pragma omp task depend(out : p)
    p++;
#pragma omp task depend(out : q)
    q++;
#pragma omp task depend(inout : omp_all_memory)
    MUST(p++ == q++);
#pragma omp task depend(in : p)
    use(p);
#pragma omp task depend(in : q)
    use(q);
  }
}

static void waits_for_some(void) {
  static int p;
#pragma omp parallel num_threads(4)
#pragma omp single
  {
    for (int round = 1; round < 20; round++) {
#pragma omp task depend(out : p)
      {
        meet();
        p = round;
      }
      meet();
#pragma omp taskwait depend(in : p)
      MUST(p == round);
#pragma omp task depend(in : p)
      use(p);
#pragma omp task if (0) depend(inout : p)
      p++;
      MUST(p == round + 1);
    }
  }
}

static void undeferred(void) {
  int x = 0;
#pragma omp parallel num_threads(4)
#pragma omp single
  {
#pragma omp task if (0) shared(x)
    x++;
    MUST(x++ == 1);
#pragma omp task final(1) shared(x)
    {
      x++;
#pragma omp task shared(x)
      x++;
      MUST(x == 4);
    }
#pragma omp taskwait
#pragma omp task mergeable if (0) shared(x)
    x++;
    MUST(x == 5);
  }
#pragma omp task shared(x)
  x++;
#pragma omp taskwait
  MUST(x == 6);
}

static void loops(void) {
#pragma omp parallel num_threads(4)
#pragma omp single
  for (int round = 0; round < 5; round++) {
    int last = 0, sum = 0;
#pragma omp taskloop grainsize(2) lastprivate(last)
    for (int i = 0; i < 64; i++) cell[i] = last = i;
    MUST(last == 63 && total(64) == 2016);
#pragma omp taskloop num_tasks(16) reduction(+ : sum)
    for (int i = 0; i < 64; i++) sum += cell[i];
    MUST(sum == 2016);
  }
}

static void reductions(void) {
#pragma omp parallel num_threads(4)
#pragma omp single
  for (int round = 0; round < 5; round++) {
    int sum = 0;
#pragma omp taskgroup task_reduction(+ : sum)
    for (int i = 0; i < 20; i++) {
#pragma omp task in_reduction(+ : sum)
      sum += i;
    }
    MUST(sum == 190);
  }
  int sum = 0;
#pragma omp parallel num_threads(4) reduction(task, + : sum)
  {
#pragma omp task in_reduction(+ : sum)
    sum += 2;
  }
  MUST(sum == 8);
}

__attribute__((noinline)) static void count(int *numbers) { numbers[1] = numbers[0] + 1; }

TURN_HIDDEN static void stay(void) {
  turn_done();
  turn_reached(3);
}

/* The runtime gives the memory of a task to the next, which nothing orders after the first one: that was run by a
 * thread that is busy with something else since. */
static void memory_again(void) {
  turn_restart();
#pragma omp parallel num_threads(2)
#pragma omp single
  {
    int numbers[4] = {1, 2, 3, 4};
    for (int i = 0; i < 64; i++) {
#pragma omp task firstprivate(numbers)
      count(numbers);
    }
#pragma omp task
    stay();
    turn_reached(2);
    for (int i = 0; i < 64; i++) {
#pragma omp task firstprivate(numbers)
      count(numbers);
    }
    turn_done();
  }
}

/* Tasks that one thread runs one after the other. */
static void by_thread(void) {
  static int of[4];
#pragma omp parallel num_threads(4)
#pragma omp single
  for (int i = 0; i < 100; i++) {
#pragma omp task
    of[me()]++;
  }
  MUST(of[0] + of[1] + of[2] + of[3] == 100);
}

static void untied_ones(void) {
#pragma omp parallel num_threads(4)
#pragma omp single
  for (int i = 0; i < 20; i++) {
#pragma omp task untied
    {
      int x = i;
#pragma omp task shared(x)
      x++;
#pragma omp taskyield
#pragma omp taskwait
      MUST(x == i + 1);
    }
  }
}

static omp_event_handle_t event;
TURN_HIDDEN static omp_event_handle_t the_event(void) { return event; }

/* What the thread did that fulfils a task's event comes before whoever waits for the task: while that runs, or after
 * it. */
static void events(void) {
  for (int late = 0; late < 2; late++) {
    int x = 0, y = 0;
    turn_restart();
#pragma omp parallel num_threads(2)
    if (me() == 0) {
      omp_event_handle_t mine;
#pragma omp task detach(mine) shared(y)
      {
        event = mine;
        turn_done();
        if (!late) turn_reached(3);
        y = 1;
      }
      if (late) turn_done();
#pragma omp taskwait
      MUST(x + y == 2);
    } else {
      turn_reached(late ? 3 : 2);
      x = 1;
      omp_fulfill_event(the_event());
      turn_done();
    }
  }
}

static void a_task_in_a_region_in_a_task(void) {
  omp_set_max_active_levels(2);
#pragma omp parallel num_threads(2)
#pragma omp single
  {
    int x = 0;
#pragma omp task shared(x)
    {
#pragma omp parallel num_threads(2)
      {
#pragma omp single
        {
#pragma omp task shared(x)
          x++;
        }
        MUST(x == 1);
      }
      MUST(x == 1);
    }
#pragma omp taskwait
    MUST(x == 1);
  }
  omp_set_max_active_levels(1);
}

/* More than the table of places begins with. */
static void many_places(void) {
  static int places[1000];
#pragma omp parallel num_threads(4)
#pragma omp single
  for (int i = 0; i < 3000; i++) {
#pragma omp task depend(inout : places[i % 1000])
    places[i % 1000]++;
  }
  for (int i = 0; i < 1000; i++) MUST(places[i] == 3);
}

int main(void) {
  children();
  groups();
  barriers();
  end_of_the_region();
  dependences();
  many_places();
  everything();
  waits_for_some();
  undeferred();
  loops();
  reductions();
  memory_again();
  by_thread();
  untied_ones();
  events();
  a_task_in_a_region_in_a_task();
}
