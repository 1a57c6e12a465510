/* NO RACE */
/* A mutex that is waited for all the time: nobody waits in vain, neither beside waits at a condition, which let it go
 * inside libc, nor when libc's unlock is called behind our back, nor in a forked child. */
#include <dlfcn.h>
#include <sys/wait.h>

#include "pairs.h"

#pragma weak dlopen /* no static program has them */
#pragma weak dlsym

enum { ROUNDS = 50000, ITEMS = 2000 };

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER, less = PTHREAD_COND_INITIALIZER;
static long x, items, taken;

static void count(void) {
  for (int i = 0; i < ROUNDS; i++) {
    MUST(pthread_mutex_lock(&m) == 0);
    x++;
    MUST(pthread_mutex_unlock(&m) == 0);
  }
}

static void put(void) {
  for (int i = 0; i < ITEMS; i++) {
    pthread_mutex_lock(&m);
    while (items == 4) pthread_cond_wait(&less, &m);
    items++;
    pthread_cond_signal(&more);
    pthread_mutex_unlock(&m);
  }
}

static void take(void) {
  for (int i = 0; i < ITEMS; i++) {
    pthread_mutex_lock(&m);
    while (items == 0) pthread_cond_wait(&more, &m);
    items--;
    taken++;
    pthread_cond_signal(&less);
    pthread_mutex_unlock(&m);
  }
}

static void lock_late(void) {
  MUST(pthread_mutex_lock(&m) == 0);
  MUST(pthread_mutex_unlock(&m) == 0);
}

static void *start(void *f) {
  (*(void (**)(void))f)();
  return NULL;
}

static void together(void (*f[])(void), int n) {
  pthread_t t[8];
  for (int i = 0; i < n; i++) MUST(pthread_create(&t[i], NULL, start, &f[i]) == 0);
  for (int i = 0; i < n; i++) pthread_join(t[i], NULL);
}

static void unlock_behind_our_back(void) {
  int (*unlock)(pthread_mutex_t *);
  if (!dlopen) return;
  *(void **)&unlock = dlsym(dlopen("libc.so.6", RTLD_LAZY), "pthread_mutex_unlock");
  MUST(unlock != NULL);
  void (*late)(void) = lock_late;
  pthread_t t;
  MUST(pthread_mutex_lock(&m) == 0);
  MUST(pthread_create(&t, NULL, start, &late) == 0);
  usleep(2000); /* it is asleep by now, probably */
  unlock(&m);
  pthread_join(t, NULL);
}

int main(void) {
  together((void (*[])(void)){count, count, count, count}, 4);
  MUST(x == 4 * ROUNDS);
  together((void (*[])(void)){put, take, put, take}, 4);
  MUST(items == 0 && taken == 2 * ITEMS);
  pid_t child = fork();
  if (child == 0) {
    together((void (*[])(void)){count, count}, 2);
    exit(0);
  }
  int status;
  MUST(waitpid(child, &status, 0) == child && status == 0);
  unlock_behind_our_back();
  return 0;
}
