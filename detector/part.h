/* Accesses of some bytes of one granule, which most are: judged and recorded in a few steps, also beside entries of
 * other bytes. */
#ifndef GW_DETECTOR_PART_H
#define GW_DETECTOR_PART_H
#include "detector/detector.h"
#include "detector/row.h"

/* A plain access of the bytes in mask.  Takes the line's lock, and gives it back if it is done: then ROW_DONE (row.h)
 * is returned; else nothing has changed, and it is as for row_access. */
unsigned granule_access(struct det_thread *t, const struct race_g *g, uintptr_t granule, uint32_t mask, uint32_t ctx,
                        bool write);
/* A read that is no part of a range: where a concurrent reader has the cell it goes to the thread's own plane, if it
 * has one (plane.c). */
unsigned granule_read(struct det_thread *t, const struct race_g *g, uintptr_t granule, uint32_t mask, uint32_t ctx);
/* The bytes of a line that mask, which isn't 0, has a bit for.  False if it takes more: what a write has recorded
 * before it gave up is found recorded by the next who tries; a read has recorded nothing. */
bool granules_access(struct det_thread *t, struct race_g *g, uintptr_t line, uint64_t mask, uint32_t ctx, bool write);
/* [p, p+n), of one granule, as a cell's bytes. */
static inline uint32_t granule_bytes(uintptr_t p, size_t n) { return (0xffu >> (8 - n)) << (p & 7); }

#endif
