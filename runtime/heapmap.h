/* The program's heap blocks while the world stands still: which one an address lies in (under -race, where the detector
 * has a book of them; else there are none). */
#ifndef GW_RUNTIME_HEAPMAP_H
#define GW_RUNTIME_HEAPMAP_H
#include "g.h"

/* Makes the table, once the mappings are read (maps.h); false: there's no memory for it. */
HIDDEN bool heapmap_begin(void);
HIDDEN void heapmap_end(void);
/* True the first time that somebody asks about an address in this block; false for none, too. */
HIDDEN bool heapmap_enter(uintptr_t address, uintptr_t *base, size_t *size);
/* Calls f for each part of [lo, hi) that lies in no block, be it in use or freed.  By ascending addresses from one call
 * to the next. */
HIDDEN void heapmap_each_gap(uintptr_t lo, uintptr_t hi, void (*f)(uintptr_t lo, uintptr_t hi));

#endif
