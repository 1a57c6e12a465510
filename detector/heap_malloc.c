/* The malloc family.
 *
 * A block is born on its whole usable size (what was recorded about that memory is dropped) and its allocation recorded
 * as a write of what was asked for; the end of a block is recorded as a write of op RACE_FREE.  Of large blocks only
 * the edges are recorded.  All of that happens while the block is the caller's: after libc's malloc and before libc's
 * free.
 *
 * __gw_q_NAME serves code that isn't instrumented: it keeps the book and clears what was recorded, and records nothing.
 */
#define _GNU_SOURCE
#include "detector/depot.h"
#include "detector/heap.h"
#include "detector/libc.h"
#include "detector/row.h"
#include "detector/shadow.h"
#include "godwit/heap.h"

const char gw__heap_told = 1;

/* Blocks above WHOLE count at their edges, EDGE bytes at either end (guess: a header, or where a loop begins). */
enum { WHOLE = 2048, EDGE = 512, LINE = 64 };

/* The inner lines of a large block that somebody accessed: a free must be judged against all of them. */
static void free_touched(struct race_g *g, uintptr_t lo, uintptr_t hi, struct race_at at) {
  uintptr_t run = 0; /* where a row of touched lines begins; 0: none */
  lo = (lo + LINE - 1) & ~(uintptr_t)(LINE - 1);
  for (uintptr_t p = lo; p < hi; p += LINE) {
    bool touched = __atomic_load_n(shadow_meta(p / LINE), __ATOMIC_RELAXED) != 0;
    if (touched && !run) run = p;
    if (touched || !run) continue;
    race_access(g, (void *)run, p - run, RACE_FREE, at);
    run = 0;
  }
  if (run) race_access(g, (void *)run, hi - run, RACE_FREE, at);
}

/* The short way; false if it takes more. */
static bool free_simply(struct race_g *g, uintptr_t p, size_t n, struct race_at at) {
  if (g->ignore || !g->epoch || !shadow_covered(p) || !shadow_covered(p + n - 1)) return false;
  struct det_thread *t = det_enter();
  bool done = rows_access(t, g, p, n, depot_context(t, g, RACE_FREE, at), true);
  det_exit(t);
  return done;
}

static void record_free(struct race_g *g, uintptr_t p, size_t n, struct race_at at) {
  if (n == 0) return;
  if (n <= WHOLE) {
    if (n <= ROWS_MAX && free_simply(g, p, n, at)) return;
    race_access(g, (void *)p, n, RACE_FREE, at);
    return;
  }
  race_access(g, (void *)p, EDGE, RACE_FREE, at);
  race_access(g, (void *)(p + n - EDGE), EDGE, RACE_FREE, at);
  if (shadow_covered(p) && shadow_covered(p + n - 1)) free_touched(g, p + EDGE, p + n - EDGE, at);
}

static void record_alloc(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, uint32_t context) {
  if (n <= WHOLE) {
    det_record_fresh(t, g, p, n, context);
  } else {
    det_record_fresh(t, g, p, EDGE, context);
    det_record_fresh(t, g, p + n - EDGE, EDGE, context);
  }
}

#pragma weak malloc_usable_size /* a static program with a malloc of its own may have none */

static inline size_t usable(void *p, size_t n) {
  size_t u = gw__real_foreign_malloc ? n : malloc_usable_size(p);
  return u > n ? u : n;
}

/* Gives p back, for use as `return born(...)`. */
static inline void *born(void *p, size_t n, bool quiet, struct race_at at) {
  if (p) heap_note_new(p, n, at.pc, at_plain(at).fp);
  struct race_g *g = p ? posix_self() : NULL;
  if (!g) return p;
  struct det_thread *t = det_enter();
  uint32_t context = depot_context(t, g, RACE_ALLOC, at);
  size_t room = usable(p, n);
  posix_cover(p, room);
  heap_born((uintptr_t)p, n, context, race_g_id(g));
  if (!quiet && n && n <= WHOLE && !g->ignore && shadow_covered((uintptr_t)p)) {
    det_reborn_fresh(t, g, (uintptr_t)p, room, n, context);
  } else {
    race_reborn(p, room);
    if (!quiet) record_alloc(t, g, (uintptr_t)p, n, context);
  }
  det_exit(t);
  return p;
}

