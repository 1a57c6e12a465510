/* still.h: the locks first, then the threads, again until none is in the middle of something. */
#include "still.h"

#include "base/own.h"
#include "world.h"

uint32_t still_procs;

static void lock_all(void) {
  still_procs = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < still_procs; i++) spin_lock(&procs_all[i]->timers.lock);
  spin_lock(&sched.lock);
}

static void unlock_all(void) {
  spin_unlock(&sched.lock);
  for (uint32_t i = 0; i < still_procs; i++) spin_unlock(&procs_all[i]->timers.lock);
}

/* A thread that holds a P and runs no goroutine: it looks for work, or has just found some. */
static bool scheduler_busy(void) {
  for (struct m *m = sched.all_m; m; m = m->all_next)
    if (m->p && !m->cur) return true;
  return false;
}

struct m *still_m_of(uint32_t tid) {
  for (struct m *m = sched.all_m; m; m = m->all_next)
    if (m->tid == tid) return m;
  return NULL;
}

/* A thread that runs a goroutine and wasn't stopped: in a fork libc has all signals blocked.  What its registers hold
 * isn't known. */
static bool one_runs_on(void) {
  uint32_t n;
  const struct stopped *t = world_threads(&n);
  for (uint32_t i = 0; i < n; i++) {
    if (__atomic_load_n(&t[i].state, __ATOMIC_ACQUIRE)) continue; /* pairs with the release in world.c */
    const struct m *m = still_m_of(t[i].tid);
    if (m && m->cur) return true;
  }
  return false;
}

void still_end(void) {
  world_start();
  own_thaw();
  unlock_all();
}

/* What a scheduler's stack holds is mostly past, but not surely, while it runs: so it stops again where there is such a
 * one, or a goroutine that runs on, some times, in the end a tenth of a second apart, as its thread may have lost its
 * core. */
bool still_begin(void) {
  enum { TRIES = 20, SHORT = 10, STEP_NS = 200000 };
  uint32_t never = 0;
  for (int i = 0;; i++) {
    lock_all();
    bool known = own_freeze();
    world_stop();
    if (i == TRIES || (!scheduler_busy() && !one_runs_on())) return known;
    still_end();
    prim_futex_wait(&never, 0, (int64_t)STEP_NS << (i < SHORT ? 0 : i - SHORT));
  }
}
