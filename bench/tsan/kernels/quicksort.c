/* Parallel quicksort: the larger halves get threads of their own down to a depth; size: numbers to sort. */
#include "kernel.h"

enum { SMALL = 24, DEPTH = 4 };

struct slice {
  uint32_t *lo, *hi; /* sorts [lo, hi), which nobody else touches meanwhile */
  int depth;         /* levels below that may still start a thread */
};

static void insertion_sort(uint32_t *lo, uint32_t *hi) {
  for (uint32_t *i = lo + 1; i < hi; i++) {
    uint32_t v = *i, *j = i;
    for (; j > lo && j[-1] > v; j--) *j = j[-1];
    *j = v;
  }
}

static uint32_t median(uint32_t a, uint32_t b, uint32_t c) {
  if (a > b) return b > c ? b : (a > c ? c : a);
  return a > c ? a : (b > c ? c : b);
}

/* Hoare's partition: all of [lo, result) is no larger than anything in [result, hi), and neither is empty. */
static uint32_t *partition(uint32_t *lo, uint32_t *hi) {
  uint32_t pivot = median(lo[0], lo[(hi - lo) / 2], hi[-1]), *i = lo - 1, *j = hi;
  for (;;) {
    do i++;
    while (*i < pivot);
    do j--;
    while (*j > pivot);
    if (i >= j) return j + 1; /* two of the three samples are >= pivot, so i stopped before the end */
    uint32_t swap = *i;
    *i = *j, *j = swap;
  }
}

static void *sort_slice(void *arg) {
  struct slice s = *(struct slice *)arg;
  while (s.hi - s.lo > SMALL) {
    uint32_t *mid = partition(s.lo, s.hi);
    struct slice left = {.lo = s.lo, .hi = mid, .depth = s.depth - 1};
    if (s.depth > 0) {
      pthread_t thread;
      struct slice right = {.lo = mid, .hi = s.hi, .depth = s.depth - 1};
      kernel_check(pthread_create(&thread, NULL, sort_slice, &left) == 0, "pthread_create");
      sort_slice(&right);
      kernel_check(pthread_join(thread, NULL) == 0, "pthread_join");
      return NULL;
    }
    sort_slice(&left);
    s.lo = mid;
  }
  insertion_sort(s.lo, s.hi);
  return NULL;
}

int main(int argc, char **argv) {
  struct kernel k = kernel_args(argc, argv, 3500000);
  uint32_t *v = kernel_alloc(k.size, sizeof *v);
  uint64_t seed = 5, before = 0, after = 0, sum = 0;
  for (size_t i = 0; i < k.size; i++) before += v[i] = (uint32_t)kernel_rand(&seed);
  sort_slice(&(struct slice){.lo = v, .hi = v + k.size, .depth = DEPTH});
  for (size_t i = 0; i < k.size; i++) {
    kernel_check(i == 0 || v[i - 1] <= v[i], "not sorted");
    after += v[i];
    sum = sum * 31 + v[i];
  }
  kernel_check(before == after, "numbers were lost");
  free(v);
  return kernel_done("quicksort", sum);
}
