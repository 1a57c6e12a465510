/* What is printed when a process ends by us: Go's layout. */
#ifndef GW_RUNTIME_DUMP_H
#define GW_RUNTIME_DUMP_H
#include "g.h"

HIDDEN void dump_panic(struct g *g, const char *message);
/* "fatal error: MESSAGE" and all goroutines, g first; under -race, with a kind, as a finding. */
HIDDEN void dump_fatal(struct g *g, const char *kind, const char *message, struct race_at at);
/* Likewise, all are asleep. */
HIDDEN void dump_asleep(void);

/* Where a signal hit the goroutine that a dump is made on; zero: where the dump is called. */
extern HIDDEN struct dump_from {
  uintptr_t pc, fp;
} dump_from;

struct inspect_g;
/* Main's stack ends there; 0 if that isn't known. */
HIDDEN uintptr_t main_stack_end(void);
/* Above its last frame. */
HIDDEN uintptr_t stack_end(const struct inspect_g *g);
HIDDEN void inspect_g(struct g *g, struct inspect_g *v);
/* Return addresses from frame pointer fp on, `pc` first unless it is 0; frames lie in [sp, hi). */
HIDDEN int stack_walk(uintptr_t pc, uintptr_t fp, uintptr_t sp, uintptr_t hi, uintptr_t *pcs, int max);

#endif
