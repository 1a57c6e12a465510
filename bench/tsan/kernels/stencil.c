/* Five-point Jacobi steps on a torus, bands of rows for the threads and a barrier after each step; size: edge of the
 * grid.  A step keeps the sum of all cells, which is the check. */
#include <math.h>

#include "kernel.h"

enum { STEPS = 150 };

struct grid {
  struct kernel k;
  double *now, *next;        /* size x size; `now` is read by all during a step, each row of `next` has one writer */
  pthread_barrier_t barrier; /* between steps */
};

static void step_row(double *restrict out, const double *up, const double *row, const double *down, size_t n) {
  out[0] = 0.2 * (up[0] + down[0] + row[n - 1] + row[1 % n] + row[0]);
  for (size_t j = 1; j + 1 < n; j++) out[j] = 0.2 * (up[j] + down[j] + row[j - 1] + row[j + 1] + row[j]);
  out[n - 1] = 0.2 * (up[n - 1] + down[n - 1] + row[n - 2] + row[0] + row[n - 1]);
}

static void relax_band(void *shared, unsigned who) {
  struct grid *g = shared;
  size_t n = g->k.size;
  double *now = g->now, *next = g->next;
  struct kernel_part rows = kernel_part(n, g->k.threads, who);
  for (int step = 0; step < STEPS; step++) {
    for (size_t i = rows.first; i < rows.last; i++)
      step_row(next + i * n, now + (i + n - 1) % n * n, now + i * n, now + (i + 1) % n * n, n);
    pthread_barrier_wait(&g->barrier);
    double *swap = now;
    now = next, next = swap;
  }
}

static double total(const double *cells, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += cells[i];
  return sum;
}

int main(int argc, char **argv) {
  struct grid g = {.k = kernel_args(argc, argv, 1400)};
  size_t cells = g.k.size * g.k.size;
  kernel_check(g.k.size >= 3, "the grid needs an edge of 3");
  g.now = kernel_alloc(cells, sizeof(double)), g.next = kernel_alloc(cells, sizeof(double));
  uint64_t seed = 7;
  for (size_t i = 0; i < cells; i++) g.now[i] = (double)(kernel_rand(&seed) % 1000);
  double before = total(g.now, cells);
  pthread_barrier_init(&g.barrier, NULL, g.k.threads);
  kernel_team(g.k.threads, relax_band, &g);
  pthread_barrier_destroy(&g.barrier);
  double after = total(g.now, cells);
  kernel_check(fabs(after - before) <= 1e-9 * before, "the steps don't keep the sum");
  uint64_t sum = (uint64_t)(g.now[cells / 3] * 1e6);
  free(g.now), free(g.next);
  return kernel_done("stencil", sum);
}
