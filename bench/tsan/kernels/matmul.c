/* Dense matrix product, rows shared out among the threads; size: order of the matrices.
 * The result is checked with Freivalds' method: C r = A (B r) for a vector r, exact as all numbers are small integers.
 */
#include "kernel.h"

struct product {
  struct kernel k;
  double *a, *b, *c; /* row-major; a and b are read only while the team runs, each row of c has one writer */
};

static void multiply_rows(void *shared, unsigned who) {
  struct product *p = shared;
  size_t n = p->k.size;
  struct kernel_part rows = kernel_part(n, p->k.threads, who);
  for (size_t i = rows.first; i < rows.last; i++) {
    for (size_t l = 0; l < n; l++) {
      double factor = p->a[i * n + l];
      for (size_t j = 0; j < n; j++) p->c[i * n + j] += factor * p->b[l * n + j];
    }
  }
}

static void times_vector(const double *m, const double *v, double *out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    out[i] = 0;
    for (size_t j = 0; j < n; j++) out[i] += m[i * n + j] * v[j];
  }
}

static uint64_t check_product(const struct product *p) {
  size_t n = p->k.size;
  double *r = kernel_alloc(n, sizeof *r), *br = kernel_alloc(n, sizeof *r);
  double *abr = kernel_alloc(n, sizeof *r), *cr = kernel_alloc(n, sizeof *r);
  uint64_t seed = 3, sum = 0;
  for (size_t i = 0; i < n; i++) r[i] = (double)(kernel_rand(&seed) % 16);
  times_vector(p->b, r, br, n);
  times_vector(p->a, br, abr, n);
  times_vector(p->c, r, cr, n);
  for (size_t i = 0; i < n; i++) {
    kernel_check(abr[i] == cr[i], "A (B r) differs from C r");
    sum = sum * 31 + (uint64_t)cr[i];
  }
  free(r), free(br), free(abr), free(cr);
  return sum;
}

int main(int argc, char **argv) {
  struct product p = {.k = kernel_args(argc, argv, 1000)};
  size_t cells = p.k.size * p.k.size;
  uint64_t seed = 1;
  p.a = kernel_alloc(cells, sizeof(double)), p.b = kernel_alloc(cells, sizeof(double));
  p.c = kernel_alloc(cells, sizeof(double));
  for (size_t i = 0; i < cells; i++) {
    p.a[i] = (double)(kernel_rand(&seed) % 64);
    p.b[i] = (double)(kernel_rand(&seed) % 64);
  }
  kernel_team(p.k.threads, multiply_rows, &p);
  uint64_t sum = check_product(&p);
  free(p.a), free(p.b), free(p.c);
  return kernel_done("matmul", sum);
}
