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

/* A thread was at work beside the fork.  The child has a copy of what that one read or wrote, and writes it anew. */
static struct {
  long read, written, atomic;
  char cleared[100];
  void *block;
} left;
static void use_what_is_left_behind(void) {
  turn_wait(1);
  use(left.read);
  use(memcmp(left.cleared, left.cleared + 50, 50));
  left.written = 1;
  __atomic_store_n(&left.atomic, 1, __ATOMIC_RELAXED);
  left.block = memset(malloc(100), 1, 100);
  turn_done();
  turn_wait(3);
  turn_done();
}
static void *write_what_was_left(void *arg) {
  left.read++;
  return arg;
}
static void begin_anew(void) {
  pthread_t t;
  left.read = 1;
  MUST(pthread_create(&t, NULL, write_what_was_left, NULL) == 0);
  MUST(pthread_join(t, NULL) == 0);
  memset(left.cleared, 0, sizeof left.cleared);
  left.written = 2;
  left.atomic = 2;
  left.block = malloc(10);
  free(left.block);
  use(left.read + left.written + left.atomic);
}
static void forks_beside(void) {
  turn_wait(2);
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    begin_anew();
    _exit(7);
  }
  int status;
  MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
  turn_done();
}

int main(void) {
  both(use_what_is_left_behind, forks_beside);
  MUST(pthread_atfork(lock, unlock, unlock) == 0);
  both(busy, forks_often);
}
