/* Goroutines' stacks and their Gs: slots of equal size, cut from slabs that are never given back.
 *
 * A slot, from below: guard, stack, G. Untouched pages cost nothing, so a goroutine that stays shallow costs one page.
 * The guard is a marker in the page tables where the kernel can do that (6.13), which splits no mapping; else mprotect
 * while mappings last, and then a page of canaries.  Tops are staggered by some cache lines, since all slots are
 * aligned alike.
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/options.h"
#include "base/tools.h"
#include "debug.h"
#include "g.h"

enum {
  GUARD = 4 * PRIM_PAGE, /* a frame of up to this size can't step over it */
  MIN_STACK = 16 * 1024,
  MAX_MPROTECT = 15000, /* each takes two mappings of the 65530 that a process may have by default */
  FREE_BATCH = 32,      /* dead Gs move between a P and the global list in batches */
  FREE_MAX = 2 * FREE_BATCH,
  COLORS = 16
};
#define CANARY UINT64_C(0x676f647769742121)

struct slab {
  struct slab *next; /* constant once listed */
  char *base;
  uint32_t slots;
  uint32_t used; /* atomic: slots handed out; release by who cuts, acquire by g_each */
};

static struct {
  struct spin lock;
  struct slab *slabs; /* atomic head, newest first */
  struct g *free;     /* guarded by lock */
  uint32_t free_n;
  size_t slot; /* bytes of a slot; constant once set */
  enum { BY_MARKER, BY_MPROTECT, BY_CANARY } guard;
  uint32_t protected_n; /* slots guarded by mprotect */
  uintptr_t lo, hi;     /* all slabs lie between; only widened */
} stacks;

static size_t slot_size(void) {
  if (!stacks.slot) {
    int64_t want = gw__opts.stack_size;
    if (want < MIN_STACK) want = MIN_STACK;
    stacks.slot = ((size_t)want + PRIM_PAGE - 1) & ~(size_t)(PRIM_PAGE - 1);
    if (stacks.slot < 64 * 1024) stacks.slot += GUARD;
  }
  return stacks.slot;
}

/* True if it has only a canary. */
static bool guard_set(char *lo) {
  if (stacks.guard == BY_MARKER) {
    if (prim_guard_marker(lo, GUARD) == 0) return false;
    stacks.guard = BY_MPROTECT;
  }
  if (stacks.guard == BY_MPROTECT) {
    if (stacks.protected_n++ < MAX_MPROTECT && prim_guard(lo, GUARD) == 0) return false;
    stacks.guard = BY_CANARY;
    gw__warn("too many stacks for guard pages (vm.max_map_count): further ones are checked when goroutines switch");
  }
  uint64_t *page = (uint64_t *)(void *)(lo + GUARD - PRIM_PAGE);
  for (size_t i = 0; i < PRIM_PAGE / sizeof *page; i++) page[i] = CANARY;
  return true;
}

static struct g *slot_g(const struct slab *s, uint32_t i) {
  char *hi = s->base + (size_t)(i + 1) * stacks.slot;
  size_t size = (sizeof(struct g) + 63) & ~(size_t)63;
  return (struct g *)(void *)(hi - size - (size_t)(i % COLORS) * 64);
}

static struct slab *slab_new_locked(void) {
  struct slab *old = stacks.slabs;
  struct slab *s = arena_alloc(sizeof *s);
  s->slots = old ? old->slots * 2 : 64;
  if (s->slots > 4096) s->slots = 4096;
  while (!(s->base = prim_map((size_t)s->slots * slot_size()))) {
    if (s->slots == 1) gw__fatal("no memory for another goroutine's stack; raise ulimit -v or set GODWIT=stack_size=");
    s->slots /= 2;
  }
  prim_no_huge(s->base, (size_t)s->slots * stacks.slot);
  s->next = old;
  uintptr_t lo = (uintptr_t)s->base, hi = lo + (size_t)s->slots * stacks.slot;
  if (!old || lo < stacks.lo) stacks.lo = lo;
  if (hi > stacks.hi) stacks.hi = hi;
  __atomic_store_n(&stacks.slabs, s, __ATOMIC_RELEASE); /* pairs with the acquire in g_each */
  return s;
}

static struct g *slot_cut_locked(void) {
  struct slab *s = stacks.slabs;
  if (!s || s->used == s->slots) s = slab_new_locked();
  uint32_t i = s->used;
  char *lo = s->base + (size_t)i * stacks.slot;
  bool canary = guard_set(lo);
  struct g *g = slot_g(s, i);
  g->canary = canary;
  g->lo = lo + GUARD;
  g->hi = (char *)g;
  tools_stack_new(g->lo, g->hi);
  __atomic_store_n(&s->used, i + 1, __ATOMIC_RELEASE); /* pairs with the acquire in g_each */
  return g;
}

