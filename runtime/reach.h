/* What can be reached: conservative marking from roots through memory, for leak.c. */
#ifndef GW_RUNTIME_REACH_H
#define GW_RUNTIME_REACH_H
#include "g.h"

/* Of struct g.leak.  Blocked goroutines begin as BLOCKED and become LIVE when something that lives may wake them. */
enum leak_mark { LEAK_NONE, LEAK_BLOCKED, LEAK_LIVE };

/* The world stands still and own_freeze holds for all of these, and the mappings are read (maps.h). */

/* False: there's no memory for it; reach_end all the same. */
HIDDEN bool reach_begin(void);
/* False: memory ran out on the way, so that some of what can be reached was not found. */
HIDDEN bool reach_end(void);
/* Main's stack, of which [lo, hi) is in use while g waits. */
HIDDEN void reach_main_stack(struct g *g, uintptr_t lo, uintptr_t hi);
/* Whoever has the word reaches what it points to. */
HIDDEN void reach_word(uintptr_t word);
/* Likewise all words of [lo, hi). */
HIDDEN void reach_range(uintptr_t lo, uintptr_t hi);
/* g lives: what its stack holds, from sp on, can be reached. */
HIDDEN void reach_g(struct g *g, uintptr_t sp);
/* All writable memory of the program: globals, thread-locals, foreign threads' stacks; without a book of heap blocks
 * the heap, too. */
HIDDEN void reach_globals(void);
/* Follows all that was reached so far; how many blocked goroutines came alive by it. */
HIDDEN unsigned reach_follow(void);

#endif
