/* Semaphores: a post before each later successful wait.  Spin locks: as a mutex that isn't checked. */
#include "detector/posix.h"

static int waited(int r, sem_t *s) {
  struct race_g *g = r == 0 ? posix_self() : NULL;
  if (g) race_acquire(g, s);
  return r;
}

int __gw_i_sem_init(sem_t *s, int shared, unsigned value) {
  struct race_g *g = posix_self();
  int r = gw__real.sem_init(s, shared, value);
  if (g && r == 0) {
    race_forget(s);
    posix_write(g, s, sizeof *s, RACE_HERE());
  }
  return r;
}

int __gw_i_sem_destroy(sem_t *s) {
  struct race_g *g = posix_self();
  if (g) {
    posix_write(g, s, sizeof *s, RACE_HERE());
    race_forget(s);
  }
  return gw__real.sem_destroy(s);
}

int __gw_i_sem_post(sem_t *s) {
  struct race_g *g = posix_self();
  if (g) race_release_merge(g, s);
  return gw__real.sem_post(s);
}

int __gw_i_sem_wait(sem_t *s) { return waited(gw__real.sem_wait(s), s); }
int __gw_i_sem_trywait(sem_t *s) { return waited(gw__real.sem_trywait(s), s); }
int __gw_i_sem_timedwait(sem_t *s, const struct timespec *deadline) {
  return waited(gw__real.sem_timedwait(s, deadline), s);
}
int __gw_i_sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *deadline) {
  return waited(gw__real.sem_clockwait(s, clock, deadline), s);
}

/* libc's spin lock is one int; volatile in the prototypes only. */
static const void *name_of(pthread_spinlock_t *l) { return (const void *)(uintptr_t)l; }

static int spin_locked(int err, pthread_spinlock_t *l, struct race_at at) {
  struct race_g *g = err ? NULL : posix_self();
  if (g) {
    race_lock(g, name_of(l));
    det_thread_lock_held(g, name_of(l), true, at);
  }
  return err;
}

int __gw_i_pthread_spin_init(pthread_spinlock_t *l, int shared) {
  struct race_g *g = posix_self();
  int err = gw__real.pthread_spin_init(l, shared);
  if (g && !err) {
    race_forget(name_of(l));
    posix_write(g, name_of(l), sizeof *l, RACE_HERE());
  }
  return err;
}

int __gw_i_pthread_spin_destroy(pthread_spinlock_t *l) {
  struct race_g *g = posix_self();
  if (g) {
    posix_write(g, name_of(l), sizeof *l, RACE_HERE());
    race_forget(name_of(l));
  }
  return gw__real.pthread_spin_destroy(l);
}

int __gw_i_pthread_spin_lock(pthread_spinlock_t *l) {
  return spin_locked(gw__real.pthread_spin_lock(l), l, RACE_HERE());
}
int __gw_i_pthread_spin_trylock(pthread_spinlock_t *l) {
  return spin_locked(gw__real.pthread_spin_trylock(l), l, RACE_HERE());
}
int __gw_i_pthread_spin_unlock(pthread_spinlock_t *l) {
  struct race_g *g = posix_self();
  if (g) {
    race_lock_dropped(g, name_of(l));
    race_unlock(g, name_of(l));
  }
  return gw__real.pthread_spin_unlock(l);
}