/* True if the block was in the book; its size in *n. */
static inline bool died(void *p, size_t *n, bool quiet, struct race_at at) {
  heap_note_end(p);
  struct race_g *g = posix_self();
  if (!heap_died((uintptr_t)p, n)) return false;
  if (g && !quiet) record_free(g, (uintptr_t)p, *n, at);
  return true;
}

static inline void *resize(void *p, size_t n, bool quiet, struct race_at at) {
  if (!p) return born(gw__real.realloc(NULL, n), n, quiet, at);
  size_t before = 0;
  bool known = died(p, &before, quiet, at);
  void *q = gw__real.realloc(p, n);
  if (q) return born(q, n, quiet, at);
  if (n && known) born(p, before, quiet, at); /* no room: the old block lives on, as if just allocated */
  return NULL;
}

static inline void *resize_array(void *p, size_t count, size_t size, bool quiet, struct race_at at) {
  size_t n;
  if (__builtin_mul_overflow(count, size, &n)) {
    errno = ENOMEM;
    return NULL;
  }
  return resize(p, n, quiet, at);
}

static inline int align(void **out, size_t a, size_t n, bool quiet, struct race_at at) {
  void *p = NULL;
  int r = gw__real.posix_memalign(&p, a, n);
  if (r == 0) *out = born(p, n, quiet, at);
  return r;
}

static inline void end(void *p, bool quiet, struct race_at at) {
  size_t n;
  if (!p) return;
  died(p, &n, quiet, at);
  gw__real.free(p);
}

static inline size_t whole_pages(size_t n) { return (n + PRIM_PAGE - 1) & ~(size_t)(PRIM_PAGE - 1); }

/* Each function twice: from instrumented code, and quiet. */
#define WHERE(quiet) ((quiet) ? RACE_HERE() : at_tracked(RACE_HERE()))
#define BOTH(DEFINE) DEFINE(__gw_i_, false) DEFINE(__gw_q_, true)
#define MALLOC(pre, quiet) \
  void *pre##malloc(size_t n) { return born(gw__real.malloc(n), n, quiet, WHERE(quiet)); }
#define CALLOC(pre, quiet)                                                        \
  void *pre##calloc(size_t count, size_t size) {                                  \
    /* libc checks the product */                                                 \
    return born(gw__real.calloc(count, size), count * size, quiet, WHERE(quiet)); \
  }
#define REALLOC(pre, quiet) \
  void *pre##realloc(void *p, size_t n) { return resize(p, n, quiet, WHERE(quiet)); }
#define REALLOCARRAY(pre, quiet)                                \
  void *pre##reallocarray(void *p, size_t count, size_t size) { \
    return resize_array(p, count, size, quiet, WHERE(quiet));   \
  }
#define FREE(pre, quiet) \
  void pre##free(void *p) { end(p, quiet, WHERE(quiet)); }
#define MEMALIGN(pre, quiet) \
  void *pre##memalign(size_t a, size_t n) { return born(gw__real.memalign(a, n), n, quiet, WHERE(quiet)); }
#define ALIGNED_ALLOC(pre, quiet) \
  void *pre##aligned_alloc(size_t a, size_t n) { return born(gw__real.aligned_alloc(a, n), n, quiet, WHERE(quiet)); }
#define POSIX_MEMALIGN(pre, quiet) \
  int pre##posix_memalign(void **out, size_t a, size_t n) { return align(out, a, n, quiet, WHERE(quiet)); }
#define VALLOC(pre, quiet) \
  void *pre##valloc(size_t n) { return born(gw__real.valloc(n), n, quiet, WHERE(quiet)); }
#define PVALLOC(pre, quiet) \
  void *pre##pvalloc(size_t n) { return born(gw__real.pvalloc(n), whole_pages(n), quiet, WHERE(quiet)); }

BOTH(MALLOC)
BOTH(CALLOC)
BOTH(REALLOC)
BOTH(REALLOCARRAY)
BOTH(FREE)
BOTH(MEMALIGN)
BOTH(ALIGNED_ALLOC)
BOTH(POSIX_MEMALIGN)
BOTH(VALLOC)
BOTH(PVALLOC)

size_t __gw_i_malloc_usable_size(void *p) { return malloc_usable_size(p); }

void *heap_malloc(size_t n, struct race_at at) { return born(gw__real.malloc(n), n, false, at); }
