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

/* libc's count of those who wait: the upper half of a semaphore's first word, which a waiter leaves together with
 * taking its token.  Part of the ABI, as semaphores lie in memory that processes share. */
static uint32_t sem_waiters(const sem_t *s) {
  return (uint32_t)(__atomic_load_n((const uint64_t *)(const void *)s, __ATOMIC_RELAXED) >> 32);
}

int __gw_i_sem_destroy(sem_t *s) {
  struct race_g *g = posix_self();
  if (g) {
    if (sem_waiters(s)) race_finding("GW1008", "destruction of a semaphore that is waited for", NULL, g, RACE_HERE());
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

/* What libc calls unlocked. */
static int spin_free(void) {
  pthread_spinlock_t l;
  gw__real.pthread_spin_init(&l, PTHREAD_PROCESS_PRIVATE);
  return l;
}

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
    if (*l != spin_free()) race_finding("GW1008", "destruction of a locked spin lock", NULL, g, RACE_HERE());
    posix_write(g, name_of(l), sizeof *l, RACE_HERE());
    race_forget(name_of(l));
  }
  return gw__real.pthread_spin_destroy(l);
}

int __gw_i_pthread_spin_lock(pthread_spinlock_t *l) {
  struct race_g *g = posix_self();
  if (g && held_has(g, name_of(l)))
    race_finding("GW1006", "lock of a spin lock that its holder has locked already", NULL, g, RACE_HERE());
  race_lock_wanted(g, name_of(l), true, RACE_HERE());
  return spin_locked(gw__real.pthread_spin_lock(l), l, RACE_HERE());
}
int __gw_i_pthread_spin_trylock(pthread_spinlock_t *l) {
  return spin_locked(gw__real.pthread_spin_trylock(l), l, RACE_HERE());
}
int __gw_i_pthread_spin_unlock(pthread_spinlock_t *l) {
  struct race_g *g = posix_self();
  if (g) {
    if (*l == spin_free()) race_finding("GW1006", "unlock of an unlocked spin lock", NULL, g, RACE_HERE());
    race_lock_dropped(g, name_of(l));
    race_unlock(g, name_of(l));
  }
  return gw__real.pthread_spin_unlock(l);
}
