/* Goroutines' stacks and their Gs: slots of equal size, cut from slabs that are never given back.
 *
 * A slot, from below: guard, stack, G. Untouched pages cost nothing, so a goroutine that stays shallow costs one page.
 * The guard is a marker in the page tables where the kernel can do that (6.13), which splits no mapping; else mprotect
 * while mappings last, and then a page of canaries.  Tops are staggered by some cache lines, since all slots are
 * aligned alike.
 *
 * Which slots are in use and which wait to be used again is stackpool.c's affair. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/arena.h"
#include "base/options.h"
#include "base/tools.h"
#include "debug.h"
#include "g.h"
#include "stack.h"

enum {
  GUARD = 4 * PRIM_PAGE, /* a frame of up to this size can't step over it */
  MIN_STACK = 16 * 1024,
  MAX_MPROTECT = 15000, /* each takes two mappings of the 65530 that a process may have by default */
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
  struct spin_STACKS lock; /* guards all here that says no more */
  struct slab *slabs;      /* atomic head, newest first */
  size_t slot;             /* bytes of a slot; constant once set */
  enum { BY_MARKER, BY_MPROTECT, BY_CANARY } guard;
  bool one_by_one;      /* the kernel has no calls for many ranges */
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
static bool guard_set_locked(char *lo) {
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

/* One call for the guards of n slots from lo on; false if that can't be. */
static bool guard_many(char *lo, uint32_t n) {
  struct prim_range ranges[STACK_BATCH];
  for (uint32_t i = 0; i < n; i++) ranges[i] = (struct prim_range){lo + i * stacks.slot, GUARD};
  return prim_guard_markers(ranges, n) == 0;
}

/* The end of the slot that g lies in. */
static char *slot_end(const struct g *g) {
  return (char *)(((uintptr_t)(g + 1) + PRIM_PAGE - 1) & ~(uintptr_t)(PRIM_PAGE - 1));
}

void slots_prepare(struct g *const *g, uint32_t n, uint64_t canaries) {
  struct prim_range tops[STACK_BATCH];
  for (uint32_t i = 0; i < n; i++) tops[i] = (struct prim_range){slot_end(g[i]) - PRIM_PAGE, PRIM_PAGE};
  if (n > 1) prim_populate(tops, n); /* a fault less for each; what it doesn't do the first access will */
  for (uint32_t i = 0; i < n; i++) {
    g[i]->canary = canaries >> i & 1;
    g[i]->lo = slot_end(g[i]) - stacks.slot + GUARD;
    g[i]->hi = (char *)g[i];
  }
}

/* The next n slots, or as many as the slab has; *canaries: these have to be looked at one by one, and that was done. */
static uint32_t reserve(struct slab **slab, uint32_t *from, uint32_t n, bool *canaries, bool *guarded) {
  spin_lock(&stacks.lock);
  struct slab *s = stacks.slabs;
  if (!s || s->used == s->slots) s = slab_new_locked();
  *slab = s;
  *from = s->used;
  if (n > s->slots - s->used) n = s->slots - s->used;
  *guarded = n == 1 || stacks.guard != BY_MARKER || stacks.one_by_one;
  if (*guarded) n = 1;
  *canaries = *guarded && guard_set_locked(s->base + (size_t)*from * stacks.slot);
  __atomic_store_n(&s->used, *from + n, __ATOMIC_RELEASE); /* pairs with the acquire in g_each */
  spin_unlock(&stacks.lock);
  return n;
}

uint32_t slots_cut(struct g **to, uint32_t n) {
  struct slab *s;
  uint32_t from;
  bool canary, guarded;
  n = reserve(&s, &from, n, &canary, &guarded);
  char *lo = s->base + (size_t)from * stacks.slot;
  if (!guarded && !guard_many(lo, n)) {
    spin_lock(&stacks.lock);
    stacks.one_by_one = true;
    for (uint32_t i = 0; i < n; i++) canary |= guard_set_locked(lo + i * stacks.slot);
    spin_unlock(&stacks.lock);
  }
  for (uint32_t i = 0; i < n; i++) to[i] = slot_g(s, from + i);
  slots_prepare(to, n, canary ? ~UINT64_C(0) : 0);
  for (uint32_t i = 0; i < n; i++) tools_stack_new(to[i]->lo, to[i]->hi);
  return n;
}

void slots_discard(struct g *const *g, uint32_t n) {
  struct prim_range ranges[STACK_BATCH] = {{NULL, 0}};
  for (uint32_t i = 0; i < n; i++) {
    char *lo = slot_end(g[i]) - stacks.slot + GUARD;
    ranges[i] = (struct prim_range){lo, (size_t)(slot_end(g[i]) - lo)};
  }
  if (prim_discard_all(ranges, n) == 0) return;
  for (uint32_t i = 0; i < n; i++) prim_discard(ranges[i].p, ranges[i].n);
}

void g_check_canary(const struct g *g) {
  const uint64_t *page = (const uint64_t *)(const void *)(g->lo - PRIM_PAGE);
  bool whole = (char *)__builtin_frame_address(0) > g->lo;
  for (size_t i = 0; whole && i < PRIM_PAGE / sizeof *page; i++) whole = page[i] == CANARY;
  if (whole) return;
  /* told on the signal stack, as where a guard is hit: here a dump would go on into the neighbour's stack */
  siginfo_t hit = {.si_signo = SIGSEGV, .si_code = SEGV_ACCERR};
  hit.si_addr = g->lo - 1;
  prim_signal_self(SIGSEGV, &hit);
  stack_overflow_line(g, 0); /* the signal is blocked */
  fatal_error("stack overflow", NULL, (struct race_at){0, 0});
}

void stacks_fork_lock(void) {
  stackpool_lock();
  spin_lock(&stacks.lock);
}
void stacks_fork_unlock(void) {
  spin_unlock(&stacks.lock);
  stackpool_unlock();
}

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
