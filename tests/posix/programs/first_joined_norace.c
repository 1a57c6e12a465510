/* The first thread ends before the others and is joined, in a process and in its forked child. */
#include <sys/wait.h>

#include "pairs.h"

static long a; /* NO RACE */

static void *join_it(void *first) {
  void *result;
  MUST(pthread_join(*(pthread_t *)first, &result) == 0 && result == &a);
  use(a);
  exit(0);
}

static _Noreturn void end_first(void) {
  static pthread_t first;
  pthread_t joiner;
  first = pthread_self();
  MUST(pthread_create(&joiner, NULL, join_it, &first) == 0);
  a = 1;
  pthread_exit(&a);
}

static void *nothing(void *arg) { return arg; }

int main(void) {
  pthread_t t;
  MUST(pthread_create(&t, NULL, nothing, NULL) == 0 && pthread_join(t, NULL) == 0);
  pid_t child = fork();
  int status;
  if (child == 0) end_first();
  MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  end_first();
}
