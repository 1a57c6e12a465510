/* Composites: the contexts (depot.h) of entries whose bytes were accessed at several places in one epoch.  Each is a
 * block with a place's context for each byte of the granule.
 *
 * The first that an entry gets says of two places which bytes came from where.  It is *shared*: most pairs come again,
 * in the next structure of an array, so a thread remembers its latest ones.  With a third place, as where a
 * decompressor writes byte by byte, few are like others; so the entry gets a block of its *own*, and what comes then
 * goes into that: one block for a granule, however many places there are.
 *
 * A shared block never changes.  An own one changes with the one entry that it was made for, under the line's lock, and
 * only for bytes that the entry's epoch accesses in the same way: so whoever else still has its number, a set that the
 * entry was in (readers.h), say, finds for each of its bytes a place where that epoch accessed it.
 *
 * They go by mark and sweep, while every other thread is outside the detector (collect.c): contexts are all that leads
 * to them, so they are marked where the collector finds contexts.  A place may keep the number of one that is free as
 * long as its cell is empty: it is no context then.
 */
#ifndef GW_DETECTOR_COMPOSITE_H
#define GW_DETECTOR_COMPOSITE_H
#include "detector/depot.h"

/* Called once, after depot_init. */
void composite_init(void);
/* The context of an own entry with `was` after an access to `mask` with `mine`, a place's.  The caller holds the line's
 * lock. */
uint32_t composite_join(struct det_thread *t, uint32_t was, uint32_t mine, uint32_t mask);
/* The same for what isn't in a cell: `was` stays as it is. */
uint32_t composite_of(struct det_thread *t, uint32_t was, uint32_t mine, uint32_t mask);

/* The place's context of the access to (some of) the bytes in mask. */
static inline uint32_t composite_resolve(uint32_t context, uint32_t mask) {
  if (context < DEPOT_SHARED) return context;
  return ((const uint32_t *)(const void *)depot_get(context))[__builtin_ctz(mask)];
}

/* For the collector, alone. */

bool composites_are_many(void);
/* The context is in use, if composites are going to be swept; else nothing. */
void composite_mark_begin(void);
void composite_mark(uint32_t context);
/* The same for a place that gets what is returned: a shared one that says the same, if composites are going to be
 * swept. */
uint32_t composite_keep(uint32_t context);
/* Composites that weren't marked are free.  The next sweep is due when new ones have taken `bytes`, but not before
 * there are as many new ones as are left.  The room that threads have means nothing any more: composite_forget. */
void composite_sweep(size_t bytes);
void composite_forget(struct det_thread *t);

#endif
