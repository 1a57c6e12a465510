/* A hundred locks held at once, and as many that are contended for. */
/* NO RACE */
#include "pairs.h"

enum { LOCKS = 100, THREADS = 4, ROUNDS = 30 };
static struct guarded {
  pthread_mutex_t mu;
  long count;
} all[LOCKS];
static long under_all;

/* Each thread holds them all, in one order, and changes what they guard. */
static void hold_all(void) {
  for (int i = 0; i < LOCKS; i++) {
    pthread_mutex_lock(&all[i].mu);
    all[i].count++;
  }
  under_all++;
  for (int i = LOCKS; i-- > 0;) pthread_mutex_unlock(&all[i].mu);
}

/* One after the other, each thread beginning elsewhere, so that they meet at many. */
static void one_by_one(int first) {
  for (int i = 0; i < LOCKS; i++) {
    struct guarded *g = &all[(first + i) % LOCKS];
    pthread_mutex_lock(&g->mu);
    g->count++;
    pthread_mutex_unlock(&g->mu);
  }
}

static void *work(void *arg) {
  for (int round = 0; round < ROUNDS; round++) {
    hold_all();
    one_by_one((int)(intptr_t)arg * LOCKS / THREADS);
  }
  return arg;
}

int main(void) {
  pthread_t t[THREADS];
  for (int i = 0; i < LOCKS; i++) pthread_mutex_init(&all[i].mu, NULL);
  for (intptr_t i = 0; i < THREADS; i++) MUST(pthread_create(&t[i], NULL, work, (void *)i) == 0);
  for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
  MUST(under_all == THREADS * ROUNDS);
  for (int i = 0; i < LOCKS; i++) MUST(all[i].count == 2 * THREADS * ROUNDS);
}
