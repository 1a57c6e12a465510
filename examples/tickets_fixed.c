/* The last ticket, sold at two counters, with POSIX threads: the repaired tickets_racy.c.
 *
 * Check and sale are one step under the lock. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static int tickets = 1; /* guarded by mu */

static void *sell(void *sold) {
  pthread_mutex_lock(&mu);
  if (tickets > 0) {
    tickets--;
    *(int *)sold = 1;
  }
  pthread_mutex_unlock(&mu);
  return NULL;
}

int main(void) {
  pthread_t counter[2];
  int sold[2] = {0};
  for (int i = 0; i < 2; i++) pthread_create(&counter[i], NULL, sell, &sold[i]);
  for (int i = 0; i < 2; i++) pthread_join(counter[i], NULL);
  printf("sold %d, left %d\n", sold[0] + sold[1], tickets);
}
