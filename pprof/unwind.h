/* A stack that a signal has interrupted, by its frame pointers.  Code without them (libc, much else) may have put
 * anything into the register: nothing is read that isn't there, and a word that points into no code ends the walk. */
#ifndef GW_PPROF_UNWIND_H
#define GW_PPROF_UNWIND_H
#include <stdint.h>

struct inspect_g;

/* context: the handler's third argument; g: what the thread runs, or NULL if it is no goroutine.  Addresses as return
 * addresses: the first is one more than where it was interrupted.  Signal-safe. */
int unwind_interrupted(const void *context, const struct inspect_g *g, uintptr_t *pcs, int max);

/* The same from a frame that is known. */
int unwind_from(uintptr_t fp, const struct inspect_g *g, uintptr_t *pcs, int max);

#endif
