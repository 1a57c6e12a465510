/* The last ticket, sold at two counters, with POSIX threads.
 *
 * The bug: check, then act.  The sale holds the lock, the check doesn't, and in between another counter can sell the
 * same ticket. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static int tickets = 1; /* guarded by mu */

static void *sell(void *sold) {
  if (tickets > 0) {
    pthread_mutex_lock(&mu);
    tickets--;
    pthread_mutex_unlock(&mu);
    *(int *)sold = 1;
  }
  return NULL;
}

int main(void) {
  pthread_t counter[2];
  int sold[2] = {0};
  for (int i = 0; i < 2; i++) pthread_create(&counter[i], NULL, sell, &sold[i]);
  for (int i = 0; i < 2; i++) pthread_join(counter[i], NULL);
  printf("sold %d, left %d\n", sold[0] + sold[1], tickets);
}
