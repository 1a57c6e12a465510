/* Whole lines of a range: the slow path for what a loop touches.
 *
 * Such lines are uniform, mostly: the loop of an earlier epoch left the same in all eight cells of a plane.  What
 * stands in a plane is judged once then and replaced by whole words, two cells each; consecutive lines mostly hold the
 * same, so that what was found ordered before is not asked again.  A line is *simple* when
 *   - it has no victims (any more: the bit stays);
 *   - every plane that the access is judged against holds one value in all its cells: none, or an entry that happens
 *     before the access (or, in the read planes, one of its own epoch);
 *   - the access conflicts with all that the entry conflicts with: it is a write, or the entry is a read.
 * Of a read's own plane the entry may also be one that doesn't happen before it, of other readers: where the thread has
 * no other plane, they become a set (readers.h), and consecutive lines the same one.
 * Where a read's line was written, and has nothing in the read planes, the two are to become a duo (duo.h), for whose
 * read the same holds.
 * That is the case in access.c in which everything older is dropped but writes that a read finds, which stay.  All else
 * is left to access.c, granule by granule.
 *
 * Locks: the meta byte of a line is its lock (shadow.h).  Eight lines that adjoin have their bytes in one word, which
 * is taken by one exchange; if somebody held one of the eight, the others are given back at once, and the line is taken
 * by itself: nobody waits for a lock while holding another.
 *
 * Rejected: vector registers, which the program is using; they would have to be saved, which pays only for ranges so
 * long that memory decides.
 */
#include "detector/lines.h"

#include "detector/contexts.h"
#include "detector/duo.h"
#include "detector/epoch.h"
#include "detector/readers.h"
#include "detector/shadow.h"

enum { WORDS = 4, GROUP = 8 }; /* of two cells in a line of a plane; lines with their meta bytes in one word */
#define EACH_BYTE 0x0101010101010101u

typedef uint64_t __attribute__((may_alias)) word;

static inline word twice(uint32_t cell) { return (word)cell << 32 | cell; }
static inline word *line_cells(unsigned plane, uintptr_t line) { return (word *)shadow_cell(plane, line << 3); }

static inline bool all_are(const word *w, word value) {
  return ((w[0] ^ value) | (w[1] ^ value) | (w[2] ^ value) | (w[3] ^ value)) == 0;
}

/* Others compare with these cells at any time, each as a whole. */
static inline void set_all(word *w, word value) {
  for (int i = 0; i < WORDS; i++) __atomic_store_n(&w[i], value, __ATOMIC_RELAXED);
}

/* While one access runs, each twice: the last entries that were found to happen before it; and the last that was found
 * beside it, with its context, and what the two came to. */
struct found {
  word write, read;
  word beside, joined;
  uint32_t ctx;
  word written, duo;   /* likewise what a read found in the write plane, and the duo that the two came to */
  size_t joined_lines; /* for which that was so */
  bool no_duo;         /* one wasn't to be had: it isn't asked for again */
};

/* Does the line hold nothing, or one entry only, which happens before the access? */
static inline bool settled(const struct lines_access *a, const word *w, word *known) {
  if (all_are(w, *known)) return true;
  uint32_t cell = (uint32_t)w[0];
  if (!all_are(w, twice(cell))) return false;
  if (cell && (cell_same_id(cell, a->own) || !epoch_before(a->g, cell_id(cell)))) return false;
  *known = twice(cell);
  return true;
}

/* A read may also find what its own epoch wrote; it is recorded all the same, for the inline check. */
static inline bool writes_are_settled(const struct lines_access *a, const word *w, word *known) {
  return settled(a, w, known) || (a->plane && all_are(w, twice(a->own | CELL_BYTES)));
}

static bool reads_are_settled(const struct lines_access *a, uintptr_t line, unsigned planes, word *known) {
  for (unsigned bits = planes; bits; bits &= bits - 1) {
    const word *w = line_cells((unsigned)__builtin_ctz(bits) + 1, line);
    uint32_t cell = (uint32_t)w[0];
    if (cell_same_id(cell, a->own) && all_are(w, twice(cell))) continue;
    if (!settled(a, w, known)) return false;
  }
  return true;
}

/* The own epoch's reads stay, for the inline check. */
static void drop_reads(const struct lines_access *a, uintptr_t line, unsigned planes) {
  for (unsigned bits = planes; bits; bits &= bits - 1) {
    word *w = line_cells((unsigned)__builtin_ctz(bits) + 1, line);
    if (w[0] && !cell_same_id((uint32_t)w[0], a->own)) set_all(w, 0);
  }
}

