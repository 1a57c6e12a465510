/* Where goroutines that run now stand: asked by signals to their threads. */
#ifndef GW_PPROF_SNAPSHOT_H
#define GW_PPROF_SNAPSHOT_H
#include <stdint.h>

/* From begin to end one asks; others wait for it.  Ask for each, wait for all (a quarter of a second at most), then
 * take the stacks: how many return addresses, 0 if it couldn't be had. */
void snapshot_begin(void);
void snapshot_ask(uint64_t goroutine, uint32_t tid);
void snapshot_wait(void);
int snapshot_stack(uint64_t goroutine, uintptr_t *pcs, int max);
void snapshot_end(void);
/* In the child of a fork. */
void snapshot_after_fork(void);

#endif
