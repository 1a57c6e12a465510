/* spill.h: the places, and the blocks that have them. */
#include "detector/spill.h"

#include "detector/composite.h"

/* Gives the block's halves back; `cell`: what names it. */
static void free_block(struct det_thread *t, uint32_t cell, uint32_t second) {
  context_block_free(t, cell >> CELL_ID_SHIFT);
  context_block_free(t, second);
}

static void clear_block(struct det_thread *t, uintptr_t granule) {
  uint32_t *cell = shadow_cell(SPILL_PLANE, granule);
  free_block(t, *cell, *shadow_ctx(SPILL_PLANE, granule));
  *cell &= SPILL_MORE;
}

/* A block takes the place of what is in the plane, an entry or nothing, and has room for others; false if there are no
 * blocks. */
static bool make_block(struct det_thread *t, uintptr_t granule) {
  if (UNLIKELY(!context_blocks_ready(t))) return false;
  const uint32_t b = context_block_take(t), second = context_block_take(t);
  uint32_t *cell = shadow_cell(SPILL_PLANE, granule), *info = shadow_ctx(SPILL_PLANE, granule);
  uint32_t *in_block = context_blocks[b].ctx;
  const bool entry = *cell & CELL_BYTES;
  in_block[0] = entry ? *cell : 0;
  context_blocks[second].ctx[0] = *info;
  for (unsigned i = 1; i < SPILLED; i++) in_block[i] = 0;
  *cell = b << CELL_ID_SHIFT | (entry ? 0 : *cell);
  *info = second;
  return true;
}

static bool fill_empty(const struct spill *s, uint32_t cell, uint32_t info) {
  for (unsigned i = 0; i < s->n; i++) {
    if (s->cell[i]) continue;
    s->cell[i] = cell;
    spill_info(s)[i] = info;
    return true;
  }
  return false;
}

bool spill_add(struct det_thread *t, uintptr_t granule, uint32_t cell, uint32_t info) {
  struct spill s = spill_of(granule);
  if (fill_empty(&s, cell, info)) return true;
  if (s.n == SPILLED || !make_block(t, granule)) return false;
  s = spill_of(granule);
  return fill_empty(&s, cell, info);
}

void spill_tidy(struct det_thread *t, uintptr_t granule) {
  const struct spill s = spill_of(granule);
  if (s.n != SPILLED) return;
  if (!(spill_bytes(*shadow_cell(SPILL_PLANE, granule)) & CELL_BYTES)) clear_block(t, granule);
}

bool spill_forget(struct det_thread *t, uintptr_t granule) {
  uint32_t *cell = shadow_cell(SPILL_PLANE, granule), *info = shadow_ctx(SPILL_PLANE, granule);
  if (!*cell) return false;
  const bool more = spill_has_more(*cell);
  if (spill_is_block(*cell)) free_block(t, *cell, *info);
  *cell = *info = 0;
  return more;
}

void spill_each(uintptr_t granule, void (*f)(uint32_t *cell, void *arg), void *arg) {
  const struct spill s = spill_of(granule);
  for (unsigned i = 0; i < s.n; i++)
    if (s.cell[i] & CELL_BYTES) f(&s.cell[i], arg);
}

void spill_mark(uintptr_t granule) {
  const struct spill s = spill_of(granule);
  uint32_t *info = spill_info(&s);
  for (unsigned i = 0; i < s.n; i++)
    if (s.cell[i] & CELL_BYTES) info[i] = (info[i] & ~SPILL_CTX) | composite_keep(info[i] & SPILL_CTX);
}
