/* A thread that has given up the lock for a condition, but isn't parked yet, while another one comes, signals and ends.
 * Linked with gw_mutex_unlock wrapped.  With no argument nobody signals. */
#include <dirent.h>
#include <pthread.h>

#include "check.h"

void __real_gw_mutex_unlock(gw_mutex *m);
void __wrap_gw_mutex_unlock(gw_mutex *m);

static gw_mutex mu;
static gw_cond cond = GW_COND_INIT(&mu);
static pthread_t other;
static _Thread_local bool waits; /* its next unlock is the condition's */

static int threads(void) {
  int n = 0;
  DIR *tasks = opendir("/proc/self/task");
  CHECK(tasks);
  while (readdir(tasks)) n++;
  closedir(tasks);
  return n - 2; /* "." and ".." */
}

void __wrap_gw_mutex_unlock(gw_mutex *m) {
  __real_gw_mutex_unlock(m);
  if (!waits) return;
  waits = false;
  CHECK(pthread_join(other, NULL) == 0);
  while (threads() > 1) sched_yield(); /* the kernel counts it for a moment longer */
}

static void *signal_or_not(void *signals) {
  gw_mutex_lock(&mu);
  gw_mutex_unlock(&mu);
  if (signals) gw_cond_signal(&cond);
  return NULL;
}

int main(int argc, char **argv) {
  gw_mutex_lock(&mu);
  CHECK(pthread_create(&other, NULL, signal_or_not, argc > 1 ? argv[1] : NULL) == 0);
  waits = true;
  gw_cond_wait(&cond);
  gw_mutex_unlock(&mu);
  puts("went on");
}
