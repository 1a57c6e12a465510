/* Conservative marking: each word that could be a pointer is taken for one, inner pointers included.
 *
 * What a pointer leads to:
 * - the stack of a blocked goroutine, between its stack pointer and its end: the goroutine lives.  What it waits on
 * knows its wait record, which lies there; so "its channel is reached" and "the goroutine lives" are the same.
 * - an object of the arena (channels, timers, contexts): it is looked into.
 * - a heap block, where there's a book of them (under -race): it is looked into.  Without a book all of the heap is a
 *   root.
 * Gs and wait records' pointers to them lead nowhere: they lie above the stacks.  Nor do the library's own objects,
 * but for those that hold words of the program's (arena.h).
 *
 * All memory for it comes straight from the system after the list of mappings was read: so it isn't in that list, and
 * no lock is needed that a stopped thread might hold.  Not thread-safe: one search at a time (leak.c). */
#include "reach.h"

#include <string.h>

#include "base/arena.h"
#include "base/own.h"
#include "dump.h"
#include "godwit/inspect.h"
#include "heapmap.h"
#include "maps.h"

struct span {
  uintptr_t lo, hi;
};

/* Grows by doubling; memory straight from the system. */
static struct {
  struct span *v;
  size_t n, room;
} work;
/* Bases of objects that were reached: open addressing, 0 is empty. */
static struct {
  uintptr_t *v;
  size_t n, room;
} seen;
/* Main's, which is none of our slots; lo is where main is suspended. */
static struct main_stack {
  struct g *g;
  uintptr_t lo, hi;
} main_stack;
static unsigned revived; /* goroutines that came alive since reach_follow was called */
static bool no_memory;

static bool work_grow(void) {
  size_t room = work.room ? work.room * 2 : 4096;
  struct span *v = prim_map_unlisted(room * sizeof *v);
  if (!v) return false;
  if (work.room) {
    memcpy(v, work.v, work.n * sizeof *v);
    prim_unmap_unlisted(work.v, work.room * sizeof *v);
  }
  work.v = v;
  work.room = room;
  return true;
}

void reach_range(uintptr_t lo, uintptr_t hi) {
  if (work.n == work.room && !work_grow()) {
    no_memory = true;
    return;
  }
  work.v[work.n++] = (struct span){lo, hi};
}

static size_t slot_of(const uintptr_t *v, size_t room, uintptr_t base) {
  size_t i = (base >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (room - 1);
  while (v[i] && v[i] != base) i = (i + 1) & (room - 1);
  return i;
}

static bool seen_grow(void) {
  size_t room = seen.room ? seen.room * 2 : 16384;
  uintptr_t *v = prim_map_unlisted(room * sizeof *v);
  if (!v) return false;
  for (size_t i = 0; i < seen.room; i++)
    if (seen.v[i]) v[slot_of(v, room, seen.v[i])] = seen.v[i];
  if (seen.room) prim_unmap_unlisted(seen.v, seen.room * sizeof *v);
  seen.v = v;
  seen.room = room;
  return true;
}

/* True the first time. */
static bool see(uintptr_t base) {
  if (2 * seen.n >= seen.room && !seen_grow()) {
    no_memory = true;
    return false;
  }
  size_t i = slot_of(seen.v, seen.room, base);
  if (seen.v[i]) return false;
  seen.v[i] = base;
  seen.n++;
  return true;
}

void reach_g(struct g *g, uintptr_t sp) {
  if (g->leak == LEAK_BLOCKED) revived++;
  g->leak = LEAK_LIVE;
  struct inspect_g v;
  inspect_g(g, &v);
  uintptr_t hi = stack_end(&v);
  if (sp && sp < hi) reach_range(sp, hi);
  reach_range((uintptr_t)&g->call, (uintptr_t)(&g->call + 1)); /* of one that has not begun */
}

/* A blocked goroutine's stack, from where it is suspended on. */
static void reach_stack(struct g *g, uintptr_t word) {
  if (g->leak == LEAK_BLOCKED && word >= (uintptr_t)g->sp && word < (uintptr_t)g->hi) reach_g(g, (uintptr_t)g->sp);
}

void reach_word(uintptr_t word) {
  struct g *g;
  uintptr_t base;
  size_t n;
  if (word < 0x10000 || word >> 47) return;
  if ((g = g_slot_of(word))) {
    reach_stack(g, word);
  } else if (word >= main_stack.lo && word < main_stack.hi) {
    if (main_stack.g->leak == LEAK_BLOCKED) reach_g(main_stack.g, main_stack.lo);
  } else if (arena_find_user(word, &base, &n)) {
    if (see(base)) reach_range(base, base + n);
  } else if (heapmap_enter(word, &base, &n)) {
    reach_range(base, base + n);
  }
}

void reach_main_stack(struct g *g, uintptr_t lo, uintptr_t hi) {
  main_stack.g = g;
  main_stack.lo = lo;
  main_stack.hi = hi;
}

static void scan(struct span s) {
  for (uintptr_t at = (s.lo + 7) & ~(uintptr_t)7; at + 8 <= s.hi; at += 8) {
    uintptr_t word = *(const uintptr_t *)at; /* what this reads may be anything: NOLINT(clang-analyzer-core*) */
    if (word >= 0x10000 && word >> 47 == 0) reach_word(word);
  }
}

unsigned reach_follow(void) {
  while (work.n > 0) scan(work.v[--work.n]);
  unsigned n = revived;
  revived = 0;
  return n;
}

static void scan_gap(uintptr_t lo, uintptr_t hi) {
  for (uintptr_t at = lo; at < hi;) {
    uintptr_t end;
    bool used = maps_used(at, hi, &end); /* pages that were never touched hold nothing */
    if (used) scan((struct span){at, end});
    at = end;
  }
}

/* In a mapping with malloc's blocks only what lies outside of them is a root. */
static void scan_mapping(uintptr_t lo, uintptr_t hi) { heapmap_each_gap(lo, hi, scan_gap); }

void reach_globals(void) { maps_each_root(scan_mapping); }

bool reach_begin(void) {
  main_stack = (struct main_stack){NULL, 0, 0};
  work.n = seen.n = 0;
  revived = 0;
  no_memory = false;
  return work_grow() && seen_grow() && heapmap_begin();
}

bool reach_end(void) {
  heapmap_end();
  if (work.room) prim_unmap_unlisted(work.v, work.room * sizeof *work.v);
  if (seen.room) prim_unmap_unlisted(seen.v, seen.room * sizeof *seen.v);
  work.room = seen.room = work.n = seen.n = 0;
  return !no_memory;
}
