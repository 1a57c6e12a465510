/* Rounds of a lock that nobody else takes meanwhile: what a thread does after the last of them isn't ordered by it. */
#include "pairs.h"

#include <signal.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static long in_m, after_m, in_l, after_l;

static void a1(void) {
  turn_wait(1);
  for (int i = 0; i < 3; i++) {
    pthread_mutex_lock(&m);
    in_m = i;
    pthread_mutex_unlock(&m);
  }
  after_m = 1; /* RACE 1: write after_m */
  turn_done();
}
static void b1(void) {
  turn_wait(2);
  pthread_mutex_lock(&m);
  use(in_m);
  use(after_m); /* RACE 1: read after_m */
  pthread_mutex_unlock(&m);
}

static void a2(void) {
  turn_wait(1);
  for (int i = 0; i < 3; i++) {
    pthread_rwlock_rdlock(&l);
    in_l = i;
    pthread_rwlock_unlock(&l);
  }
  after_l = 1; /* RACE 2: write after_l */
  turn_done();
}
static void b2(void) {
  turn_wait(2);
  pthread_rwlock_wrlock(&l);
  use(in_l);
  use(after_l); /* RACE 2: read after_l */
  pthread_rwlock_unlock(&l);
}

/* A handler that locks another one in a section ends the round: what the section does then isn't ordered by that. */
static pthread_mutex_t of_handler = PTHREAD_MUTEX_INITIALIZER;
static long early, handled, late;
static void on_signal(int sig) {
  pthread_mutex_lock(&of_handler);
  handled = sig;
  pthread_mutex_unlock(&of_handler);
}
static void a3(void) {
  turn_wait(1);
  for (int i = 0; i < 3; i++) {
    pthread_mutex_lock(&m);
    early = i;
    raise(SIGUSR1);
    late = i; /* RACE 3: write late */
    pthread_mutex_unlock(&m);
  }
  turn_done();
}
static void b3(void) {
  turn_wait(2);
  pthread_mutex_lock(&of_handler);
  use(handled);
  use(early);
  use(late); /* RACE 3: read late */
  pthread_mutex_unlock(&of_handler);
}

int main(void) {
  MUST(signal(SIGUSR1, on_signal) != SIG_ERR);
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
}
