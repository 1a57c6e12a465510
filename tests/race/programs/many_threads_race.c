/* 300 POSIX threads that live at once, with one race between the first and the last. */
#define TURN_THREADS
#include <pthread.h>

#include "barrier.h"

enum { COUNT = 300 };
static long shared;
static struct barrier all_there;

static void *body(void *number) {
  long i = (long)number;
  if (i == 0) shared = 1; /* RACE 1 earlier: write shared */
  barrier_wait(&all_there, COUNT);
  if (i == COUNT - 1) shared = 2; /* RACE 1 later: write shared */
  return NULL;
}

int main(void) {
  pthread_t threads[COUNT];
  for (long i = 0; i < COUNT; i++)
    if (pthread_create(&threads[i], NULL, body, (void *)i) != 0) return 1;
  for (int i = 0; i < COUNT; i++) pthread_join(threads[i], NULL);
  return shared == 0; /* read, or the optimiser takes it away */
}
