/* The process's mappings, for reach.c: which of them are the program's, and may hold pointers. */
#ifndef GW_RUNTIME_MAPS_H
#define GW_RUNTIME_MAPS_H
#include "g.h"

/* Reads the list; false if that isn't possible.  The world stands still, and own_freeze holds until maps_end. */
HIDDEN bool maps_begin(void);
HIDDEN void maps_end(void);
/* The mapping that holds `top` holds frames of the scheduler below it: no roots. */
HIDDEN void maps_skip_below(uintptr_t top);
/* Does the address lie in the mapping that holds `top`, and below that? */
HIDDEN bool maps_below(uintptr_t address, uintptr_t top);
/* [lo, hi) is the library's own: no root. */
HIDDEN void maps_hole(uintptr_t lo, uintptr_t hi);
/* Calls f for each piece of writable memory that is neither the library's nor main's stack. */
HIDDEN void maps_each_root(void (*f)(uintptr_t lo, uintptr_t hi));
/* Was the page at `at` ever touched?  The same is true up to *end, which is at most hi. */
HIDDEN bool maps_used(uintptr_t at, uintptr_t hi, uintptr_t *end);

#endif