/* The line's readers and this one become a set; false if they can't: then single.c knows another way. */
static bool join_readers(const struct lines_access *a, uintptr_t line, word *mine, struct found *found) {
  const uint32_t cell = (uint32_t)mine[0], ctx = *shadow_word(a->plane, line);
  if (found->beside == twice(cell) && found->ctx == ctx && all_are(mine, found->beside)) {
    if (found->joined != found->beside) set_all(mine, found->joined);
    return true;
  }
  if (!all_are(mine, twice(cell)) || cell & CELL_ATOMIC || !(cell & CELL_BYTES) || cell_same_id(cell, a->own))
    return false;
  if (ctx & CONTEXT_MIXED && !readers_of(cell_id(cell))) return false;
  const struct readers_new read = {.own = a->own, .mask = CELL_BYTES, .ctx = a->ctx, .granules = LINE_CELLS};
  const uint32_t joined = readers_join(a->t, a->g, cell, ctx, &read);
  if (!joined) return false;
  found->beside = twice(cell);
  found->joined = twice(joined);
  found->ctx = ctx;
  if (joined != cell) set_all(mine, twice(joined));
  return true;
}

static inline unsigned read_planes(uint8_t meta) { return meta >> 1 & ((1u << READ_PLANES) - 1); }

/* What came of an access to one line, locked; of what isn't simple nothing is done. */
enum came_to { NOT_SIMPLE, DONE, RECORDED }; /* RECORDED: in the access's own plane */

/* The read of a line that was written with all its bytes, and has no reads in the planes.  The write and the read
 * become a duo (duo.h), or the duo that is there gets the read. */
static inline enum came_to join_duo(const struct lines_access *a, word *written, struct found *found) {
  const uint32_t cell = (uint32_t)written[0];
  if (found->written != twice(cell)) {
    const struct duo_read read = {.own = a->own, .ctx = a->ctx, .granules = LINE_CELLS};
    const uint32_t joined = duo_join(a->t, a->g, cell, &read);
    if (!joined) {
      found->no_duo = true;
      return NOT_SIMPLE;
    }
    found->written = twice(cell);
    found->duo = twice(joined);
  }
  if (found->duo != found->written) set_all(written, found->duo);
  found->joined_lines++;
  return DONE;
}

static inline enum came_to record_line(const struct lines_access *a, uintptr_t line) {
  set_all(line_cells(a->plane, line), twice(a->own | CELL_BYTES));
  context_set_line(a->t, a->plane, line, a->ctx);
  return RECORDED;
}

static inline enum came_to write_line(const struct lines_access *a, uintptr_t line, uint8_t meta, struct found *found) {
  if (meta & META_WRITE && !settled(a, line_cells(0, line), &found->write)) return NOT_SIMPLE;
  if (!reads_are_settled(a, line, read_planes(meta), &found->read)) return NOT_SIMPLE;
  drop_reads(a, line, read_planes(meta));
  return record_line(a, line);
}

/* May a write and a read become a duo here? */
static inline bool is_for_duo(const struct lines_access *a, uint32_t cell, uint8_t meta, const struct found *found) {
  return (cell & CELL_BYTES) == CELL_BYTES && !(meta & META_READS) && !cell_same_id(cell, a->own) && !found->no_duo;
}

static inline enum came_to read_line(const struct lines_access *a, uintptr_t line, uint8_t meta, struct found *found) {
  if (meta & META_WRITE) {
    word *written = line_cells(0, line);
    const uint32_t cell = (uint32_t)written[0];
    const bool duo = cell_is_duo(cell);
    if (duo || is_for_duo(a, cell, meta, found)) {
      if ((cell & CELL_BYTES) != CELL_BYTES || !all_are(written, twice(cell))) return NOT_SIMPLE;
      const enum came_to r = join_duo(a, written, found);
      if (r == DONE || duo) return r;
    }
    if (!writes_are_settled(a, written, &found->write)) return NOT_SIMPLE;
  }
  word *mine = line_cells(a->plane, line);
  if (meta & META_WRITE << a->plane && !settled(a, mine, &found->read))
    return join_readers(a, line, mine, found) ? DONE : NOT_SIMPLE;
  return record_line(a, line);
}

/* One line, locked. */
static inline enum came_to access_simple_line(const struct lines_access *a, uintptr_t line, uint8_t meta,
                                              struct found *found) {
  if (meta & META_VICTIMS && !all_are(line_cells(SPILL_PLANE, line), 0)) return NOT_SIMPLE;
  return a->plane ? read_line(a, line, meta, found) : write_line(a, line, meta, found);
}

