/* A read-only view of the goroutines, for the profiles, the debugger and the dumps.  What is seen is torn when
 * goroutines run meanwhile, but every pointer in it can be followed: stacks and Gs are never unmapped. */
#ifndef GODWIT_INSPECT_H
#define GODWIT_INSPECT_H
#include <stdbool.h>
#include <stdint.h>

enum inspect_status { INSPECT_RUNNABLE = 1, INSPECT_RUNNING, INSPECT_WAITING, INSPECT_BLOCKING };

struct inspect_g {
  uint64_t id, parent; /* numbers; parent 0 if nobody created it */
  enum inspect_status status;
  const char *reason;             /* what a waiting one waits for, in Go's words; "" else */
  int64_t since;                  /* when it began to wait (monotonic, some milliseconds coarse) */
  const char *name, *key, *value; /* gw_set_name, gw_set_label; NULL without */
  uintptr_t go_pc;                /* return address of the call that created it; 0 without */
  uintptr_t pc, sp, fp;           /* where it is suspended; 0 while it runs; a foreign thread's has no pc */
  uintptr_t lo, hi;               /* its stack; 0 for a foreign thread's and main's */
  bool thread;                    /* a foreign thread's */
};

/* Calls f for each goroutine. */
void inspect_each(void (*f)(const struct inspect_g *g, void *arg), void *arg);
/* Return addresses of a suspended goroutine, innermost first, by frame pointers; how many (at most max). */
int inspect_stack(const struct inspect_g *g, uintptr_t *pcs, int max);

#endif
