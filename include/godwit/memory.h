/* Memory that the runtime keeps.  Included by godwit.h. */
#ifndef GODWIT_MEMORY_H
#define GODWIT_MEMORY_H

/* Gives the memory of ended goroutines' stacks back to the system now, but for some dozens that each processor keeps;
 * by itself that happens within a minute after a peak.  Takes about half a microsecond for each and never blocks.  As
 * Go's debug.FreeOSMemory. */
void gw_free_os_memory(void);

#endif
