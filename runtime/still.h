/* The world stands still with the library's own structures whole, for a search through memory. */
#ifndef GW_RUNTIME_STILL_H
#define GW_RUNTIME_STILL_H
#include "g.h"

/* Until still_end: all other threads are stopped (world.h), and the locks of timers, sched.lock and own.h's are held.
 * False if the library's own memory isn't known; still_end is called all the same. */
HIDDEN bool still_begin(void);
HIDDEN void still_end(void);
/* Between the two: the heaps of timers that are locked are those of the first so many of procs_all. */
extern HIDDEN uint32_t still_procs;
/* Likewise: the M that is that thread; NULL if it is none. */
HIDDEN struct m *still_m_of(uint32_t tid);

#endif
