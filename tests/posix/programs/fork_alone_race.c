/* The child of a fork counts who lives anew: what a thread that isn't in it had counted is no part of the sum. */
#include "pairs.h"

#include <limits.h>
#include <sys/wait.h>

static long a;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *nothing(void *arg) { return arg; }
static void create_and_join(void) {
  pthread_t t;
  MUST(pthread_create(&t, NULL, nothing, NULL) == 0);
  MUST(pthread_join(t, NULL) == 0);
}

/* Round by round to the last but one, by when the detector has done with the thread, though not forgotten it.  All that
 * it needs is in its argument, as memory is nothing for a thread that has ended: key, descriptors, rounds left. */
static void lingers(void *arg) {
  intptr_t how = (intptr_t)arg;
  char byte;
  if (--how & 7) {
    pthread_setspecific((pthread_key_t)(how >> 24), (void *)how);
    return;
  }
  MUST(write((int)(how >> 16 & 255), "", 1) == 1);
  MUST(read((int)(how >> 8 & 255), &byte, 1) == 1);
}

/* Births are counted where the creator runs, ends where they come. */
static void *creates_two(void *arg) {
  create_and_join();
  create_and_join();
  MUST(pthread_setspecific((pthread_key_t)((intptr_t)arg >> 24), arg) == 0);
  return NULL;
}

static void *reads_a(void *arg) {
  turn_wait(2);
  pthread_mutex_lock(&m);
  pthread_mutex_unlock(&m);
  use(a); /* RACE 1: read a */
  return arg;
}

static void child(void) {
  pthread_t reader;
  MUST(pthread_create(&reader, NULL, reads_a, NULL) == 0);
  create_and_join();
  pthread_mutex_lock(&m);
  pthread_mutex_unlock(&m);
  IN_TURN(1, a = 1); /* RACE 1: write a */
  MUST(pthread_join(reader, NULL) == 0);
  _exit(0);
}

int main(void) {
  int there[2], go[2];
  char byte;
  pthread_key_t key;
  pthread_t t;
  MUST(pipe(there) == 0 && pipe(go) == 0);
  create_and_join();
  MUST(pthread_key_create(&key, lingers) == 0); /* after the detector's, which are destroyed first in each round */
  intptr_t how = (intptr_t)key << 24 | there[1] << 16 | go[0] << 8 | (PTHREAD_DESTRUCTOR_ITERATIONS - 1);
  MUST(pthread_create(&t, NULL, creates_two, (void *)how) == 0);
  MUST(read(there[0], &byte, 1) == 1);
  create_and_join(); /* and so looks whether it is alone, as it is */
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) child();
  int status;
  MUST(waitpid(pid, &status, 0) == pid);
  MUST(write(go[1], "", 1) == 1);
  MUST(pthread_join(t, NULL) == 0);
  return WEXITSTATUS(status);
}
