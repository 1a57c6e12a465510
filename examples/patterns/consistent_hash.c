/* Consistent hashing: keys and nodes lie on a ring, and a key belongs to the next node on it.  A node that comes or
 * goes moves only the keys next to it; many points per node make the shares even.  Readers take a snapshot of the ring,
 * which is never changed but replaced. */
#include "pattern.h"

enum { NODES = 5, POINTS = 128, KEYS = 20000 };

struct point {
  uint32_t at;
  int node;
};
struct ring {
  int n;
  struct point points[NODES * POINTS]; /* in order */
};

static uint32_t mix(uint32_t x) {
  x = (x ^ x >> 16) * 0x7feb352du;
  x = (x ^ x >> 15) * 0x846ca68bu;
  return x ^ x >> 16;
}

static int by_place(const void *a, const void *b) {
  uint32_t x = ((const struct point *)a)->at, y = ((const struct point *)b)->at;
  return (x > y) - (x < y);
}

static struct ring *ring_of(unsigned nodes) {
  struct ring *r = calloc(1, sizeof *r);
  CHECK(r);
  for (int node = 0; node < NODES; node++)
    for (int i = 0; nodes >> node & 1 && i < POINTS; i++)
      r->points[r->n++] = (struct point){mix((uint32_t)(node * POINTS + i) + 1), node};
  qsort(r->points, (size_t)r->n, sizeof r->points[0], by_place);
  return r;
}

static int owner(const struct ring *r, int key) {
  uint32_t h = mix((uint32_t)key ^ 0x9e3779b9u);
  int lo = 0, hi = r->n;
  while (lo < hi) {
    int mid = (lo + hi) / 2;
    if (r->points[mid].at < h)
      lo = mid + 1;
    else
      hi = mid;
  }
  return r->points[lo == r->n ? 0 : lo].node;
}

static struct ring *current; /* atomic */

/* Counts its share of the keys by owner. */
static void count_keys(int part, int parts, int *shares) {
  const struct ring *r = __atomic_load_n(&current, __ATOMIC_ACQUIRE);
  for (int key = part; key < KEYS; key += parts) __atomic_fetch_add(&shares[owner(r, key)], 1, __ATOMIC_RELAXED);
}

static void count_all(int *shares) {
  gw_waitgroup all = {0};
  for (int i = 0; i < 4; i++) gw_waitgroup_go(&all, count_keys, i, 4, shares);
  gw_waitgroup_wait(&all);
}

int main(void) {
  int before[NODES] = {0}, after[NODES] = {0}, moved = 0;
  struct ring *five = ring_of(31), *four = ring_of(31 & ~(1u << 2));
  __atomic_store_n(&current, five, __ATOMIC_RELEASE);
  count_all(before);
  __atomic_store_n(&current, four, __ATOMIC_RELEASE); /* node 2 is gone */
  count_all(after);
  for (int key = 0; key < KEYS; key++) {
    int was = owner(five, key), is = owner(four, key);
    moved += was != is;
    CHECK(was == is || was == 2);
  }
  printf("%d of %d keys moved when one of five nodes went\n", moved, KEYS);
  CHECK(moved == before[2] && after[2] == 0);
  for (int i = 0; i < NODES; i++) CHECK(before[i] > KEYS / NODES / 2 && before[i] < KEYS / NODES * 2);
  all_ended();
  free(five);
  free(four);
}
