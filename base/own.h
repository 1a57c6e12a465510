/* Which memory is the library's own: what prim.h mapped.  A search for the program's pointers leaves it out. */
#ifndef GW_BASE_OWN_H
#define GW_BASE_OWN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* [at, at+n) is ours now; any more it isn't (nothing, if it never was). */
void own_add(uintptr_t at, size_t n);
void own_remove(uintptr_t at, size_t n);
/* Is the address ours?  If it is, *end is where that mapping ends, else where the next one of ours begins (UINTPTR_MAX:
 * nowhere).  Between own_freeze and own_thaw only. */
bool own_find(uintptr_t address, uintptr_t *end);
/* Nothing is added or removed until own_thaw: sorts what there is.  False if there was more than the table could
 * hold. */
bool own_freeze(void);
void own_thaw(void);

/* Held across fork: see fork.h. */
void own_fork_lock(void);
void own_fork_unlock(void);

#endif
