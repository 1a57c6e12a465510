/* Settings that one thread loads and another waits for, with POSIX threads and C11 atomics.
 *
 * The bug: the flag is atomic, but relaxed, so it orders nothing but itself.  On a weakly ordered processor, or after
 * an optimiser's reordering, the reader sees the flag before the settings.  (x86 hides it: the race is there all the
 * same.) */
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
  atomic_store_explicit(&loaded, true, memory_order_relaxed);
  return unused;
}

static void *start(void *workers) {
  while (!atomic_load_explicit(&loaded, memory_order_relaxed)) sched_yield();
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
