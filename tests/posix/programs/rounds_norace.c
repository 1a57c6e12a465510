/* NO RACE */
/* Rounds of a lock that nobody else takes meanwhile: the next one to take it is ordered after all of them, and who
 * comes back after him is ordered after him. */
#include "pairs.h"

#include <sys/wait.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static long in_m[4], in_l[4], of_b;

static void a1(void) {
  turn_wait(1);
  for (int i = 0; i < 4; i++) {
    pthread_mutex_lock(&m);
    in_m[i] = i;
    pthread_mutex_unlock(&m);
  }
  turn_done();
  turn_wait(3);
  pthread_mutex_lock(&m);
  in_m[0] = of_b;
  pthread_mutex_unlock(&m);
}
static void b1(void) {
  turn_wait(2);
  pthread_mutex_lock(&m);
  for (int i = 0; i < 4; i++) in_m[i]++;
  of_b = 1;
  pthread_mutex_unlock(&m);
  turn_done();
}

static void a2(void) {
  turn_wait(1);
  for (int i = 0; i < 4; i++) {
    pthread_rwlock_rdlock(&l);
    in_l[i] = i;
    pthread_rwlock_unlock(&l);
  }
  turn_done();
  turn_wait(3);
  pthread_rwlock_rdlock(&l);
  use(of_b);
  pthread_rwlock_unlock(&l);
}
static void b2(void) {
  turn_wait(2);
  pthread_rwlock_wrlock(&l);
  for (int i = 0; i < 4; i++) in_l[i]++;
  of_b = 2;
  pthread_rwlock_unlock(&l);
  turn_done();
}

/* A condition's wait gives the mutex back, and takes it again. */
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long asked, answered;
static void a3(void) {
  for (long i = 1; i <= 3; i++) {
    pthread_mutex_lock(&m);
    asked = i;
    pthread_cond_broadcast(&cond);
    while (answered < i) pthread_cond_wait(&cond, &m);
    pthread_mutex_unlock(&m);
  }
}
static void b3(void) {
  for (long i = 1; i <= 3; i++) {
    pthread_mutex_lock(&m);
    while (asked < i) pthread_cond_wait(&cond, &m);
    answered = i;
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&m);
  }
}

/* A fork between the rounds, and in one. */
static long in_fork;
static void round_of_fork(void) {
  pthread_mutex_lock(&m);
  in_fork++;
  pthread_mutex_unlock(&m);
}
static void a4(void) {
  int status;
  turn_wait(1);
  round_of_fork();
  for (int i = 0; i < 2; i++) {
    if (i == 1) pthread_mutex_lock(&m);
    pid_t child = fork();
    if (i == 1) pthread_mutex_unlock(&m);
    round_of_fork();
    round_of_fork();
    if (child == 0) _exit(in_fork == 3 + 2 * i ? 0 : 1);
    MUST(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  }
  turn_done();
}
static void b4(void) {
  turn_wait(2);
  round_of_fork();
  MUST(in_fork == 6);
}

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
}
