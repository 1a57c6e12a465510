/* Memory that changes hands: what was recorded about it is dropped, or accesses of its former owner would seem to race
 * with those of the next. */
#include "base/prim.h"
#include "detector/contexts.h"
#include "detector/detector.h"
#include "detector/retired.h"
#include "detector/row.h"
#include "detector/shadow.h"
#include "detector/spill.h"
#include "detector/sync.h"
#include "detector/victim.h"

enum { DISCARD_MIN = 1 << 20 }; /* guess: from here on giving pages back beats clearing them */

static void forget_victims(struct det_thread *t, uintptr_t first, uintptr_t last) {
  bool more = false;
  for (uintptr_t g = first; g <= last; g++) more |= spill_forget(t, g);
  if (more) victim_forget(first, last);
}

/* Clears the granules [first, last] of one line. Only a whole line loses its bits, and META_SYNC never: an object may
 * be on its way into a neighbouring block that shares the line. */
static void reborn_line(struct det_thread *t, uintptr_t first, uintptr_t last) {
  uint8_t *m = shadow_meta(first >> 3);
  if (__atomic_load_n(m, __ATOMIC_RELAXED) == 0) return;
  const bool whole = (first & 7) == 0 && (last & 7) == 7;
  uint8_t meta = whole ? line_lock_to_clear(m) : line_lock(m);
  for (unsigned k = 0; k <= READ_PLANES; k++) {
    if (!(meta & META_WRITE << k)) continue;
    for (uintptr_t g = first; g <= last; g++) __atomic_store_n(shadow_cell(k, g), 0, __ATOMIC_RELAXED);
    if (whole) context_drop_line(t, k, first >> 3);
  }
  if (meta & META_VICTIMS) forget_victims(t, first, last);
  line_unlock(m, whole ? meta & META_SYNC : meta);
  if (meta & META_SYNC) sync_forget_range(t, first << 3, (last + 1) << 3);
}

/* Nothing is known of most of a goroutine's stack, and each start comes by here: hence page by page. */
static void reborn_lines(struct det_thread *t, uintptr_t lo, uintptr_t hi) {
  const uintptr_t end = hi >> 6;
  for (uintptr_t line = lo >> 6; line < end;) {
    if ((line & (PAGE_LINES - 1)) == 0 && (line = shadow_noted_line(line, end)) >= end) return;
    if ((line & 7) == 0 && line + 8 <= end) { /* eight lines' bytes at once */
      if (__atomic_load_n((const uint64_t *)(const void *)shadow_meta(line), __ATOMIC_RELAXED) == 0) {
        line += 8;
        continue;
      }
    }
    reborn_line(t, line << 3, (line << 3) + 7);
    line++;
  }
}

/* Planes in which one of eight lines has something, by their meta bytes: a set of bits. */
static unsigned planes_of(uint64_t metas) {
  metas |= metas >> 32;
  metas |= metas >> 16;
  return (unsigned)(metas | metas >> 8) & ((META_WRITE << SPILL_PLANE) - 1);
}

/* The lines' victims, clocks and blocks of contexts live outside the planes, so these are dropped by line; then the
 * pages go back. A plane's page stands for 8 KB of the program (meta: 256 KB, which is left in place but zeroed by
 * reborn_lines' rule; words of contexts: 64 KB).
 */
static void reborn_pages(struct det_thread *t, uintptr_t lo, uintptr_t hi) {
  for (uintptr_t line = lo >> 6; line < hi >> 6; line += 8) {
    if ((line & (PAGE_LINES - 1)) == 0 && (line = shadow_noted_line(line, hi >> 6)) >= hi >> 6) break;
    const uint64_t *eight = (const uint64_t *)(const void *)shadow_meta(line);
    uint64_t bits = __atomic_load_n(eight, __ATOMIC_RELAXED);
    if (bits == 0) continue;
    /* META_SYNC, META_VICTIMS, or META_LOCK, which hides them */
    if (bits & 0xe0e0e0e0e0e0e0e0u || context_any_block(line, planes_of(bits))) {
      for (uintptr_t l = line; l < line + 8; l++) reborn_line(t, l << 3, (l << 3) + 7);
    } else {
      __atomic_store_n((uint64_t *)(void *)shadow_meta(line), 0, __ATOMIC_RELAXED);
    }
  }
  for (unsigned k = 0; k < PLANES; k++) {
    prim_discard(shadow_cell(k, lo >> 3), (hi - lo) / 2);
    prim_discard(shadow_ctx(k, lo >> 3), (hi - lo) / 2);
  }
}

