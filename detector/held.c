/* The locks that a goroutine holds, oldest first.
 *
 * Only the goroutine itself changes its list.  When another one unlocks for it (legal for gw_mutex), the lock's sync
 * object notes when, by a clock that counts such unlocks, and the entry is dropped when its owner looks next: an entry
 * that stayed would be taken for a lock held for ever, in reports and in the order of locks.  As it is rare, an object
 * of its own does that, named by the lock's second byte, whose `takes` is that clock.
 */
#include "base/mem.h"
#include "detector/depot.h"
#include "detector/sync.h"

static uint64_t handed; /* atomic: locks that were unlocked by others so far */

static void held_grow(struct race_g *g) {
  uint32_t cap = 2 * g->held_cap;
  struct held_lock *grown = arena_alloc(cap * sizeof *grown);
  mem_copy(grown, g->held, g->held_n * sizeof *grown);
  if (g->held != g->held_inline) arena_free(g->held, g->held_cap * sizeof *g->held);
  g->held = grown;
  g->held_cap = cap;
}

static void held_add(struct race_g *g, struct held_lock lock, struct race_at at) {
  struct det_thread *t = det_enter();
  held_purge(g);
  lock.stack = depot_stack(t, g, at);
  lock.since = __atomic_load_n(&handed, __ATOMIC_RELAXED); /* the lock itself orders it after its own last unlock */
  if (g->held_n == g->held_cap) held_grow(g);
  g->held[g->held_n++] = lock;
  g->lockset_valid = false;
  det_exit(t);
}

void race_lock_held(struct race_g *g, const void *lock, bool write, struct race_at at) {
  held_add(g, (struct held_lock){.addr = (uintptr_t)lock, .write = write}, at);
}

void det_thread_lock_held(struct race_g *g, const void *lock, bool write, struct race_at at) {
  held_add(g, (struct held_lock){.addr = (uintptr_t)lock, .write = write, .of_thread = true}, at);
  g->thread_locks++;
}

bool race_bound_to_thread(const struct race_g *g) { return g && g->thread_locks > 0; }

static void held_remove(struct race_g *g, uint32_t i) {
  if (g->held[i].of_thread) g->thread_locks--;
  for (uint32_t j = i; j + 1 < g->held_n; j++) g->held[j] = g->held[j + 1];
  g->held_n--;
  g->lockset_valid = g->held_n == 0;
  g->lockset = 0;
}

static bool was_handed(const struct held_lock *l) {
  struct sync_bucket *b = sync_bucket(l->addr + 1);
  spin_lock(&b->lock);
  const struct sync_obj *o = sync_find_locked(b, l->addr + 1);
  bool yes = o && o->takes > l->since;
  spin_unlock(&b->lock);
  return yes;
}

void held_purge(struct race_g *g) {
  /* relaxed: an unlock that the owner can know of was made visible to it by what told it */
  if (LIKELY(!__atomic_load_n(&handed, __ATOMIC_RELAXED))) return;
  struct det_thread *t = det_enter();
  for (uint32_t i = g->held_n; i-- > 0;)
    if (was_handed(&g->held[i])) held_remove(g, i);
  det_exit(t);
}

bool held_has(struct race_g *g, const void *lock) {
  held_purge(g);
  for (uint32_t i = g->held_n; i-- > 0;)
    if (g->held[i].addr == (uintptr_t)lock) return true;
  return false;
}

static void hand(uintptr_t lock) {
  det_rounds_are_over();
  struct det_thread *t = det_enter();
  struct sync_bucket *b = sync_bucket(lock + 1);
  spin_lock(&b->lock);
  sync_get_locked(b, lock + 1)->takes = __atomic_add_fetch(&handed, 1, __ATOMIC_RELAXED);
  spin_unlock(&b->lock);
  det_exit(t);
}

void race_lock_dropped(struct race_g *g, const void *lock) {
  held_purge(g);
  struct det_thread *t = det_enter();
  uint32_t i = g->held_n;
  while (i > 0 && g->held[i - 1].addr != (uintptr_t)lock) i--; /* the newest first: a read lock may be held twice */
  if (i > 0) held_remove(g, i - 1);
  det_exit(t);
  if (i == 0) hand((uintptr_t)lock);
}
