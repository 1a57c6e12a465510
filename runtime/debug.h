/* What a debugger reads of a process: one table that names the places in our structures (debug.c).  It needs no debug
 * information of ours, and its symbol is exported, so that stripped programs and core files will do. */
#ifndef GW_RUNTIME_DEBUG_H
#define GW_RUNTIME_DEBUG_H
#include <stdint.h>

/* How stack.c arranges Gs: lists of slabs of equal slots. */
struct debug_stacks {
  void *const *slabs;                       /* head of the list */
  const uint64_t *slot;                     /* bytes of a slot */
  uint64_t slab_next, slab_base, slab_used; /* offsets in a slab: pointer, pointer, u32 */
  uint64_t g_room;                          /* slot i's G: this below the slot's end, and ... */
  uint64_t colors, color;                   /* ... i % colors * color below that */
};
extern const struct debug_stacks debug_stacks __attribute__((visibility("hidden")));

#endif
