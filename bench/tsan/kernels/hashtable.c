/* A chained hash table with striped locks that counts keys; size: operations of all threads together. */
#include "kernel.h"

enum { BUCKETS = 1 << 15, STRIPES = 64, KEYS = 1 << 16 };

struct entry {
  struct entry *next; /* chain; guarded by the stripe */
  uint64_t key;       /* set before the entry is linked */
  uint64_t count;     /* guarded by the stripe */
};

struct table {
  struct kernel k;
  struct entry **bucket;           /* heads; bucket b is guarded by stripe[b % STRIPES] */
  pthread_mutex_t stripe[STRIPES]; /* locks */
};

static size_t bucket_of(uint64_t key) { return (key * 0x9e3779b97f4a7c15u) >> 49; }

static void table_count_locked(struct entry **head, uint64_t key) {
  for (struct entry *e = *head; e; e = e->next) {
    if (e->key != key) continue;
    e->count++;
    return;
  }
  struct entry *e = kernel_alloc(1, sizeof *e);
  *e = (struct entry){.next = *head, .key = key, .count = 1};
  *head = e;
}

static void count_keys(void *shared, unsigned who) {
  struct table *t = shared;
  uint64_t seed = who + 1;
  struct kernel_part part = kernel_part(t->k.size, t->k.threads, who);
  for (size_t i = part.first; i < part.last; i++) {
    uint64_t key = kernel_rand(&seed) % KEYS;
    size_t b = bucket_of(key);
    pthread_mutex_lock(&t->stripe[b % STRIPES]);
    table_count_locked(&t->bucket[b], key);
    pthread_mutex_unlock(&t->stripe[b % STRIPES]);
  }
}

static uint64_t sum_and_free(struct table *t) {
  uint64_t counted = 0, sum = 0;
  for (size_t b = 0; b < BUCKETS; b++) {
    for (struct entry *e = t->bucket[b], *next; e; e = next) {
      next = e->next;
      counted += e->count;
      sum += e->count * e->key * e->key; /* the chain's order depends on the schedule, so the sum may not */
      free(e);
    }
  }
  kernel_check(counted == t->k.size, "operations were lost");
  return sum;
}

int main(int argc, char **argv) {
  struct table t = {.k = kernel_args(argc, argv, 4000000)};
  t.bucket = kernel_alloc(BUCKETS, sizeof *t.bucket);
  for (int i = 0; i < STRIPES; i++) pthread_mutex_init(&t.stripe[i], NULL);
  kernel_team(t.k.threads, count_keys, &t);
  uint64_t sum = sum_and_free(&t);
  for (int i = 0; i < STRIPES; i++) pthread_mutex_destroy(&t.stripe[i]);
  free(t.bucket);
  return kernel_done("hashtable", sum);
}