void det_reborn(uintptr_t lo, uintptr_t hi) {
  struct det_thread *t = det_self;
  /* whole granules: the bytes beside the block belong to its allocator, if not to it */
  uintptr_t first_line = (lo + 63) & ~(uintptr_t)63, end_line = hi & ~(uintptr_t)63;
  if (first_line > end_line) return reborn_line(t, lo >> 3, (hi - 1) >> 3);
  if (lo < first_line) reborn_line(t, lo >> 3, (first_line - 1) >> 3);
  if (end_line < hi) reborn_line(t, end_line >> 3, (hi - 1) >> 3);
  const uintptr_t page = 2 * PRIM_PAGE;
  uintptr_t lo_page = (first_line + page - 1) & ~(page - 1), hi_page = end_line & ~(page - 1);
  if (hi_page > lo_page && hi_page - lo_page >= DISCARD_MIN) {
    reborn_lines(t, first_line, lo_page);
    reborn_pages(t, lo_page, hi_page);
    reborn_lines(t, hi_page, end_line);
  } else {
    reborn_lines(t, first_line, end_line);
  }
}

/* The cells of granules first to last, of which `end` is the end of what is written: written in the own epoch. */
static inline void fresh_cells(const struct race_g *g, uintptr_t first, uintptr_t last, uintptr_t end) {
  row_set(shadow_cell(0, first), (unsigned)(last - first) + 1, g->epoch | CELL_BYTES);
  if (LIKELY(end >> 3 > last)) return;
  for (uintptr_t i = end >> 3; i <= last; i++) {
    const uint32_t bytes = i == end >> 3 && end & 7 ? CELL_BYTES >> (8 - (end & 7)) : 0;
    __atomic_store_n(shadow_cell(0, i), bytes ? g->epoch | bytes : 0, __ATOMIC_RELAXED);
  }
}

/* One line: what was there goes, and what of it lies in [p, end) is recorded as written.  Nobody else may touch it. */
static void fresh_line(struct det_thread *t, struct race_g *g, uintptr_t lo, uintptr_t hi, uintptr_t end,
                       uint32_t ctx) {
  const uintptr_t first = lo >> 3, last = (hi - 1) >> 3, line = first >> 3;
  const unsigned k = (unsigned)(last - first) + 1;
  uint8_t *m = shadow_meta(line);
  const bool whole = k == LINE_CELLS;
  const unsigned meta = whole ? line_lock_to_clear(m) : line_lock(m);
  for (unsigned bits = meta >> 1 & ((1u << READ_PLANES) - 1); bits; bits &= bits - 1) {
    const unsigned plane = (unsigned)__builtin_ctz(bits) + 1;
    row_set(shadow_cell(plane, first), k, 0);
    if (whole) context_drop_line(t, plane, line);
  }
  row_set_contexts(t, 0, first, k, ctx);
  fresh_cells(g, first, last, end);
  if (UNLIKELY(meta & META_VICTIMS)) forget_victims(t, first, last);
  if (!(meta & META_WRITE)) shadow_note_line(line);
  line_unlock(m, (uint8_t)((whole ? meta & META_SYNC : meta) | META_WRITE));
  if (UNLIKELY(meta & META_SYNC)) sync_forget_range(t, first << 3, (last + 1) << 3);
}

void det_reborn_fresh(struct det_thread *t, struct race_g *g, uintptr_t p, size_t room, size_t n, uint32_t ctx) {
  if (!g->epoch) det_first_record(t, g);
  /* what lies beyond n is cleared with the last line as far as that reaches */
  const uintptr_t end = p + n, all = p + room, lines_end = ((end - 1) | 63) + 1, hi = all < lines_end ? all : lines_end;
  if (all > hi) det_reborn(hi, all);
  for (uintptr_t lo = p; lo < hi;) {
    uintptr_t next = (lo | 63) + 1;
    fresh_line(t, g, lo, next < hi ? next : hi, end, ctx);
    lo = next;
  }
  g->recorded = true;
}

void race_reborn(const void *p, size_t n) {
  if (n == 0 || !det_ready) return;
  uintptr_t lo = (uintptr_t)p, hi = lo + n;
  if (!shadow_covered(lo) || !shadow_covered(hi - 1)) return;
  struct det_thread *t = det_enter();
  det_reborn(lo, hi);
  det_exit(t);
}
