/* Regions and what orders their threads.  NO RACE stands once for all. */
#include "team.h" /* NO RACE */

enum { N = 8 };
static int cell[N], all[N * N];

static int total(void) {
  int sum = 0;
  for (int i = 0; i < N; i++) sum += cell[i];
  return sum;
}

static void fork_and_join(void) {
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < N; i++) cell[i] = i;
#pragma omp parallel num_threads(N)
    cell[me()]++;
    MUST(total() == N * (N + 1) / 2);
  }
}

static void barriers(void) {
#pragma omp parallel num_threads(N)
  for (int round = 0; round < 5; round++) {
    cell[me()] = round;
#pragma omp barrier
    MUST(total() == N * round);
#pragma omp barrier
  }
}

static void loops_and_singles(void) {
  int once = 0;
#pragma omp parallel num_threads(4)
  {
#pragma omp for schedule(dynamic, 3)
    for (int i = 0; i < N * N; i++) all[i] = i;
#pragma omp for schedule(static, 5)
    for (int i = 0; i < N * N; i++) MUST(all[i] == i);
#pragma omp single
    once = all[7];
    MUST(once == 7);
#pragma omp sections
    {
#pragma omp section
      all[0] = 1;
#pragma omp section
      all[1] = 2;
    }
    MUST(all[0] + all[1] == 3);
#pragma omp barrier
#pragma omp masked
    all[0] = 5;
#pragma omp barrier
    MUST(all[0] == 5);
  }
}

static void last_and_first(void) {
  int last = 0, first = 6;
#pragma omp parallel num_threads(4)
  {
#pragma omp for lastprivate(last) firstprivate(first)
    for (int i = 0; i < 20; i++) last = i + first;
    MUST(last == 25);
  }
  MUST(last == 25);
}

static void copies(void) {
#pragma omp parallel num_threads(4)
  {
    int mine = 0;
#pragma omp single copyprivate(mine)
    mine = 9;
    MUST(mine == 9);
  }
}

static int kept;
#pragma omp threadprivate(kept)

static void threads_own(void) {
  kept = 4;
#pragma omp parallel num_threads(4) copyin(kept)
  MUST(kept++ == 4);
#pragma omp parallel num_threads(4)
  MUST(kept == 5);
}

static void reductions(void) {
  for (int round = 0; round < 3; round++) {
    long sum = 0;
    double product = 1;
    int parts[3] = {0};
#pragma omp parallel for reduction(+ : sum, parts) reduction(* : product) num_threads(N)
    for (int i = 0; i < 100; i++) sum += i, product *= 1.5, parts[i % 3]++;
    MUST(sum == 4950 && product > 1 && parts[0] == 34);
#pragma omp parallel num_threads(N)
    {
#pragma omp for reduction(+ : sum)
      for (int i = 0; i < 100; i++) sum += i;
      MUST(sum == 9900);
#pragma omp barrier
#pragma omp for reduction(max : sum) nowait
      for (int i = 0; i < 100; i++) sum = 9901;
    }
    MUST(sum == 9901);
  }
}

static void in_order(void) {
  int next = 0;
#pragma omp parallel for ordered schedule(dynamic) num_threads(4)
  for (int i = 0; i < 40; i++) {
#pragma omp ordered
    MUST(next++ == i);
  }
  MUST(next == 40);
}

static void wavefront(void) {
  enum { M = 12 };
  static int table[M + 1][M + 1];
#pragma omp parallel for ordered(2) num_threads(4)
  for (int i = 1; i <= M; i++)
    for (int j = 1; j <= M; j++) {
#pragma omp ordered depend(sink : i - 1, j) depend(sink : i, j - 1)
      table[i][j] = 1 + table[i - 1][j] + table[i][j - 1];
#pragma omp ordered depend(source)
    }
  MUST(table[2][2] == 5);
}

static void nested(void) {
  omp_set_max_active_levels(2);
#pragma omp parallel num_threads(2)
  {
    const int outer = me();
    all[outer * 4] = 1;
#pragma omp parallel num_threads(3)
    {
      if (me()) all[outer * 4 + me()] = all[outer * 4];
#pragma omp barrier
      use(all[outer * 4 + 1] + all[outer * 4 + 2]);
    }
    MUST(all[outer * 4 + 2] == 1);
#pragma omp barrier
    MUST(all[2] + all[6] == 2);
  }
  omp_set_max_active_levels(1);
#pragma omp parallel num_threads(2)
  {
    int mine = 0;
#pragma omp parallel num_threads(2)
    mine++;
    MUST(mine == 1);
  }
}

static void updates(void) {
  int counter = 0, seen, ready = 0, data = 0;
#pragma omp parallel num_threads(4) private(seen)
  {
#pragma omp atomic
    counter += 2;
#pragma omp atomic capture
    seen = counter++;
    use(seen);
#pragma omp barrier
    if (me() == 0) {
      data = 3;
#pragma omp atomic write release
      ready = 1;
    } else {
      do {
#pragma omp atomic read acquire
        seen = ready;
      } while (!seen);
      MUST(data == 3);
    }
  }
  MUST(counter == 12);
}

/* What a thread did in its last region comes before what it does in this one, wherever it was lent to meanwhile. */
static void own_memory(void) {
  static _Thread_local int *mine;
  omp_set_max_active_levels(2);
  for (int round = 0; round < 3; round++) {
#pragma omp parallel num_threads(3)
    {
#pragma omp parallel num_threads(2)
      {
        if (!mine) mine = calloc(1, sizeof *mine);
        ++*mine;
      }
    }
  }
  omp_set_max_active_levels(1);
}

int main(void) {
  fork_and_join();
  barriers();
  loops_and_singles();
  last_and_first();
  copies();
  threads_own();
  reductions();
  in_order();
  wavefront();
  nested();
  updates();
  own_memory();
}
