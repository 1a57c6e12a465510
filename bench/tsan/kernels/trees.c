/* A binary search tree (a treap) of small nodes under one lock: threads insert, find and remove keys; size: operations
 * of all threads together. */
#include "kernel.h"

enum { KEYS = 1 << 15 };

struct node {
  struct node *left, *right; /* keys below and above */
  uint32_t key;              /* order */
  uint32_t priority;         /* a parent's is not below its children's; a hash of the key, so the shape is fixed */
};

struct tree {
  struct kernel k;
  pthread_mutex_t mu;                 /* guards the tree */
  struct node *root;                  /* NULL: empty */
  size_t nodes;                       /* in the tree */
  uint64_t found[KERNEL_MAX_THREADS]; /* finds that met a node; each written by one thread */
};

static uint32_t priority_of(uint32_t key) {
  uint64_t state = key;
  return (uint32_t)kernel_rand(&state);
}

/* Splits t into the keys below `key` and the others. */
static void treap_split(struct node *t, uint32_t key, struct node **below, struct node **others) {
  if (!t) {
    *below = *others = NULL;
  } else if (t->key < key) {
    treap_split(t->right, key, &t->right, others);
    *below = t;
  } else {
    treap_split(t->left, key, below, &t->left);
    *others = t;
  }
}

/* All keys of `low` are below those of `high`. */
static struct node *treap_merge(struct node *low, struct node *high) {
  if (!low || !high) return low ? low : high;
  if (low->priority >= high->priority) {
    low->right = treap_merge(low->right, high);
    return low;
  }
  high->left = treap_merge(low, high->left);
  return high;
}

static struct node **treap_find(struct node **t, uint32_t key) {
  while (*t && (*t)->key != key) t = key < (*t)->key ? &(*t)->left : &(*t)->right;
  return t;
}

static void tree_insert_locked(struct tree *t, uint32_t key) {
  if (*treap_find(&t->root, key)) return;
  struct node *n = malloc(sizeof *n), **at = &t->root;
  kernel_check(n != NULL, "out of memory");
  *n = (struct node){.key = key, .priority = priority_of(key)};
  while (*at && (*at)->priority >= n->priority) at = key < (*at)->key ? &(*at)->left : &(*at)->right;
  treap_split(*at, key, &n->left, &n->right);
  *at = n;
  t->nodes++;
}

static void tree_remove_locked(struct tree *t, uint32_t key) {
  struct node **at = treap_find(&t->root, key), *n = *at;
  if (!n) return;
  *at = treap_merge(n->left, n->right);
  free(n);
  t->nodes--;
}

/* Member w works on the keys that are w modulo the team, so what it finds doesn't depend on the others. */
static void work(void *shared, unsigned who) {
  struct tree *t = shared;
  uint64_t seed = who + 11, found = 0;
  struct kernel_part part = kernel_part(t->k.size, t->k.threads, who);
  for (size_t i = part.first; i < part.last; i++) {
    uint64_t r = kernel_rand(&seed);
    uint32_t key = (uint32_t)(r % KEYS) * t->k.threads + who;
    pthread_mutex_lock(&t->mu);
    if ((r >> 32 & 3) == 0) {
      tree_insert_locked(t, key);
    } else if ((r >> 32 & 3) == 1) {
      tree_remove_locked(t, key);
    } else {
      found += *treap_find(&t->root, key) != NULL;
    }
    pthread_mutex_unlock(&t->mu);
  }
  t->found[who] = found;
}

/* Checks order and heap, frees all; returns the number of nodes. */
static size_t tree_end(struct node *n, uint64_t low, uint64_t high, uint64_t *sum) {
  if (!n) return 0;
  kernel_check(n->key >= low && n->key < high, "keys are out of order");
  kernel_check(!n->left || n->left->priority <= n->priority, "a left child's priority is too high");
  kernel_check(!n->right || n->right->priority <= n->priority, "a right child's priority is too high");
  size_t count = tree_end(n->left, low, n->key, sum);
  *sum = *sum * 31 + n->key;
  count += 1 + tree_end(n->right, (uint64_t)n->key + 1, high, sum);
  free(n);
  return count;
}

int main(int argc, char **argv) {
  struct tree t = {.k = kernel_args(argc, argv, 900000)};
  uint64_t sum = 0;
  pthread_mutex_init(&t.mu, NULL);
  kernel_team(t.k.threads, work, &t);
  kernel_check(tree_end(t.root, 0, UINT64_MAX, &sum) == t.nodes, "nodes were lost");
  for (unsigned i = 0; i < t.k.threads; i++) sum = sum * 31 + t.found[i];
  pthread_mutex_destroy(&t.mu);
  return kernel_done("trees", sum);
}
