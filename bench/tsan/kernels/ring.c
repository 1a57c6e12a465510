/* A bounded ring for many producers and consumers with C11 atomics and no lock: each place has a turn number that says
 * whose it is; size: messages. */
#include <sched.h>
#include <stdatomic.h>

#include "kernel.h"

enum { PLACES = 1024, WORDS = 7, LINE = 64 };

struct place {
  _Atomic uint64_t turn; /* == position: free for its producer; == position + 1: full.  Release when handed on, acquire
                            before the message is touched */
  uint64_t word[WORDS];  /* the message; belongs to the one whose turn it is */
};

struct ring {
  struct kernel k;
  _Alignas(LINE) _Atomic uint64_t head; /* next position to take; relaxed, the place's turn orders the message */
  _Alignas(LINE) _Atomic uint64_t tail; /* next position to fill; relaxed likewise */
  struct place place[PLACES];           /* position p is in place p % PLACES */
  uint64_t sum[KERNEL_MAX_THREADS];     /* of what each consumer got; written by it alone */
};

static void ring_put(struct ring *r, const uint64_t *word) {
  uint64_t at = atomic_fetch_add_explicit(&r->tail, 1, memory_order_relaxed);
  struct place *p = &r->place[at % PLACES];
  while (atomic_load_explicit(&p->turn, memory_order_acquire) != at) sched_yield();
  for (int i = 0; i < WORDS; i++) p->word[i] = word[i];
  atomic_store_explicit(&p->turn, at + 1, memory_order_release);
}

/* False once all `total` messages have been taken. */
static bool ring_get(struct ring *r, uint64_t *word, uint64_t total) {
  uint64_t at = atomic_fetch_add_explicit(&r->head, 1, memory_order_relaxed);
  if (at >= total) return false;
  struct place *p = &r->place[at % PLACES];
  while (atomic_load_explicit(&p->turn, memory_order_acquire) != at + 1) sched_yield();
  for (int i = 0; i < WORDS; i++) word[i] = p->word[i];
  atomic_store_explicit(&p->turn, at + PLACES, memory_order_release);
  return true;
}

static void produce(struct ring *r, unsigned who, unsigned producers) {
  struct kernel_part part = kernel_part(r->k.size, producers, who);
  for (size_t i = part.first; i < part.last; i++) {
    uint64_t word[WORDS];
    for (uint64_t w = 0; w < WORDS; w++) word[w] = i * (w + 1);
    ring_put(r, word);
  }
}

static void consume(struct ring *r, unsigned who) {
  uint64_t word[WORDS], sum = 0;
  while (ring_get(r, word, r->k.size)) {
    for (uint64_t w = 0; w < WORDS; w++) kernel_check(word[w] == word[0] * (w + 1), "a torn message");
    sum += word[WORDS - 1];
  }
  r->sum[who] = sum;
}

static void member(void *shared, unsigned who) {
  struct ring *r = shared;
  unsigned producers = (r->k.threads + 1) / 2;
  if (who < producers) {
    produce(r, who, producers);
  } else {
    consume(r, who);
  }
}

int main(int argc, char **argv) {
  struct kernel k = kernel_args(argc, argv, 3500000);
  struct ring *r = aligned_alloc(LINE, sizeof *r);
  uint64_t sum = 0;
  kernel_check(r != NULL && k.threads >= 2, "needs memory and two threads");
  memset(r, 0, sizeof *r);
  r->k = k;
  for (uint64_t i = 0; i < PLACES; i++) atomic_init(&r->place[i].turn, i);
  kernel_team(k.threads, member, r);
  for (unsigned i = 0; i < k.threads; i++) sum += r->sum[i];
  kernel_check(sum == WORDS * (k.size * (k.size - 1) / 2), "messages were lost");
  free(r);
  return kernel_done("ring", sum);
}
