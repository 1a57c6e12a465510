/* Mutexes of pthread, all types.
 *
 * libc's own fields (public in its headers) say what kind a mutex is, who holds it and how deep: so a recursive mutex
 * gives edges at its outermost level only, and misuse is told where POSIX leaves it undefined.  Where libc answers with
 * an error (error-checking, recursive and robust mutexes) the program is told already.
 */
#include "detector/posix.h"

enum { KIND_TYPE = 3, KIND_ROBUST = 16, KIND_INHERIT = 32, KIND_PROTECT = 64 };

/* What is set in libc's word while somebody holds the mutex: of a robust one, or one that its holder's priority is
 * passed on by, the kernel's number of the holder (else only marks, as of a holder's death); below the ceiling of a
 * priority the usual word; else any bit. */
enum { WORD_HOLDER = 0x3fffffff, WORD_BELOW_CEILING = 0x7ffff };

static int type_of(const pthread_mutex_t *m) { return m->__data.__kind & KIND_TYPE; }

/* For the holder: true if it holds the mutex once. */
static bool outermost(const pthread_mutex_t *m) {
  return type_of(m) != PTHREAD_MUTEX_RECURSIVE_NP || m->__data.__count == 1;
}

/* True if libc refuses to unlock the mutex for anybody but its holder. */
static bool checks_owner(const pthread_mutex_t *m) {
  int type = type_of(m);
  return type == PTHREAD_MUTEX_RECURSIVE_NP || type == PTHREAD_MUTEX_ERRORCHECK_NP || m->__data.__kind & KIND_ROBUST;
}

static bool is_locked(pthread_mutex_t *m) {
  uint32_t word = (uint32_t)__atomic_load_n(&m->__data.__lock, __ATOMIC_RELAXED);
  int kind = m->__data.__kind;
  if (kind & (KIND_ROBUST | KIND_INHERIT)) return word & WORD_HOLDER;
  return kind & KIND_PROTECT ? word & WORD_BELOW_CEILING : word;
}

static bool owned_by_me(const pthread_mutex_t *m) {
  uint32_t owner = (uint32_t)__atomic_load_n(&m->__data.__owner, __ATOMIC_RELAXED);
  return owner == posix_tid() || (posix_parent_tid && owner == posix_parent_tid);
}

static int locked(int err, pthread_mutex_t *m, struct race_at at) {
  if (err && err != EOWNERDEAD) return err;
  struct race_g *g = posix_self();
  if (g && outermost(m)) {
    race_lock(g, m);
    det_thread_lock_held(g, m, true, at);
  }
  return err;
}

/* A lock that isn't held, or is another's.  Elided locks and those shared with other processes have no owner to go by;
 * goroutines may unlock on another thread. */
static void check_holder(struct race_g *g, pthread_mutex_t *m, const char *what, struct race_at at) {
  char line[128];
  bool sure = (m->__data.__kind & ~(KIND_TYPE | 0x80)) == 0; /* 0x80: shared between processes */
  if (!sure || checks_owner(m)) return;
  if (!is_locked(m))
    snprintf(line, sizeof line, "%s of an unlocked mutex", what);
  else if (!posix_goroutines && m->__data.__owner && !owned_by_me(m))
    snprintf(line, sizeof line, "%s of a mutex that another thread holds", what);
  else
    return;
  race_finding("GW1006", line, NULL, g, at);
}

/* Before it hangs for ever: a second lock of a mutex that doesn't count, by its holder.  And one that is gone. */
static void check_lock(struct race_g *g, pthread_mutex_t *m, struct race_at at) {
  if (m->__data.__kind == -1) return race_finding("GW1006", "lock of a destroyed mutex", NULL, g, at);
  if (checks_owner(m) || !held_has(g, m) || !is_locked(m)) return;
  if (posix_goroutines || owned_by_me(m))
    race_finding("GW1006", "lock of a mutex that its holder has locked already", NULL, g, at);
}

