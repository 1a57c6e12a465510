/* spill.h: places, and the judging that needs no more than these. */
#include "detector/spill.h"

#include "detector/judge.h"

static void clear_block(struct det_thread *t, uintptr_t granule) {
  uint32_t *cell = shadow_cell(SPILL_PLANE, granule), *info = shadow_ctx(SPILL_PLANE, granule);
  const uint32_t more = *info & SPILL_MORE;
  context_block_free(t, *info & SPILL_CTX);
  *cell = more ? SPILL_ONLY_MORE : 0;
  *info = more;
}

/* The entry in the plane moves into a block, which has room for others; false if there are no blocks. */
static bool make_block(struct det_thread *t, uintptr_t granule) {
  uint32_t b = context_block_take(t);
  if (UNLIKELY(!b)) return false;
  uint32_t *cell = shadow_cell(SPILL_PLANE, granule), *info = shadow_ctx(SPILL_PLANE, granule);
  uint32_t *in_block = context_blocks[b].ctx;
  in_block[0] = *cell;
  in_block[SPILLED] = *info & ~SPILL_MORE;
  for (unsigned i = 1; i < SPILLED; i++) in_block[i] = 0;
  *cell = SPILL_IN_BLOCK;
  *info = (*info & SPILL_MORE) | b;
  return true;
}

static bool fill_empty(const struct spill *s, uint32_t cell, uint32_t info) {
  for (unsigned i = 0; i < s->n; i++) {
    if (s->cell[i] & CELL_BYTES) continue;
    s->cell[i] = cell;
    s->info[i] = info | (s->n == 1 ? s->info[0] & SPILL_MORE : 0);
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
  uint32_t any = 0;
  for (unsigned i = 0; i < s.n; i++) any |= s.cell[i];
  if (s.n == SPILLED && !any) clear_block(t, granule);
}

bool spill_forget(struct det_thread *t, uintptr_t granule) {
  uint32_t *cell = shadow_cell(SPILL_PLANE, granule), *info = shadow_ctx(SPILL_PLANE, granule);
  const bool more = *cell && *info & SPILL_MORE;
  if (*cell == SPILL_IN_BLOCK) context_block_free(t, *info & SPILL_CTX);
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

enum spill_verdict spill_judge(const struct spill_access *a, struct spill_way *w) {
  w->at.n = 0;
  if (!*shadow_cell(SPILL_PLANE, a->granule)) return SPILL_CLEAR;
  if (*shadow_ctx(SPILL_PLANE, a->granule) & SPILL_MORE) return SPILL_RARE;
  w->at = spill_of(a->granule);
  for (unsigned i = 0; i < w->at.n; i++) {
    w->left[i] = 0;
    if (!w->at.cell[i]) continue;
    enum spill_verdict v = judge_one(a, w->at.cell[i], w->at.info[i] & SPILL_WRITE, &w->left[i]);
    if (v != SPILL_CLEAR) return v;
  }
  return SPILL_CLEAR;
}

bool spill_has_room(struct det_thread *t, const struct spill_way *w) {
  if (w->at.n != SPILLED) return context_block_ready(t);
  for (unsigned i = 0; i < SPILLED; i++)
    if (!w->left[i]) return true;
  return false;
}

void spill_settle(struct det_thread *t, uintptr_t granule, struct spill_way *w, uint32_t cell, uint32_t info) {
  uint32_t any = 0;
  unsigned empty = 0;
  for (unsigned i = 0; i < w->at.n; i++) {
    any |= w->at.cell[i] = w->left[i];
    if (!w->left[i]) empty = i;
  }
  if (cell && w->at.n == SPILLED) {
    w->at.cell[empty] = cell;
    w->at.info[empty] = info;
  } else if (cell) {
    spill_add(t, granule, cell, info);
  } else if (!any && w->at.n == SPILLED) {
    clear_block(t, granule);
  }
}
