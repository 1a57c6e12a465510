/* NO RACE */
/* The child goes on from where the parent was, alone; the parent's handlers of fork run with locks in order. */
#include "pairs.h"

#include <sys/wait.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static long x, forks;
static bool stop;

static void lock(void) {
  pthread_mutex_lock(&m);
  x++;
}
static void unlock(void) {
  x++;
  pthread_mutex_unlock(&m);
}

static void *add(void *arg) {
  for (int i = 0; i < 20; i++) {
    pthread_mutex_lock(&m);
    x++;
    free(malloc(100));
    pthread_mutex_unlock(&m);
  }
  return arg;
}
static void busy(void) {
  while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) add(NULL);
}

static void child(void) {
  pthread_t t[2];
  for (int i = 0; i < 2; i++) MUST(pthread_create(&t[i], NULL, add, NULL) == 0);
  for (int i = 0; i < 2; i++) MUST(pthread_join(t[i], NULL) == 0);
  x++;
}
static void forks_often(void) {
  pthread_mutex_lock(&m);
  x++;
  pthread_mutex_unlock(&m);
  for (; forks < 20; forks++) {
    pid_t pid = forks % 5 == 4 ? vfork() : fork();
    MUST(pid >= 0);
    if (pid == 0) {
      child();
      _exit(7);
    }
    int status;
    MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
  }
  __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
}

int main(void) {
  MUST(pthread_atfork(lock, unlock, unlock) == 0);
  both(busy, forks_often);
}
