/* What is printed when a process ends by us: Go's layout. */
#ifndef GW_RUNTIME_DUMP_H
#define GW_RUNTIME_DUMP_H
#include "g.h"

/* Where a signal hit the goroutine that a dump is made on; zero: where the dump is called. */
extern HIDDEN struct dump_from {
  uintptr_t pc, fp, sp;
} dump_from;

HIDDEN void dump_panic(struct g *g, const char *message);
/* "fatal error: MESSAGE" and all goroutines, g first; under -race, with a kind, as a finding. */
HIDDEN void dump_fatal(struct g *g, const char *kind, const char *message, struct race_at at);
/* Likewise, all are asleep. */
HIDDEN void dump_asleep(void);
/* `head` and all goroutines, as they stood at one moment; those that run, too. Not on a goroutine.  A thread may
 * still be in the handler whose frame is given, that came when it was `at`. */
HIDDEN void dump_quit(const char *head, uintptr_t handler, const struct dump_from *at);
/* `head`, g (NULL: none), which faulted at dump_from, and the others.  Signal-safe. */
HIDDEN void dump_fault(struct g *g, const char *head);

struct inspect_g;
/* Return addresses from there on. */
HIDDEN int dump_walk(const struct dump_from *from, const struct inspect_g *g, uintptr_t *pcs, int max);
/* Main's stack ends there; 0 if that isn't known. */
HIDDEN uintptr_t main_stack_end(void);
/* Above its last frame. */
HIDDEN uintptr_t stack_end(const struct inspect_g *g);
HIDDEN void inspect_g(struct g *g, struct inspect_g *v);
/* Return addresses from frame pointer fp on, `pc` first unless it is 0; frames lie in [sp, hi). */
HIDDEN int stack_walk(uintptr_t pc, uintptr_t fp, uintptr_t sp, uintptr_t hi, uintptr_t *pcs, int max);

#endif