/* Refills p's list, or takes one when p is NULL. */
static struct g *take(struct p *p) {
  spin_lock(&stacks.lock);
  struct g *g = stacks.free;
  if (!g) {
    g = slot_cut_locked();
  } else {
    stacks.free = g->next;
    stacks.free_n--;
    for (int i = 0; p && i < FREE_BATCH && stacks.free; i++) {
      struct g *more = stacks.free;
      stacks.free = more->next;
      stacks.free_n--;
      more->next = p->free;
      p->free = more;
      p->free_n++;
    }
  }
  spin_unlock(&stacks.lock);
  return g;
}

struct g *g_alloc(struct p *p) {
  if (p && p->free) {
    struct g *g = p->free;
    p->free = g->next;
    p->free_n--;
    return g;
  }
  return take(p);
}

void g_check_canary(const struct g *g) {
  const uint64_t *page = (const uint64_t *)(const void *)(g->lo - PRIM_PAGE);
  bool whole = (char *)__builtin_frame_address(0) > g->lo;
  for (size_t i = 0; whole && i < PRIM_PAGE / sizeof *page; i++) whole = page[i] == CANARY;
  if (whole) return;
  stack_overflow_line(g);
  fatal_error("stack overflow", NULL, (struct race_at){0, 0});
}

void g_free(struct p *p, struct g *g) {
  if (p) {
    g->next = p->free;
    p->free = g;
    if (++p->free_n <= FREE_MAX) return;
  }
  spin_lock(&stacks.lock);
  if (p) {
    for (int i = 0; i < FREE_BATCH; i++) {
      struct g *one = p->free;
      p->free = one->next;
      p->free_n--;
      one->next = stacks.free;
      stacks.free = one;
      stacks.free_n++;
    }
  } else {
    g->next = stacks.free;
    stacks.free = g;
    stacks.free_n++;
  }
  spin_unlock(&stacks.lock);
}

void stacks_fork_lock(void) { spin_lock(&stacks.lock); }
void stacks_fork_unlock(void) { spin_unlock(&stacks.lock); }

void g_each(void (*f)(struct g *g, void *arg), void *arg) {
  struct g *t = __atomic_load_n(&sched.thread_gs, __ATOMIC_ACQUIRE); /* pairs with the release in g_adopt */
  for (; t; t = t->thread_next)
    if (__atomic_load_n(&t->status, __ATOMIC_RELAXED) != G_DEAD) f(t, arg);
  struct slab *s = __atomic_load_n(&stacks.slabs, __ATOMIC_ACQUIRE);
  for (; s; s = s->next) {
    uint32_t n = __atomic_load_n(&s->used, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < n; i++) {
      struct g *g = slot_g(s, i);
      if (__atomic_load_n(&g->status, __ATOMIC_RELAXED) != G_DEAD) f(g, arg);
    }
  }
}

struct g *g_guarding(uintptr_t p) {
  for (struct slab *s = __atomic_load_n(&stacks.slabs, __ATOMIC_ACQUIRE); s; s = s->next) {
    uintptr_t base = (uintptr_t)s->base;
    if (p < base || p >= base + (size_t)s->slots * stacks.slot) continue;
    size_t i = (p - base) / stacks.slot;
    return (p - base) % stacks.slot < GUARD ? slot_g(s, (uint32_t)i) : NULL;
  }
  return NULL;
}

const struct debug_stacks debug_stacks = {.slabs = (void *const *)(const void *)&stacks.slabs,
                                          .slot = &stacks.slot,
                                          .slab_next = offsetof(struct slab, next),
                                          .slab_base = offsetof(struct slab, base),
                                          .slab_used = offsetof(struct slab, used),
                                          .g_room = (sizeof(struct g) + 63) & ~(size_t)63,
                                          .colors = COLORS,
                                          .color = 64};

struct g *g_slot_of(uintptr_t p) {
  if (p - stacks.lo >= stacks.hi - stacks.lo) return NULL;
  for (struct slab *s = __atomic_load_n(&stacks.slabs, __ATOMIC_ACQUIRE); s; s = s->next) {
    uintptr_t off = p - (uintptr_t)s->base;
    if (off >= (size_t)s->slots * stacks.slot) continue;
    uint32_t i = (uint32_t)(off / stacks.slot);
    return i < __atomic_load_n(&s->used, __ATOMIC_ACQUIRE) ? slot_g(s, i) : NULL;
  }
  return NULL;
}

struct g *g_of_page(uint32_t page) {
  for (struct slab *s = __atomic_load_n(&stacks.slabs, __ATOMIC_ACQUIRE); s; s = s->next) {
    uint32_t pages = page - (uint32_t)((uintptr_t)s->base / PRIM_PAGE);
    if ((size_t)pages * PRIM_PAGE < (size_t)s->slots * stacks.slot)
      return g_slot_of((uintptr_t)s->base + (uintptr_t)pages * PRIM_PAGE);
  }
  return NULL;
}
