/* NO RACE */
/* All before all, round after round, with more threads than two and barriers that are made anew. */
#include "pairs.h"

enum { THREADS = 5, ROUNDS = 40 };
static pthread_barrier_t b;
static long cell[THREADS];

static void *work(void *arg) {
  long me = (long)arg;
  for (long i = 0; i < ROUNDS; i++) {
    cell[me] = i;
    pthread_barrier_wait(&b);
    for (int j = 0; j < THREADS; j++) MUST(cell[j] == i);
    pthread_barrier_wait(&b);
  }
  return NULL;
}

static void round_trip(int threads) {
  pthread_t t[THREADS];
  MUST(pthread_barrier_init(&b, NULL, (unsigned)threads) == 0);
  for (long i = 0; i < threads; i++) MUST(pthread_create(&t[i], NULL, work, (void *)i) == 0);
  for (long i = 0; i < threads; i++) MUST(pthread_join(t[i], NULL) == 0);
  MUST(pthread_barrier_destroy(&b) == 0);
}

int main(void) {
  round_trip(THREADS);
  round_trip(THREADS);
}
