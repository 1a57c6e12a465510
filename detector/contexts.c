/* contexts.h: lines that become mixed or uniform, and the pool of blocks.
 *
 * A thread keeps some free blocks; beyond that they are in batches, each of which is a block that has the numbers of
 * others, so that several change hands with one cache line touched.  The pool's lock guards the list of batches and
 * where fresh ones begin.  Blocks don't go back to the system: when their lines are uniform again others use them.
 */
#include "detector/contexts.h"

#include "base/prim.h"
#include "detector/composite.h"

#define BLOCKS (1u << 30)      /* as many as a word can number, 32 GB; beyond that all mixed lines use the plane */
enum { FRESH = 8, CROWD = 2 }; /* guesses: fresh blocks at a time; mixed lines of eight nearby that are many */

typedef uint64_t __attribute__((may_alias)) pair;

struct context_block *context_blocks;
uint32_t context_blocks_most = BLOCKS;
struct context_pool context_pool;

void context_init(void) {
  context_blocks = prim_map((size_t)BLOCKS * sizeof *context_blocks);
  if (!context_blocks) gw__fatal("the system refuses address space for contexts: check `ulimit -v`");
  context_pool.fresh = LINE_CELLS;
}

/* The thread has none left; it may stay so. */
static void refill(struct det_thread *t) {
  spin_lock(&context_pool.lock);
  uint32_t b = context_pool.free;
  if (b) {
    const struct context_block *block = &context_blocks[b];
    context_pool.free = block->batch.next;
    for (uint32_t i = 0; i < block->batch.n; i++) t->blocks[t->blocks_n++] = block->batch.other[i];
    t->blocks[t->blocks_n++] = b;
  } else if (context_pool.fresh + FRESH <= context_blocks_most) {
    context_pool.fresh += FRESH;
    for (uint32_t i = 1; i <= FRESH; i++) t->blocks[t->blocks_n++] = context_pool.fresh - i;
  }
  spin_unlock(&context_pool.lock);
}

/* Gives back the thread's blocks but for `keep`. */
static void drain(struct det_thread *t, uint32_t keep) {
  enum { MOST = sizeof context_blocks->batch.other / sizeof context_blocks->batch.other[0] };
  spin_lock(&context_pool.lock);
  while (t->blocks_n > keep) {
    uint32_t b = t->blocks[--t->blocks_n];
    struct context_block *block = &context_blocks[b];
    block->batch.next = context_pool.free;
    for (block->batch.n = 0; block->batch.n < MOST && t->blocks_n > keep; block->batch.n++)
      block->batch.other[block->batch.n] = t->blocks[--t->blocks_n];
    context_pool.free = b;
  }
  spin_unlock(&context_pool.lock);
}

bool context_blocks_ready(struct det_thread *t) {
  for (uint32_t had; UNLIKELY(t->blocks_n < 2);) {
    had = t->blocks_n;
    refill(t);
    if (t->blocks_n == had) return false;
  }
  return LIKELY(t->blocks[t->blocks_n - 1] <= CELL_ID_MAX);
}

uint32_t context_block_take(struct det_thread *t) {
  if (UNLIKELY(!t->blocks_n)) refill(t);
  return LIKELY(t->blocks_n) ? t->blocks[--t->blocks_n] : 0;
}

void context_block_free(struct det_thread *t, uint32_t block) {
  if (UNLIKELY(t->blocks_n == BLOCKS_KEPT)) drain(t, BLOCKS_KEPT / 2);
  t->blocks[t->blocks_n++] = block;
}

void context_give_back(struct det_thread *t) { drain(t, 0); }

static pair twice(uint32_t ctx) { return (pair)ctx << 32 | ctx; }

/* A look at the neighbours is all that a loop going by costs until its last access. */
static bool is_uniform(const uint32_t *line, unsigned i) {
  const uint32_t ctx = line[i];
  if (line[i ^ 1] != ctx || line[i ^ 2] != ctx || line[i ^ 4] != ctx) return false;
  const pair *two = (const pair *)(const void *)line, all = twice(ctx);
  return ((two[0] ^ all) | (two[1] ^ all) | (two[2] ^ all) | (two[3] ^ all)) == 0;
}

/* Are all cells of the line empty but those from first to last? */
static bool others_are_empty(unsigned plane, uintptr_t first, uintptr_t last) {
  const uint32_t *cell = shadow_cell(plane, first & ~(uintptr_t)(LINE_CELLS - 1));
  const unsigned from = first % LINE_CELLS, to = last % LINE_CELLS;
  uint32_t any = 0;
  for (unsigned i = 0; i < LINE_CELLS; i++) any |= i < from || i > to ? cell[i] : 0;
  return any == 0;
}

