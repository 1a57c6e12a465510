/* Read-write locks: two clocks.  The writers' (named by the lock's address) orders an unlock before each later lock of
 * either kind; the readers' (a word further on) gathers read unlocks for the next writer.  libc's fields tell which
 * kind of unlock it is: a writer holds alone. */
#include "detector/posix.h"

enum { WRITE_LOCKED = 2, READER_SHIFT = 3 }; /* bits of __readers */

/* In another half of a line, so that the objects of both clocks can be the first in their buckets (sync.h). */
enum { READERS_CLOCK = 32 };
_Static_assert(sizeof(pthread_rwlock_t) > READERS_CLOCK, "within the lock");
static const void *readers_clock(const pthread_rwlock_t *l) { return (const char *)l + READERS_CLOCK; }

static bool is_locked(pthread_rwlock_t *l) {
  uint32_t r = __atomic_load_n(&l->__data.__readers, __ATOMIC_RELAXED);
  return r >> READER_SHIFT || r & WRITE_LOCKED;
}

static int read_locked(int err, pthread_rwlock_t *l, struct race_at at) {
  struct race_g *g = err ? NULL : posix_self();
  if (g) {
    race_read_lock(g, l, readers_clock(l));
    det_thread_lock_held(g, l, false, at);
  }
  return err;
}

static int write_locked(int err, pthread_rwlock_t *l, struct race_at at) {
  struct race_g *g = err ? NULL : posix_self();
  if (g) {
    race_lock(g, l);
    race_acquire(g, readers_clock(l));
    det_thread_lock_held(g, l, true, at);
  }
  return err;
}

/* Who reads waits for ever for itself; libc tells a writer (EDEADLK). */
static void check_write_lock(pthread_rwlock_t *l, struct race_at at) {
  struct race_g *g = posix_self();
  if (g && held_has(g, l) && is_locked(l) && !__atomic_load_n(&l->__data.__cur_writer, __ATOMIC_RELAXED))
    race_finding("GW1006", "write lock of a read-write lock that its reader holds", NULL, g, at);
}

/* Goroutines may unlock on another thread, but not another goroutine's. */
static const char *misuse_of_unlock(struct race_g *g, pthread_rwlock_t *l) {
  if (!is_locked(l)) return "unlock of an unlocked read-write lock";
  if (held_has(g, l)) return NULL;
  return __atomic_load_n(&l->__data.__cur_writer, __ATOMIC_RELAXED)
             ? "unlock of a read-write lock that another thread holds"
             : "unlock of a read-write lock that only others hold for reading";
}

static void forget(pthread_rwlock_t *l) {
  race_forget(l);
  race_forget(readers_clock(l));
}

int __gw_i_pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *a) {
  struct race_g *g = posix_self();
  int err = gw__real.pthread_rwlock_init(l, a);
  if (g && !err) {
    forget(l);
    posix_write(g, l, sizeof *l, RACE_HERE());
  }
  return err;
}

int __gw_i_pthread_rwlock_destroy(pthread_rwlock_t *l) {
  struct race_g *g = posix_self();
  if (g) {
    if (is_locked(l)) race_finding("GW1008", "destruction of a locked read-write lock", NULL, g, RACE_HERE());
    posix_write(g, l, sizeof *l, RACE_HERE());
    forget(l);
  }
  return gw__real.pthread_rwlock_destroy(l);
}

int __gw_i_pthread_rwlock_unlock(pthread_rwlock_t *l) {
  struct race_g *g = posix_self();
  if (g) {
    const char *misuse = misuse_of_unlock(g, l);
    if (misuse) race_finding("GW1006", misuse, NULL, g, RACE_HERE());
    race_lock_dropped(g, l);
    if (__atomic_load_n(&l->__data.__cur_writer, __ATOMIC_RELAXED))
      race_unlock(g, l);
    else
      race_read_unlock(g, readers_clock(l));
  }
  return gw__real.pthread_rwlock_unlock(l);
}

int __gw_i_pthread_rwlock_rdlock(pthread_rwlock_t *l) {
  race_lock_wanted(posix_self(), l, false, RACE_HERE());
  return read_locked(gw__real.pthread_rwlock_rdlock(l), l, RACE_HERE());
}
int __gw_i_pthread_rwlock_tryrdlock(pthread_rwlock_t *l) {
  return read_locked(gw__real.pthread_rwlock_tryrdlock(l), l, RACE_HERE());
}
int __gw_i_pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *deadline) {
  return read_locked(gw__real.pthread_rwlock_timedrdlock(l, deadline), l, RACE_HERE());
}
int __gw_i_pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *deadline) {
  return read_locked(gw__real.pthread_rwlock_clockrdlock(l, clock, deadline), l, RACE_HERE());
}
int __gw_i_pthread_rwlock_wrlock(pthread_rwlock_t *l) {
  check_write_lock(l, RACE_HERE());
  race_lock_wanted(posix_self(), l, true, RACE_HERE());
  return write_locked(gw__real.pthread_rwlock_wrlock(l), l, RACE_HERE());
}
int __gw_i_pthread_rwlock_trywrlock(pthread_rwlock_t *l) {
  return write_locked(gw__real.pthread_rwlock_trywrlock(l), l, RACE_HERE());
}
int __gw_i_pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *deadline) {
  return write_locked(gw__real.pthread_rwlock_timedwrlock(l, deadline), l, RACE_HERE());
}
int __gw_i_pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *deadline) {
  return write_locked(gw__real.pthread_rwlock_clockwrlock(l, clock, deadline), l, RACE_HERE());
}
