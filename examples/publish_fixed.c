/* Settings that one thread loads and another waits for, with POSIX threads and C11 atomics: the repaired
 * publish_racy.c.
 *
 * A release store and the acquire load that reads it order all that came before the one before all that follows the
 * other. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

static struct {
  int workers;
} settings;
static atomic_bool loaded;

static void *load(void *unused) {
  settings.workers = 8;
  atomic_store_explicit(&loaded, true, memory_order_release);
  return unused;
}

static void *start(void *workers) {
  while (!atomic_load_explicit(&loaded, memory_order_acquire)) sched_yield();
  *(int *)workers = settings.workers;
  return NULL;
}

int main(void) {
  pthread_t loader, starter;
  int workers = 0;
  pthread_create(&loader, NULL, load, NULL);
  pthread_create(&starter, NULL, start, &workers);
  pthread_join(loader, NULL);
  pthread_join(starter, NULL);
  printf("%d workers\n", workers);
}
