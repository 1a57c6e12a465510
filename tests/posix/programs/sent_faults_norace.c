/* NO RACE */
/* A signal that tells of faults may be sent as any other, and comes at any time then: in the middle of an atomic
 * operation, on which its handler operates as well. */
#include "pairs.h"

#include <sched.h>
#include <signal.h>

enum { N = 100 };
static const int sigs[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
static _Atomic long n, handled;
static _Atomic bool done;

static void on_signal(int sig) {
  (void)sig;
  n++;
  handled++;
}

static void *sends(void *to) {
  for (int i = 0; i < N; i++) {
    MUST(pthread_kill(*(pthread_t *)to, sigs[i % 6]) == 0);
    while (handled <= i) sched_yield();
  }
  done = true;
  return NULL;
}

int main(void) {
  pthread_t t, self = pthread_self();
  long own = 0;
  for (int i = 0; i < 6; i++) MUST(signal(sigs[i], on_signal) != SIG_ERR);
  MUST(pthread_create(&t, NULL, sends, &self) == 0);
  for (; !done; own++) n++;
  MUST(pthread_join(t, NULL) == 0);
  MUST(n == own + N);
}
