/* C11 threads on the pthread interceptors: glibc's mtx_t, cnd_t and once_flag are pthread's objects under other names,
 * and its thrd_t is a pthread_t. */
#include "detector/posix.h"

_Static_assert(sizeof(mtx_t) <= sizeof(pthread_mutex_t), "glibc's mtx_t is a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "glibc's cnd_t is a pthread_cond_t");

static pthread_mutex_t *mutex_of(mtx_t *m) { return (pthread_mutex_t *)(void *)m; }

static int c11_status(int err) {
  switch (err) {
    case 0:
      return thrd_success;
    case ENOMEM:
      return thrd_nomem;
    case ETIMEDOUT:
      return thrd_timedout;
    case EBUSY:
      return thrd_busy;
    default:
      return thrd_error;
  }
}

int __gw_i_thrd_create(thrd_t *out, thrd_start_t f, void *arg) {
  int err = thread_create(out, NULL, NULL, f, arg, RACE_HERE());
  return c11_status(err == EAGAIN ? ENOMEM : err);
}

int __gw_i_thrd_join(thrd_t t, int *result) {
  void *value = NULL;
  int err = thread_join(t, &value, thread_join_now, NULL);
  if (!err && result) {
    *result = (int)(intptr_t)value;
    posix_write(posix_self(), result, sizeof *result, RACE_HERE());
  }
  return c11_status(err);
}

int __gw_i_thrd_detach(thrd_t t) { return c11_status(thread_detach(t)); }
void __gw_i_thrd_exit(int result) { gw__real.pthread_exit((void *)(intptr_t)result); }

int __gw_i_mtx_init(mtx_t *m, int type) {
  struct race_g *g = posix_self();
  int r = gw__real.mtx_init(m, type);
  if (g && r == thrd_success) {
    race_forget(m);
    posix_write(g, m, sizeof *m, RACE_HERE());
  }
  return r;
}

void __gw_i_mtx_destroy(mtx_t *m) { posix_mutex_destroy(mutex_of(m), RACE_HERE()); }
int __gw_i_mtx_lock(mtx_t *m) { return c11_status(posix_mutex_lock(mutex_of(m), RACE_HERE())); }
int __gw_i_mtx_trylock(mtx_t *m) { return c11_status(posix_mutex_try_lock(mutex_of(m), RACE_HERE())); }
int __gw_i_mtx_timedlock(mtx_t *restrict m, const struct timespec *restrict deadline) {
  return c11_status(posix_mutex_timed_lock(mutex_of(m), deadline, RACE_HERE()));
}
int __gw_i_mtx_unlock(mtx_t *m) { return c11_status(posix_mutex_unlock(mutex_of(m), RACE_HERE())); }

int __gw_i_cnd_wait(cnd_t *c, mtx_t *m) {
  return c11_status(cond_wait((pthread_cond_t *)(void *)c, mutex_of(m), -1, NULL, RACE_HERE()));
}
int __gw_i_cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict deadline) {
  return c11_status(cond_wait((pthread_cond_t *)(void *)c, mutex_of(m), -1, deadline, RACE_HERE()));
}

void __gw_i_call_once(once_flag *flag, void (*f)(void)) { once_run((pthread_once_t *)(void *)flag, f); }
