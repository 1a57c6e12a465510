/* The contexts of cells: which stack and lock set (depot.h) the access in a cell had.
 *
 * The cells of a line mostly have one context, so a line has one *word* per plane, which says it for all eight.  Where
 * they differ the line is *mixed*: its word then says where the eight contexts are, in the plane of contexts, at the
 * place that belongs to the line, or, if few lines nearby are mixed, in a block from a pool: a page of the plane for
 * one line's sake would be dear.  A line that a loop goes through becomes mixed at its first access and uniform again
 * at its last; but one that is in the plane, whose page is there anyway, stays mixed until all of it is set at once.
 *
 * Of an empty cell no context is kept: a line whose other cells are empty is uniform.
 *
 * Locks: a line's words, its block and its place in the plane belong to whoever holds the line's lock (shadow.h); the
 * words of other lines are looked at for an estimate only.  So no order of accesses has to be argued here.  Memory that
 * changes hands has its words cleared without the lock (memory.c), so a word is read once for each change.
 *
 * The spill plane's contexts have flags and stand in their plane, one for each cell.
 *
 * Rejected: runs per page (bounds and two contexts in a word of the page's): threads with neighbouring lines would
 * change them by compare-and-exchange, and rows have their first and last elements accessed from other places than the
 * rest, so that a page has more runs than two.  A block for each mixed line: where most are mixed, every look at one
 * is a cache miss more, and fft takes a third longer.
 */
#ifndef GW_DETECTOR_CONTEXTS_H
#define GW_DETECTOR_CONTEXTS_H
#include "detector/detector.h"
#include "detector/shadow.h"

/* A word: a context, or these and, if it isn't in the plane, the number of the block. */
#define CONTEXT_MIXED 0x80000000u
#define CONTEXT_IN_PLANE 0x40000000u
#define CONTEXT_KIND (CONTEXT_MIXED | CONTEXT_IN_PLANE)

/* Others look at the word for an estimate. */
static inline void context_put_word(uint32_t *word, uint32_t w) { __atomic_store_n(word, w, __ATOMIC_RELAXED); }

enum { LINE_CELLS = 8 };

/* What a mixed line's granules have. */
struct context_block {
  union {
    uint32_t ctx[LINE_CELLS];
    uint64_t two[LINE_CELLS / 2];
    struct {                          /* of free blocks, in the pool */
      uint32_t next;                  /* batch; 0: none */
      uint32_t n;                     /* others */
      uint32_t other[LINE_CELLS - 2]; /* their numbers */
    } batch;
  };
};
_Static_assert(sizeof(struct context_block) == 32, "as the contexts of a line in their plane");

extern struct context_block *context_blocks; /* by number; 0 is never used */
extern uint32_t context_blocks_most;         /* numbers are below; tests make it small */
extern struct context_pool {
  struct spin_CONTEXTS lock; /* guards what follows */
  uint32_t free;             /* batch */
  uint32_t fresh;            /* blocks from here on were never used */
} context_pool;

/* Reserves the blocks; called once. */
void context_init(void);
/* The thread ends: blocks that it keeps are free for others. */
void context_give_back(struct det_thread *t);

/* Of the functions below: the caller holds the line's lock. */

/* context_set for a line that isn't in the plane; w: its word. */
void context_change(struct det_thread *t, uint32_t *word, uint32_t w, unsigned plane, uintptr_t granule, uint32_t ctx);
/* Has the thread two blocks, or can it get them, of which the first that it takes has a number that fits a cell? */
bool context_blocks_ready(struct det_thread *t);
/* A block for the caller's use; 0: there are none. */
uint32_t context_block_take(struct det_thread *t);
/* No word has it any more. */
void context_block_free(struct det_thread *t, uint32_t block);

static inline bool context_is_block(uint32_t word) { return (word & CONTEXT_KIND) == CONTEXT_MIXED; }

/* Where a mixed line has the granule's. */
static inline __attribute__((always_inline)) uint32_t *context_place(uint32_t word, unsigned plane, uintptr_t granule) {
  if (word & CONTEXT_IN_PLANE) return shadow_ctx(plane, granule);
  return &context_blocks[word & ~CONTEXT_KIND].ctx[granule % LINE_CELLS];
}

static inline __attribute__((always_inline)) uint32_t context_get(unsigned plane, uintptr_t granule) {
  uint32_t word = *shadow_word(plane, granule >> 3);
  if (LIKELY(!(word & CONTEXT_MIXED))) return word;
  return *context_place(word, plane, granule);
}

/* A loop comes by with the same context in the next epoch: then nothing is written. */
static inline __attribute__((always_inline)) void context_set(struct det_thread *t, unsigned plane, uintptr_t granule,
                                                              uint32_t ctx) {
  uint32_t *word = shadow_word(plane, granule >> 3), w = *word;
  if (LIKELY(w == ctx)) return;
  if (LIKELY((w & CONTEXT_KIND) == CONTEXT_KIND)) {
    uint32_t *at = shadow_ctx(plane, granule);
    if (*at != ctx) *at = ctx;
  } else {
    context_change(t, word, w, plane, granule, ctx);
  }
}

/* All granules of the line. */
static inline void context_set_line(struct det_thread *t, unsigned plane, uintptr_t line, uint32_t ctx) {
  uint32_t *word = shadow_word(plane, line), w = *word;
  if (LIKELY(w == ctx)) return;
  context_put_word(word, ctx);
  if (UNLIKELY(context_is_block(w))) context_block_free(t, w & ~CONTEXT_KIND);
}

/* The line's cells in that plane are empty from now on. */
static inline void context_drop_line(struct det_thread *t, unsigned plane, uintptr_t line) {
  if (UNLIKELY(*shadow_word(plane, line) & CONTEXT_MIXED)) context_set_line(t, plane, line, 0);
}

/* Granules first to last of one line. */
void context_set_some(struct det_thread *t, unsigned plane, uintptr_t first, uintptr_t last, uint32_t ctx);
/* Has one of the eight lines from `line` on, a multiple of eight, a block in one of the planes?  (Looked at without
 * their locks: who asks knows that nobody accesses them.)  Bit k of planes: plane k. */
bool context_any_block(uintptr_t line, unsigned planes);
/* For the collector, alone: marks (composite.h) what the line's entries in planes have. */
void context_mark_line(uintptr_t line, uint8_t meta);

#endif
