/* spill.h: places, and the judging that needs no more than these. */
#include "detector/spill.h"

#include "detector/judge.h"

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

/* What is left of one entry: as in access.c. */
static enum spill_verdict judge_one(const struct spill_access *a, uint32_t cell, bool wrote, uint32_t *left) {
  const bool atomic = cell & CELL_ATOMIC, mine_atomic = a->own & CELL_ATOMIC;
  *left = cell;
  if (!(cell & a->mask)) return SPILL_CLEAR;
  if ((wrote || !a->write) && cell_same_id(cell, a->own) && !(a->mask & ~cell) && (mine_atomic || !atomic))
    return SPILL_COVERED;
  if (!ordered(a->t, a->g, cell)) return (wrote || a->write) && !(atomic && mine_atomic) ? SPILL_RARE : SPILL_CLEAR;
  if ((wrote && !a->write) || (mine_atomic && !atomic)) return SPILL_CLEAR;
  cell &= ~a->mask;
  *left = cell & CELL_BYTES ? cell : 0;
  return SPILL_CLEAR;
}

static enum spill_verdict judge_each(const struct spill_access *a, struct spill_way *w) {
  const uint32_t *info = spill_info(&w->at);
  for (unsigned i = 0; i < w->at.n; i++) {
    w->left[i] = 0;
    if (!w->at.cell[i]) continue;
    enum spill_verdict v = judge_one(a, w->at.cell[i], info[i] & SPILL_WRITE, &w->left[i]);
    if (v != SPILL_CLEAR) return v;
    w->changed |= w->left[i] != w->at.cell[i];
  }
  return SPILL_CLEAR;
}

enum spill_verdict spill_judge(const struct spill_access *a, struct spill_way *w) {
  w->at.n = 0;
  w->changed = false;
  const uint32_t cell = *shadow_cell(SPILL_PLANE, a->granule);
  if (!cell) return SPILL_CLEAR;
  if (spill_has_more(cell)) return SPILL_RARE;
  w->at = spill_of(a->granule);
  return (w->at.n == 1 ? cell : spill_bytes(cell)) & a->mask ? judge_each(a, w) : SPILL_CLEAR;
}

bool spill_has_room(struct det_thread *t, const struct spill_way *w) {
  const uint32_t *left = w->changed ? w->left : w->at.cell;
  for (unsigned i = 0; i < w->at.n; i++)
    if (!left[i]) return true;
  return w->at.n != SPILLED && context_blocks_ready(t);
}

void spill_settle(struct det_thread *t, uintptr_t granule, struct spill_way *w, uint32_t cell, uint32_t info) {
  uint32_t any = cell;
  for (unsigned i = 0; w->changed && i < w->at.n; i++) any |= w->at.cell[i] = w->left[i];
  if (cell)
    spill_add(t, granule, cell, info);
  else if (w->changed && !any && w->at.n == SPILLED)
    clear_block(t, granule);
}
