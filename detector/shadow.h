/* Where shadow memory is, and the shape of a cell.
 *
 * For each 8-byte granule of the program there is a 32-bit cell in the write plane and, where somebody read, one in a
 * read plane.  The depot id of the access's stack and lock set, its context, is kept for a line or for a granule
 * (contexts.h).  A 64-byte line has one meta byte, which is also the line's lock: whoever judges and records holds it,
 * so that no two accesses to a granule can miss one another.
 *
 * All planes are linear (cell address = base + p / 2): only the parts that belong to windows of the address space in
 * which the program has mappings are reserved, and pages are touched on demand.
 */
#ifndef GW_DETECTOR_SHADOW_H
#define GW_DETECTOR_SHADOW_H
#include <stdbool.h>
#include <stdint.h>

#include "base/prim.h"
#include "base/spin.h"
#include "godwit/abi.h"

/* A cell: [epoch id 23 | atomic 1 | bytes 8]. */
enum { CELL_BYTES = 0xff, CELL_ATOMIC = 0x100, CELL_ID_SHIFT = 9 };
enum { CELL_ID_BITS = 32 - CELL_ID_SHIFT };
#define CELL_ID_MAX ((1u << CELL_ID_BITS) - 1)
static inline uint32_t cell_id(uint32_t cell) { return cell >> CELL_ID_SHIFT; }
static inline bool cell_same_id(uint32_t a, uint32_t b) { return (a ^ b) >> CELL_ID_SHIFT == 0; }

/* Planes: 0 holds writes, 1 to READ_PLANES reads (a thread uses one of them, so that concurrent readers of the same
 * memory don't take each other's cells), the last what was displaced from the others (victims; see spill.h for
 * the second and victim.h for the ninth and so on). Pages are touched on demand: a program whose threads share little
 * pays for the first two. */
enum { READ_PLANES = 4, SHARED_READ_PLANE = 1, SPILL_PLANE = READ_PLANES + 1, PLANES = SPILL_PLANE + 1 };
/* In the spill plane the context word also says: it was a write. */
#define SPILL_WRITE 0x80000000u
#define SPILL_CTX 0x3fffffffu
/* What its cell has, if it is no entry, when the table has more victims of this granule: so a cell of 0 says that it
 * has none at all. */
#define SPILL_MORE CELL_ATOMIC
/* Bits of a line's meta byte: which planes may hold something, and what else is known of the line. */
enum { META_WRITE = 1, META_READ0 = 2, META_SYNC = 0x20, META_VICTIMS = 0x40, META_LOCK = 0x80 };
enum { META_READS = META_READ0 * ((1 << READ_PLANES) - 1) };

extern struct shadow {
  uintptr_t cells[PLANES]; /* base of each plane; 0: write */
  uintptr_t ctx[PLANES];   /* base of the plane of contexts beside it, which is used where they differ (contexts.h) */
  uintptr_t words;         /* base of what says so: a word for each line and plane */
  uintptr_t meta;          /* base of the meta bytes: meta + (p >> 6) */
} shadow;

/* Finds room and reserves it; ends the process with a clear message when the system refuses. Called once. */
void shadow_init(void);
/* True if [lo, hi) has shadow memory; reserves it where it is missing and the address space has room. */
bool shadow_cover(uintptr_t lo, uintptr_t hi);
extern bool shadow_windows[128]; /* by terabyte: has shadow */
static inline bool shadow_covered(uintptr_t p) { return p >> 47 == 0 && shadow_windows[p >> 40]; }
/* Calls f for each window of the program's address space that has shadow. */
void shadow_each_window(void (*f)(uintptr_t lo, uintptr_t hi, void *arg), void *arg);

static inline uint32_t *shadow_cell(unsigned plane, uintptr_t granule) {
  return (uint32_t *)(shadow.cells[plane] + (granule << 2));
}
static inline uint32_t *shadow_ctx(unsigned plane, uintptr_t granule) {
  return (uint32_t *)(shadow.ctx[plane] + (granule << 2));
}
/* The bytes of the granule that [p, end) has, as a cell has them. */
static inline __attribute__((always_inline)) uint32_t bytes_in(uintptr_t granule, uintptr_t p, uintptr_t end) {
  uintptr_t lo = granule << 3;
  uint32_t mask = CELL_BYTES;
  if (p > lo) mask &= CELL_BYTES << (p - lo);
  if (end < lo + 8) mask &= CELL_BYTES >> (lo + 8 - end);
  return mask & CELL_BYTES;
}

/* The pages of the planes' words alternate: one for each of eight planes, as many as are used of which exist. */
enum { WORDS_LOG = 10, WORD_PLANES_LOG = 3 };
_Static_assert(PLANES <= 1 << WORD_PLANES_LOG, "each has its pages of words");
static inline uint32_t *shadow_word(unsigned plane, uintptr_t line) {
  const uintptr_t in_page = line & (((uintptr_t)1 << WORDS_LOG) - 1);
  return (uint32_t *)(shadow.words + ((line - in_page) << (WORD_PLANES_LOG + 2)) + (plane << (WORDS_LOG + 2)) +
                      (in_page << 2));
}
static inline uint8_t *shadow_meta(uintptr_t line) { return (uint8_t *)(shadow.meta + line); }

/* Notes that something is known of the line, for those who look for that in much memory: the page of 4 KB that it lies
 * in, and the region of 1 MB. Called when a bit of a line's meta byte is set for the first time, before the line's lock
 * is free. A page is forgotten by the collector only. */
void shadow_note_line(uintptr_t line);
enum { PAGE_LINES_LOG = 6, PAGE_LINES = 1 << PAGE_LINES_LOG };
extern uint8_t *shadow_pages; /* atomic bytes, by page: 1 if it is noted */
static inline bool shadow_page_is_noted(uintptr_t line) {
  return __atomic_load_n(&shadow_pages[line >> PAGE_LINES_LOG], __ATOMIC_RELAXED);
}
/* The first line from `line` up to `end` of a page that is noted; `end` if there is none. */
uintptr_t shadow_noted_line(uintptr_t line, uintptr_t end);
/* For the collector, alone: each region that was noted, as its first line; it has REGION_LINES. */
enum { REGION_LINES = 1 << 14 };
void shadow_each_region(void (*f)(uintptr_t line, void *arg), void *arg);

/* Takes the line's lock and returns what its meta byte holds besides. While it is held the byte says nothing but that:
 * the bits are with the holder, who puts them back (one exchange is cheaper than a loop that keeps them in place). */
uint8_t line_lock_taken(uint8_t *meta); /* retired.c: somebody has it, or the collector left the line so */
static inline uint8_t line_lock(uint8_t *meta) {
  /* acquire: pairs with the release in line_unlock */
  const uint8_t old = __atomic_exchange_n(meta, META_LOCK, __ATOMIC_ACQUIRE);
  return __builtin_expect(!(old & META_LOCK), 1) ? old : line_lock_taken(meta);
}
static inline void line_unlock(uint8_t *meta, uint8_t bits) { __atomic_store_n(meta, bits, __ATOMIC_RELEASE); }

#endif
