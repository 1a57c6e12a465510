/* Radix-2 Fourier transforms of one array by all threads, a barrier after each stage, forward and back; size: binary
 * logarithm of the number of points.  Forward and back must give the numbers of the beginning. */
#include <math.h>

#include "kernel.h"

enum { TRANSFORMS = 3 };

struct point {
  double re, im;
};

struct fft {
  struct kernel k;
  size_t n;                  /* number of points: 2^size */
  struct point *data;        /* transformed in place; within a stage each butterfly belongs to one thread */
  struct point *root;        /* exp(-2 pi i j / n) for j < n / 2; read only while the team runs */
  pthread_barrier_t barrier; /* between stages */
};

static void fft_stage(struct fft *f, unsigned who, size_t half, double sign) {
  struct kernel_part part = kernel_part(f->n / 2, f->k.threads, who);
  size_t stride = f->n / (2 * half);
  for (size_t b = part.first; b < part.last; b++) {
    size_t j = b & (half - 1);
    struct point *lo = f->data + (b - j) * 2 + j, *hi = lo + half, w = f->root[j * stride];
    double re = hi->re * w.re - hi->im * w.im * sign, im = hi->re * w.im * sign + hi->im * w.re;
    hi->re = lo->re - re, hi->im = lo->im - im;
    lo->re += re, lo->im += im;
  }
}

static size_t reversed(size_t i, size_t bits) {
  size_t r = 0;
  for (size_t b = 0; b < bits; b++) r |= (i >> b & 1) << (bits - 1 - b);
  return r;
}

/* Puts each point where its index with the bits reversed says; the thread of the smaller index swaps. */
static void fft_reorder(struct fft *f, unsigned who) {
  struct kernel_part part = kernel_part(f->n, f->k.threads, who);
  for (size_t i = part.first; i < part.last; i++) {
    size_t r = reversed(i, f->k.size);
    if (i >= r) continue;
    struct point swap = f->data[i];
    f->data[i] = f->data[r], f->data[r] = swap;
  }
}

static void fft_scale(struct fft *f, unsigned who) {
  struct kernel_part part = kernel_part(f->n, f->k.threads, who);
  for (size_t i = part.first; i < part.last; i++) {
    f->data[i].re /= (double)f->n;
    f->data[i].im /= (double)f->n;
  }
}

static void transform(void *shared, unsigned who) {
  struct fft *f = shared;
  for (int turn = 0; turn < 2 * TRANSFORMS; turn++) {
    fft_reorder(f, who);
    pthread_barrier_wait(&f->barrier);
    for (size_t half = 1; half < f->n; half *= 2) {
      fft_stage(f, who, half, turn % 2 == 0 ? 1 : -1);
      pthread_barrier_wait(&f->barrier);
    }
    if (turn % 2 == 1) fft_scale(f, who);
    pthread_barrier_wait(&f->barrier);
  }
}

static void fft_fill(struct fft *f) {
  uint64_t seed = 9;
  for (size_t i = 0; i < f->n; i++) f->data[i].re = (double)(kernel_rand(&seed) % 1000);
  for (size_t j = 0; j < f->n / 2; j++) {
    double angle = -2 * 3.14159265358979323846 * (double)j / (double)f->n;
    f->root[j] = (struct point){cos(angle), sin(angle)};
  }
}

int main(int argc, char **argv) {
  struct fft f = {.k = kernel_args(argc, argv, 19)};
  uint64_t seed = 9, sum = 0;
  kernel_check(f.k.size < 30, "a size below 30");
  f.n = (size_t)1 << f.k.size;
  f.data = kernel_alloc(f.n, sizeof *f.data), f.root = kernel_alloc(f.n / 2, sizeof *f.root);
  fft_fill(&f);
  pthread_barrier_init(&f.barrier, NULL, f.k.threads);
  kernel_team(f.k.threads, transform, &f);
  pthread_barrier_destroy(&f.barrier);
  for (size_t i = 0; i < f.n; i++) {
    double was = (double)(kernel_rand(&seed) % 1000);
    kernel_check(fabs(f.data[i].re - was) < 1e-6 && fabs(f.data[i].im) < 1e-6, "forward and back isn't the identity");
    sum = sum * 31 + (uint64_t)(f.data[i].re + 0.5);
  }
  free(f.data), free(f.root);
  return kernel_done("fft", sum);
}
