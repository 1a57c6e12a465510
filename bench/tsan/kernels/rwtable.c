/* A read-mostly sorted table under a reader-writer lock: binary searches, and one update in WRITE_EVERY operations;
 * size: operations of all threads together. */
#include "kernel.h"

enum { ROWS = 4096, WRITE_EVERY = 256, SCAN = 8 };

struct row {
  uint64_t key;            /* never changes */
  uint64_t value, inverse; /* inverse is ~value; guarded by the lock */
};

struct table {
  struct kernel k;
  pthread_rwlock_t lock;             /* guards the rows' values */
  struct row row[ROWS];              /* sorted by key */
  uint64_t hits[KERNEL_MAX_THREADS]; /* searches that met a row; each written by one thread */
};

static size_t lower_bound(const struct row *row, uint64_t key) {
  size_t first = 0, last = ROWS;
  while (first < last) {
    size_t mid = first + (last - first) / 2;
    if (row[mid].key < key) {
      first = mid + 1;
    } else {
      last = mid;
    }
  }
  return first;
}

static void table_update(struct table *t, uint64_t key) {
  pthread_rwlock_wrlock(&t->lock);
  size_t at = lower_bound(t->row, key);
  if (at < ROWS) {
    t->row[at].value++;
    t->row[at].inverse = ~t->row[at].value;
  }
  pthread_rwlock_unlock(&t->lock);
}

static bool table_search(struct table *t, uint64_t key) {
  pthread_rwlock_rdlock(&t->lock);
  size_t at = lower_bound(t->row, key);
  bool hit = at < ROWS && t->row[at].key == key, whole = true;
  for (size_t i = at; i < ROWS && i < at + SCAN; i++) whole = whole && t->row[i].inverse == ~t->row[i].value;
  pthread_rwlock_unlock(&t->lock);
  kernel_check(whole, "a half-written row");
  return hit;
}

static void work(void *shared, unsigned who) {
  struct table *t = shared;
  uint64_t seed = who + 21, hits = 0;
  struct kernel_part part = kernel_part(t->k.size, t->k.threads, who);
  for (size_t i = part.first; i < part.last; i++) {
    uint64_t key = kernel_rand(&seed) % (ROWS * 4);
    if (i % WRITE_EVERY == 0) {
      table_update(t, key);
    } else {
      hits += table_search(t, key);
    }
  }
  t->hits[who] = hits;
}

int main(int argc, char **argv) {
  struct table *t = kernel_alloc(1, sizeof *t);
  uint64_t sum = 0;
  t->k = kernel_args(argc, argv, 3000000);
  pthread_rwlock_init(&t->lock, NULL);
  for (uint64_t i = 0; i < ROWS; i++) t->row[i] = (struct row){.key = i * 4, .value = i, .inverse = ~i};
  kernel_team(t->k.threads, work, t);
  for (size_t i = 0; i < ROWS; i++) sum = sum * 31 + t->row[i].value;
  for (unsigned i = 0; i < t->k.threads; i++) sum = sum * 31 + t->hits[i];
  pthread_rwlock_destroy(&t->lock);
  free(t);
  return kernel_done("rwtable", sum);
}
