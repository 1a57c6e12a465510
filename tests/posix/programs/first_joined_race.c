/* The first thread is joined, but what it did was looked at before. */
#include "pairs.h"

static long a;

static void *join_it(void *first) {
  IN_TURN(2, use(a)); /* RACE: read a */
  MUST(pthread_join(*(pthread_t *)first, NULL) == 0);
  use(a);
  exit(0);
}

int main(void) {
  static pthread_t first;
  pthread_t joiner;
  first = pthread_self();
  MUST(pthread_create(&joiner, NULL, join_it, &first) == 0);
  IN_TURN(1, a = 1); /* RACE: write a */
  pthread_exit(NULL);
}
