/* Condition variables give no edge of their own: a waiter is ordered by the mutex, which it lets go and takes again. */
#include "detector/posix.h"

struct waiter {
  pthread_mutex_t *m;
  struct race_at at; /* of the call that waits */
};

static void wait_ends(void *arg) {
  struct waiter *w = arg;
  posix_mutex_wait_ends(w->m, w->at);
}

static int wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *deadline) {
  if (!deadline) return gw__real.pthread_cond_wait(c, m);
  if (clock == -1) return gw__real.pthread_cond_timedwait(c, m, deadline);
  return gw__real.pthread_cond_clockwait(c, m, clock, deadline);
}

/* However it ends, the mutex is held again before anything of the program runs: cancellation included. */
int cond_wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *deadline,
              struct race_at at) {
  struct waiter w = {m, at};
  int err;
  posix_mutex_wait_begins(m, at);
  pthread_cleanup_push(wait_ends, &w);
  err = wait(c, m, clock, deadline);
  pthread_cleanup_pop(1);
  return err;
}

int __gw_i_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m) { return cond_wait(c, m, -1, NULL, RACE_HERE()); }
int __gw_i_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *deadline) {
  return cond_wait(c, m, -1, deadline, RACE_HERE());
}
int __gw_i_pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
                                  const struct timespec *deadline) {
  return cond_wait(c, m, clock, deadline, RACE_HERE());
}

int __gw_i_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a) {
  int err = gw__real.pthread_cond_init(c, a);
  posix_write(posix_self(), c, sizeof *c, RACE_HERE());
  return err;
}

int __gw_i_pthread_cond_destroy(pthread_cond_t *c) {
  posix_write(posix_self(), c, sizeof *c, RACE_HERE());
  return gw__real.pthread_cond_destroy(c);
}

int __gw_i_pthread_cond_signal(pthread_cond_t *c) { return gw__real.pthread_cond_signal(c); }
int __gw_i_pthread_cond_broadcast(pthread_cond_t *c) { return gw__real.pthread_cond_broadcast(c); }
