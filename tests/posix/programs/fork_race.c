/* Beside a fork: what the copy may have caught half written, what happens after it in the child, and in the parent. */
#include "pairs.h"

#include <sys/wait.h>

static long a, b, c;

/* The child reads what another thread wrote, before the fork but in no order with it. */
static void a1(void) { IN_TURN(1, a = 1); /* RACE 1: write a */ }
static void b1(void) {
  turn_wait(2);
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    use(a); /* RACE 1: read a */
    _exit(0);
  }
  MUST(waitpid(pid, NULL, 0) == pid);
}

/* The thread that forked is one of the child's, too. */
static void *write_b(void *arg) {
  IN_TURN(2, b = 1); /* RACE 2: write b */
  return arg;
}
static void a2(void) {}
static void b2(void) {
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    pthread_t t;
    MUST(pthread_create(&t, NULL, write_b, NULL) == 0);
    IN_TURN(1, use(b)); /* RACE 2: read b */
    MUST(pthread_join(t, NULL) == 0);
    _exit(0);
  }
  MUST(waitpid(pid, NULL, 0) == pid);
}

/* The parent goes on beside the other thread. */
static void a3(void) { IN_TURN(1, use(c)); /* RACE 3: read c */ }
static void b3(void) {
  turn_wait(2);
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) _exit(0);
  MUST(waitpid(pid, NULL, 0) == pid);
  c = 1; /* RACE 3: write c */
}

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
}