/* What it did happens before the next lock; false if libc will refuse. */
static bool let_go(struct race_g *g, pthread_mutex_t *m) {
  bool mine = owned_by_me(m);
  if (checks_owner(m) && (!mine || !is_locked(m))) return false;
  if (!outermost(m)) return true;
  race_lock_dropped(g, m);
  if (mine)
    race_unlock(g, m);
  else
    race_release_merge(g, m); /* the holder's clock stays: it isn't in ours */
  return true;
}

int posix_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a, struct race_at at) {
  struct race_g *g = posix_self();
  int err = gw__real.pthread_mutex_init(m, a);
  if (g && !err) {
    race_forget(m);
    posix_write(g, m, sizeof *m, at);
  }
  return err;
}

int posix_mutex_destroy(pthread_mutex_t *m, struct race_at at) {
  struct race_g *g = posix_self();
  if (g) {
    if (is_locked(m)) race_finding("GW1008", "destruction of a locked mutex", NULL, g, at);
    posix_write(g, m, sizeof *m, at);
    race_forget(m);
  }
  return gw__real.pthread_mutex_destroy(m);
}

/* Of libc's default kind, with nothing special about it. */
static bool is_plain(const pthread_mutex_t *m) { return m->__data.__kind == PTHREAD_MUTEX_TIMED_NP; }

int posix_mutex_lock(pthread_mutex_t *m, struct race_at at) {
  struct race_g *g = posix_self();
  if (g) check_lock(g, m, at);
  race_lock_wanted(g, m, true, at);
  if (UNLIKELY(posix_tls.left != NULL)) contended_came_back(m);
  int err = is_plain(m) ? contended_lock(m) : gw__real.pthread_mutex_lock(m);
  return locked(err, m, at);
}
int posix_mutex_try_lock(pthread_mutex_t *m, struct race_at at) {
  return locked(gw__real.pthread_mutex_trylock(m), m, at);
}
int posix_mutex_timed_lock(pthread_mutex_t *m, const struct timespec *deadline, struct race_at at) {
  return locked(gw__real.pthread_mutex_timedlock(m, deadline), m, at);
}

int posix_mutex_unlock(pthread_mutex_t *m, struct race_at at) {
  struct race_g *g = posix_self();
  if (g) {
    check_holder(g, m, "unlock", at);
    let_go(g, m);
  }
  int err = gw__real.pthread_mutex_unlock(m);
  contended_unlocked(m);
  return err;
}

void posix_mutex_wait_begins(pthread_mutex_t *m, struct race_at at) {
  contended_cond_begins(m);
  struct race_g *g = posix_self();
  if (!g) return;
  check_holder(g, m, "condition wait", at);
  let_go(g, m);
  race_lock_wanted(g, m, true, at); /* the wait ends with it held again */
}

void posix_mutex_wait_ends(pthread_mutex_t *m, struct race_at at) {
  contended_cond_ends(m);
  if (is_locked(m) && owned_by_me(m)) locked(0, m, at);
}

int __gw_i_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a) {
  return posix_mutex_init(m, a, RACE_HERE());
}
int __gw_i_pthread_mutex_destroy(pthread_mutex_t *m) { return posix_mutex_destroy(m, RACE_HERE()); }
int __gw_i_pthread_mutex_lock(pthread_mutex_t *m) { return posix_mutex_lock(m, RACE_HERE()); }
int __gw_i_pthread_mutex_trylock(pthread_mutex_t *m) { return posix_mutex_try_lock(m, RACE_HERE()); }
int __gw_i_pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *deadline) {
  return posix_mutex_timed_lock(m, deadline, RACE_HERE());
}
int __gw_i_pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *deadline) {
  return locked(gw__real.pthread_mutex_clocklock(m, clock, deadline), m, RACE_HERE());
}
int __gw_i_pthread_mutex_unlock(pthread_mutex_t *m) { return posix_mutex_unlock(m, RACE_HERE()); }