static uint8_t meta_after(const struct lines_access *a, uintptr_t line, uint8_t meta) {
  uint8_t bit = (uint8_t)(META_WRITE << a->plane);
  if (!(meta & bit)) shadow_note_line(line);
  return meta | bit;
}

/* Takes the locks of eight lines whose first is a multiple of eight, and says what they hold besides; false if one of
 * them was taken. */
static bool lock_group(uint8_t *m, uint64_t *metas) {
  /* acquire: pairs with the releases in line_unlock and unlock_group */
  uint64_t old = __atomic_exchange_n((word *)(void *)m, EACH_BYTE * META_LOCK, __ATOMIC_ACQUIRE);
  *metas = old;
  if (LIKELY(!(old & EACH_BYTE * META_LOCK))) return true;
  for (int i = 0; i < GROUP; i++) {
    uint8_t meta = (uint8_t)(old >> 8 * i);
    if (!(meta & META_LOCK)) line_unlock(m + i, meta);
  }
  return false;
}

static void unlock_group(uint8_t *m, uint64_t metas) { __atomic_store_n((word *)(void *)m, metas, __ATOMIC_RELEASE); }

/* Eight lines from `line` on; the number of simple ones in front. */
static size_t access_group(const struct lines_access *a, uintptr_t line, struct found *found) {
  uint8_t *m = shadow_meta(line);
  uint64_t metas;
  if (!lock_group(m, &metas)) return 0;
  size_t done = 0;
  for (; done < GROUP; done++) {
    uint8_t meta = (uint8_t)(metas >> 8 * done);
    const enum came_to r = access_simple_line(a, line + done, meta, found);
    if (r == NOT_SIMPLE) break;
    if (r == RECORDED) metas |= (uint64_t)meta_after(a, line + done, meta) << 8 * done;
  }
  unlock_group(m, metas);
  return done;
}

static bool access_line_alone(const struct lines_access *a, uintptr_t line, struct found *found) {
  uint8_t *m = shadow_meta(line), meta = line_lock(m);
  const enum came_to r = access_simple_line(a, line, meta, found);
  line_unlock(m, r == RECORDED ? meta_after(a, line, meta) : meta);
  return r != NOT_SIMPLE;
}

/* Does a line with these cells in the access's own plane hold it? */
static inline bool holds(const struct lines_access *a, const word *w, word *last) {
  if (all_are(w, *last)) return true;
  const uint32_t cell = (uint32_t)__atomic_load_n(w, __ATOMIC_RELAXED);
  if (cell != (a->own | CELL_BYTES) &&
      !(a->plane && (cell & CELL_BYTES) == CELL_BYTES && readers_hold(a->t, a->own, cell)))
    return false;
  *last = twice(cell);
  return all_are(w, *last);
}

/* And a read in the write plane, in a duo?  *last: 0, or a duo that has it. */
static inline bool holds_in_duo(const struct lines_access *a, const word *w, word *last) {
  if (*last && all_are(w, *last)) return true;
  const uint32_t cell = (uint32_t)__atomic_load_n(w, __ATOMIC_RELAXED);
  if (!cell_is_duo(cell) || (cell & CELL_BYTES) != CELL_BYTES || !duo_has(a->g, cell, a->own)) return false;
  *last = twice(cell);
  return all_are(w, *last);
}

/* A read looks first where it found the line before. */
size_t lines_own(const struct lines_access *a, uintptr_t line, size_t n) {
  word last = twice(a->own | CELL_BYTES), duo = 0;
  bool in_duos = false;
  size_t i = 0;
  for (; i < n; i++) {
    if (in_duos && holds_in_duo(a, line_cells(0, line + i), &duo)) continue;
    in_duos = false;
    if (holds(a, line_cells(a->plane, line + i), &last)) continue;
    if (!a->plane || !holds_in_duo(a, line_cells(0, line + i), &duo)) break;
    in_duos = true;
  }
  return i;
}

size_t lines_access(const struct lines_access *a, uintptr_t line, size_t n) {
  struct found found = {0};
  size_t done = 0;
  while (done < n) {
    size_t step = 0;
    if ((line + done) % GROUP == 0 && n - done >= GROUP) step = access_group(a, line + done, &found);
    if (step == 0 && !access_line_alone(a, line + done, &found)) break;
    done += step ? step : 1;
  }
  if (found.joined_lines) duo_earned(a->t, found.joined_lines * LINE_CELLS);
  return done;
}
