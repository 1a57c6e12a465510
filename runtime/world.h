/* The world stands still: every other thread of the process waits in a signal handler, its registers saved. */
#ifndef GW_RUNTIME_WORLD_H
#define GW_RUNTIME_WORLD_H
#include "g.h"

enum { WORLD_REGISTERS = 23 };

struct stopped {
  uint32_t tid;
  uint32_t state;                  /* atomic: 1 its registers are here; release by the thread */
  uintptr_t sp;                    /* its stack pointer */
  uintptr_t tls;                   /* its gw__tls_begin (code.h) */
  uintptr_t regs[WORLD_REGISTERS]; /* all general ones */
};

/* Stops all threads but the caller.  A thread that blocks the signal goes on: the library's helpers do, and one that
 * sits in the kernel does no harm.  Until world_start no lock may be taken that a stopped thread may hold, and so no
 * memory be got from the arena.  sched.lock and the timers' locks are held by the caller meanwhile.  One at a time. */
HIDDEN void world_stop(void);
HIDDEN void world_start(void);
/* The threads that were stopped: between the two. */
HIDDEN const struct stopped *world_threads(uint32_t *n);

#endif
