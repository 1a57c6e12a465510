/* Dead Gs with their stacks, until they are used again.
 *
 * Each P has some of its own, the rest is here in bundles, so that many go from one P to another, or a million die, and
 * no G is touched for it: its page left the cache long ago.  Those that nobody needed for a while are cold: their
 * memory is with the system, and the next goroutine there finds zeroes.  The monitor sees to that: in each period it
 * knows by the low-water mark how many were never needed, and gives the memory of all but a few of those back.
 *
 * Rejected: a list through the Gs, which costs a cache miss and a TLB miss for each to take it out. */
#include "stack.h"

#include <string.h>

#include "base/arena.h"

enum {
  TRIM_PERIOD_MS = 20000, /* a peak's memory is back after two of them at most */
  TRIM_AT_ONCE = 64,      /* bundles per look: about a millisecond */
  KEEP = 16               /* one in so many stays warm */
};

struct stackpool stackpool;

void stackpool_lock(void) { spin_lock(&stackpool.lock); }
void stackpool_unlock(void) { spin_unlock(&stackpool.lock); }

static void push_locked(struct store *s, struct bundle *b) {
  b->next = s->first;
  s->first = b;
  s->n++;
}

static struct bundle *pop_locked(struct store *s) {
  struct bundle *b = s->first;
  if (!b) return NULL;
  s->first = b->next;
  s->n--;
  return b;
}

static void excess_set_locked(uint32_t n) { __atomic_store_n(&stackpool.excess, n, __ATOMIC_RELAXED); }

/* Where they were last used is out of the cache; by the time that they are used it is there again. */
static void fetch(struct g *const *g) {
  for (int i = 0; i < STACK_BATCH; i++) g_fetch(g[i]);
}

/* STACK_BATCH dead Gs at most, from the store or new ones; how many. */
static uint32_t get_batch(struct g **to) {
  spin_lock(&stackpool.lock);
  struct bundle *warm = pop_locked(&stackpool.warm), *cold = warm ? NULL : pop_locked(&stackpool.cold);
  if (stackpool.warm.n < stackpool.low) stackpool.low = stackpool.warm.n;
  if (stackpool.excess > stackpool.warm.n) excess_set_locked(stackpool.warm.n);
  spin_unlock(&stackpool.lock);
  struct bundle *b = warm ? warm : cold;
  if (!b) {
    uint32_t made = __atomic_load_n(&stackpool.made, __ATOMIC_RELAXED),
             n = made / 8 + 1; /* a guess at what will be needed */
    n = slots_cut(to, n < STACK_BATCH ? n : STACK_BATCH);
    __atomic_fetch_add(&stackpool.made, n, __ATOMIC_RELAXED);
    return n;
  }
  memcpy(to, b->g, sizeof b->g);
  if (cold)
    slots_prepare(to, STACK_BATCH, b->canaries);
  else
    fetch(to);
  arena_free(b, sizeof *b);
  return STACK_BATCH;
}

static void put_batch(struct g *const *from) {
  struct bundle *b = arena_alloc(sizeof *b);
  memcpy(b->g, from, sizeof b->g);
  spin_lock(&stackpool.lock);
  push_locked(&stackpool.warm, b);
  spin_unlock(&stackpool.lock);
}

static struct g *loose_get(void) {
  spin_lock(&stackpool.lock);
  struct g *g = stackpool.loose_n ? stackpool.loose[--stackpool.loose_n] : NULL;
  spin_unlock(&stackpool.lock);
  if (g) return g;
  struct g *batch[STACK_BATCH];
  uint32_t n = get_batch(batch);
  while (n > 1) g_free(NULL, batch[--n]);
  return batch[0];
}

struct g *g_alloc(struct p *p) {
  if (!p) return loose_get();
  if (!p->free_n) p->free_n = get_batch(p->free);
  return p->free[--p->free_n];
}

void g_free(struct p *p, struct g *g) {
  if (p) {
    if (p->free_n == FREE_MAX) {
      put_batch(p->free); /* these died first */
      p->free_n -= STACK_BATCH;
      memmove(p->free, p->free + STACK_BATCH, sizeof(struct g *) * p->free_n);
    }
    p->free[p->free_n++] = g;
    return;
  }
  struct g *full[STACK_BATCH];
  spin_lock(&stackpool.lock);
  bool over = stackpool.loose_n == STACK_BATCH;
  if (over) {
    memcpy(full, stackpool.loose, sizeof full);
    stackpool.loose_n = 0;
  }
  stackpool.loose[stackpool.loose_n++] = g;
  spin_unlock(&stackpool.lock);
  if (over) put_batch(full);
}

/* Gives one bundle's memory back; false if there is none, or `excess_only` and no more than needed. */
static bool cool_one(bool excess_only) {
  if (excess_only && __atomic_load_n(&stackpool.excess, __ATOMIC_RELAXED) == 0) return false;
  spin_lock(&stackpool.lock);
  bool some = !excess_only || stackpool.excess > 0;
  if (excess_only && some) excess_set_locked(stackpool.excess - 1);
  struct bundle *b = some ? pop_locked(&stackpool.warm) : NULL;
  if (stackpool.warm.n < stackpool.low) stackpool.low = stackpool.warm.n;
  spin_unlock(&stackpool.lock);
  if (!b) return false;
  for (uint32_t i = 0; i < STACK_BATCH; i++) b->canaries |= (uint64_t)b->g[i]->canary << i;
  slots_discard(b->g, STACK_BATCH);
  spin_lock(&stackpool.lock);
  push_locked(&stackpool.cold, b);
  spin_unlock(&stackpool.lock);
  return true;
}

void stacks_trim(int64_t now) {
  if (now >= stackpool.trim_at) {
    spin_lock(&stackpool.lock);
    excess_set_locked(stackpool.trim_at ? stackpool.low - stackpool.low / KEEP : 0);
    stackpool.low = stackpool.warm.n;
    spin_unlock(&stackpool.lock);
    stackpool.trim_at = now + TRIM_PERIOD_MS * GW_MS;
  }
  for (int i = 0; i < TRIM_AT_ONCE && cool_one(true); i++) continue;
}

int64_t stacks_trim_after(int64_t now) {
  spin_lock(&stackpool.lock);
  bool none = stackpool.warm.n <= KEEP, busy = stackpool.excess > 0;
  spin_unlock(&stackpool.lock);
  return none ? -1 : busy || stackpool.trim_at <= now ? 0 : stackpool.trim_at - now;
}

void gw_free_os_memory(void) {
  g_self();
  while (cool_one(false)) continue;
}
