/* Critical sections, locks, ordered sections, reductions and flushes of OpenMP.
 *
 * Intercepted, since the interface for tools tells that a lock was given back when somebody else may have it already.
 * All belong to their task, so who gives one back is who took it, on the same thread.
 */
#include "detector/openmp.h"

static void wanted(struct race_g *g, const void *lock, struct race_at at) {
  if (g && !held_has(g, lock)) race_lock_wanted(g, lock, true, at);
}

/* A nest lock that its task has already counts on. */
static void taken(struct race_g *g, const void *lock, struct race_at at) {
  if (!g) return;
  if (!held_has(g, lock)) race_lock(g, lock);
  det_thread_lock_held(g, lock, true, at);
}

static void given_back(struct race_g *g, const void *lock) {
  if (!g) return;
  race_lock_dropped(g, lock);
  if (!held_has(g, lock)) race_unlock(g, lock);
}

/* --- critical sections: the name is the lock */

void __gw_i___kmpc_critical(void *where, int32_t thread, void *name) {
  wanted(posix_self(), name, RACE_HERE());
  __kmpc_critical(where, thread, name);
  taken(posix_self(), name, RACE_HERE());
}
void __gw_i___kmpc_critical_with_hint(void *where, int32_t thread, void *name, uint32_t hint) {
  wanted(posix_self(), name, RACE_HERE());
  __kmpc_critical_with_hint(where, thread, name, hint);
  taken(posix_self(), name, RACE_HERE());
}
void __gw_i___kmpc_end_critical(void *where, int32_t thread, void *name) {
  given_back(posix_self(), name);
  __kmpc_end_critical(where, thread, name);
}

/* --- locks */

static void made(const void *l, struct race_at at) {
  race_forget(l);
  posix_write(posix_self(), l, sizeof(void *), at);
}
static void gone(const void *l, struct race_at at) {
  posix_write(posix_self(), l, sizeof(void *), at);
  race_forget(l);
}

#define LOCKS(kind)                                                  \
  void __gw_i_omp_init_##kind(void **l) {                            \
    omp_init_##kind(l);                                              \
    made(l, RACE_HERE());                                            \
  }                                                                  \
  void __gw_i_omp_init_##kind##_with_hint(void **l, unsigned hint) { \
    omp_init_##kind##_with_hint(l, hint);                            \
    made(l, RACE_HERE());                                            \
  }                                                                  \
  void __gw_i_omp_destroy_##kind(void **l) {                         \
    gone(l, RACE_HERE());                                            \
    omp_destroy_##kind(l);                                           \
  }                                                                  \
  void __gw_i_omp_set_##kind(void **l) {                             \
    wanted(posix_self(), l, RACE_HERE());                            \
    omp_set_##kind(l);                                               \
    taken(posix_self(), l, RACE_HERE());                             \
  }                                                                  \
  int __gw_i_omp_test_##kind(void **l) {                             \
    int r = omp_test_##kind(l);                                      \
    if (r) taken(posix_self(), l, RACE_HERE());                      \
    return r;                                                        \
  }                                                                  \
  void __gw_i_omp_unset_##kind(void **l) {                           \
    given_back(posix_self(), l);                                     \
    omp_unset_##kind(l);                                             \
  }
LOCKS(lock)
LOCKS(nest_lock)

/* --- ordered sections: one after the other in their region */

static const void *turns(void) { return omp_current && omp_current->region ? &omp_current->region->ordered : NULL; }

void __gw_i___kmpc_ordered(void *where, int32_t thread) {
  __kmpc_ordered(where, thread);
  struct race_g *g = posix_self();
  if (g && turns()) race_acquire(g, turns());
}
void __gw_i___kmpc_end_ordered(void *where, int32_t thread) {
  struct race_g *g = posix_self();
  if (g && turns()) race_release_merge(g, turns());
  __kmpc_end_ordered(where, thread);
}

/* --- reductions: who is told 1 combines, one at a time under the name, or alone after a barrier.  The others learn of
 * it at the barrier that clang has a construct end with, unless it has nowait: in any earlier one whoever leaves it
 * late would learn of what comes after it */

enum { COMBINES = 1 };

static int32_t combines(int32_t r, const void *name) {
  struct race_g *g = posix_self();
  if (g && r == COMBINES) race_acquire(g, name);
  return r;
}
static void combined(const void *name) {
  struct race_g *g = posix_self();
  if (g) race_release_merge(g, name);
}

int32_t __gw_i___kmpc_reduce(void *where, int32_t thread, int32_t n, size_t size, void *data,
                             void (*combine)(void *, void *), void *name) {
  return combines(__kmpc_reduce(where, thread, n, size, data, combine, name), name);
}
int32_t __gw_i___kmpc_reduce_nowait(void *where, int32_t thread, int32_t n, size_t size, void *data,
                                    void (*combine)(void *, void *), void *name) {
  return combines(__kmpc_reduce_nowait(where, thread, n, size, data, combine, name), name);
}
void __gw_i___kmpc_end_reduce(void *where, int32_t thread, void *name) {
  combined(name);
  __kmpc_end_reduce(where, thread, name);
}
void __gw_i___kmpc_end_reduce_nowait(void *where, int32_t thread, void *name) {
  combined(name);
  __kmpc_end_reduce_nowait(where, thread, name);
}

/* A reduction of tasks over a whole team: one thread makes all of the copies, which the others learn of with no word to
 * anybody, and whoever comes last combines them, likewise.  What the runtime has done there is left out, but for the
 * tasks that it runs meanwhile, which are goroutines of their own. */
void *__gw_i___kmpc_taskred_modifier_init(void *where, int32_t thread, int32_t shared_work, int32_t n, void *data) {
  struct race_g *g = posix_self();
  if (g) race_ignore_begin(g);
  void *r = __kmpc_taskred_modifier_init(where, thread, shared_work, n, data);
  if (g) race_ignore_end(g);
  return r;
}
void __gw_i___kmpc_task_reduction_modifier_fini(void *where, int32_t thread, int32_t shared_work) {
  struct race_g *g = posix_self();
  if (g) race_ignore_begin(g);
  __kmpc_task_reduction_modifier_fini(where, thread, shared_work);
  if (g) race_ignore_end(g);
}

/* --- flushes: also what clang makes of the orders of `atomic`, beside the operation's own */

void __gw_i___kmpc_flush(void *where) {
  __kmpc_flush(where);
  __gw_atomic_thread_fence(__ATOMIC_SEQ_CST);
}