/* Are several of the eight lines nearby mixed?  Lines that fill up one after the other find those before them. */
static bool in_a_crowd(const uint32_t *word) {
  const uintptr_t page = (uintptr_t)word & ~(uintptr_t)(PRIM_PAGE - 1),
                  end = page + PRIM_PAGE - LINE_CELLS * sizeof *word;
  uintptr_t from = ((uintptr_t)word & ~(uintptr_t)7) - LINE_CELLS / 2 * sizeof *word;
  from = from < page ? page : from > end ? end : from;
  const pair *words = (const pair *)from;
  pair mixed = 0;
  /* relaxed: an estimate */
  for (int i = 0; i < LINE_CELLS / 2; i++)
    mixed += __atomic_load_n(&words[i], __ATOMIC_RELAXED) / CONTEXT_MIXED & twice(1);
  return (uint32_t)(mixed + (mixed >> 32)) >= CROWD;
}

/* Where a line that becomes mixed is to have its contexts, and its word then. */
static uint32_t *new_place(struct det_thread *t, const uint32_t *word, unsigned plane, uintptr_t granule, uint32_t *w) {
  if (!in_a_crowd(word)) {
    uint32_t b = context_block_take(t);
    if (LIKELY(b)) {
      *w = CONTEXT_MIXED | b;
      return context_blocks[b].ctx;
    }
  }
  *w = CONTEXT_MIXED | CONTEXT_IN_PLANE;
  return shadow_ctx(plane, granule & ~(uintptr_t)(LINE_CELLS - 1));
}

/* A line that is uniform, `was`, gets another context at granules first to last, which are not all of it. */
static void split(struct det_thread *t, uint32_t *word, uint32_t was, unsigned plane, uintptr_t first, uintptr_t last,
                  uint32_t ctx) {
  if (others_are_empty(plane, first, last)) {
    context_put_word(word, ctx);
    return;
  }
  uint32_t w, *line = new_place(t, word, plane, first, &w);
  for (int i = 0; i < LINE_CELLS / 2; i++) ((pair *)(void *)line)[i] = twice(was);
  for (uintptr_t g = first; g <= last; g++) line[g % LINE_CELLS] = ctx;
  context_put_word(word, w);
}

static void set_in_block(struct det_thread *t, uint32_t *word, uint32_t b, uintptr_t first, uintptr_t last,
                         uint32_t ctx) {
  uint32_t *line = context_blocks[b].ctx;
  for (uintptr_t g = first; g <= last; g++) line[g % LINE_CELLS] = ctx;
  if (!is_uniform(line, first % LINE_CELLS)) return;
  context_put_word(word, ctx);
  context_block_free(t, b);
}

void context_change(struct det_thread *t, uint32_t *word, uint32_t w, unsigned plane, uintptr_t granule, uint32_t ctx) {
  const uint32_t b = w & ~CONTEXT_KIND;
  if (!(w & CONTEXT_MIXED))
    split(t, word, w, plane, granule, granule, ctx);
  else if (context_blocks[b].ctx[granule % LINE_CELLS] != ctx)
    set_in_block(t, word, b, granule, granule, ctx);
}

void context_set_some(struct det_thread *t, unsigned plane, uintptr_t first, uintptr_t last, uint32_t ctx) {
  uint32_t *word = shadow_word(plane, first >> 3), w = *word;
  if (w == ctx) return;
  if (last - first == LINE_CELLS - 1)
    context_set_line(t, plane, first >> 3, ctx);
  else if (!(w & CONTEXT_MIXED))
    split(t, word, w, plane, first, last, ctx);
  else if (context_is_block(w))
    set_in_block(t, word, w & ~CONTEXT_KIND, first, last, ctx);
  else
    for (uintptr_t g = first; g <= last; g++) *shadow_ctx(plane, g) = ctx;
}

bool context_any_block(uintptr_t line, unsigned planes) {
  for (unsigned k = 0; planes >> k; k++) {
    if (!(planes >> k & 1)) continue;
    const uint32_t *word = shadow_word(k, line);
    for (int i = 0; i < 8; i++)
      if (context_is_block(__atomic_load_n(&word[i], __ATOMIC_RELAXED))) return true;
  }
  return false;
}

/* Pages that nothing changes in aren't written. */
static void keep(uint32_t *place) {
  const uint32_t kept = composite_keep(*place);
  if (kept != *place) context_put_word(place, kept);
}

void context_mark_line(uintptr_t line, uint8_t meta) {
  for (unsigned k = 0; k <= READ_PLANES; k++) {
    if (!(meta & META_WRITE << k)) continue;
    uint32_t *word = shadow_word(k, line);
    if (!(*word & CONTEXT_MIXED)) {
      keep(word);
      continue;
    }
    for (uintptr_t g = line << 3; g < (line + 1) << 3; g++)
      if (*shadow_cell(k, g) & CELL_BYTES) keep(context_place(*word, k, g));
  }
}
