/* Small blocks of memory that are allocated, filled, checked and freed by each thread, some of them handed to the next
 * thread through a locked shelf; size: allocations of all threads together. */
#include "kernel.h"

enum { SLOTS = 512, HAND_OVER = 16, MAX_WORDS = 24 };

struct block {
  uint64_t seed;   /* what the words were filled from */
  uint32_t words;  /* length of word */
  uint64_t word[]; /* seed, seed + 1, ... */
};

struct shelf {
  pthread_mutex_t mu;  /* guards block */
  struct block *block; /* NULL: empty */
};

struct churn {
  struct kernel k;
  struct shelf shelf[KERNEL_MAX_THREADS]; /* shelf w: from thread w to its neighbour */
  uint64_t made[KERNEL_MAX_THREADS];      /* sum over the blocks that each thread made; written by it alone */
  uint64_t ended[KERNEL_MAX_THREADS];     /* sum over the blocks that each thread freed; written by it alone */
};

static struct block *block_new(uint64_t r) {
  uint32_t words = (uint32_t)(r % MAX_WORDS) + 1;
  struct block *b = malloc(sizeof *b + words * sizeof b->word[0]);
  kernel_check(b != NULL, "out of memory");
  *b = (struct block){.seed = r, .words = words};
  for (uint32_t i = 0; i < words; i++) b->word[i] = r + i;
  return b;
}

static uint64_t block_end(struct block *b) {
  if (!b) return 0;
  uint64_t seed = b->seed;
  bool whole = true;
  for (uint32_t i = 0; i < b->words; i++) whole = whole && b->word[i] == seed + i;
  kernel_check(whole, "a block was overwritten");
  free(b);
  return seed;
}

static struct block *shelf_swap(struct shelf *s, struct block *b) {
  pthread_mutex_lock(&s->mu);
  struct block *old = s->block;
  s->block = b;
  pthread_mutex_unlock(&s->mu);
  return old;
}

static void work(void *shared, unsigned who) {
  struct churn *c = shared;
  struct block *slot[SLOTS] = {NULL};
  uint64_t seed = who + 31, made = 0, ended = 0;
  struct kernel_part part = kernel_part(c->k.size, c->k.threads, who);
  for (size_t i = part.first; i < part.last; i++) {
    uint64_t r = kernel_rand(&seed);
    struct block *b = block_new(r), **at = &slot[r >> 32 & (SLOTS - 1)];
    made += r;
    ended += block_end(*at);
    *at = b;
    if (i % HAND_OVER != 0) continue;
    ended += block_end(shelf_swap(&c->shelf[(who + 1) % c->k.threads], NULL));
    *at = shelf_swap(&c->shelf[who], b);
  }
  for (int i = 0; i < SLOTS; i++) ended += block_end(slot[i]);
  c->made[who] = made, c->ended[who] = ended;
}

int main(int argc, char **argv) {
  struct churn *c = kernel_alloc(1, sizeof *c);
  uint64_t made = 0, ended = 0;
  c->k = kernel_args(argc, argv, 4500000);
  for (unsigned i = 0; i < c->k.threads; i++) pthread_mutex_init(&c->shelf[i].mu, NULL);
  kernel_team(c->k.threads, work, c);
  for (unsigned i = 0; i < c->k.threads; i++) {
    made += c->made[i];
    ended += c->ended[i] + block_end(c->shelf[i].block);
    pthread_mutex_destroy(&c->shelf[i].mu);
  }
  kernel_check(made == ended, "blocks were lost");
  free(c);
  return kernel_done("churn", made);
}
