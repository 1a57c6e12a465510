/* A read-only view of the goroutines, for the profiles, the debugger and the dumps.  What is seen is torn when
 * goroutines run meanwhile, but every pointer in it can be followed: stacks and Gs are never unmapped. */
#ifndef GODWIT_INSPECT_H
#define GODWIT_INSPECT_H
#include <stdbool.h>
#include <stddef.h>
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
  uintptr_t end;                  /* a foreign thread's: above its stack; 0 if unknown */
  uint32_t tid;                   /* the system's number of the thread that runs it, or ran it last; 0 if unknown */
};

/* Calls f for each goroutine. */
void inspect_each(void (*f)(const struct inspect_g *g, void *arg), void *arg);
/* Calls f for each goroutine that is leaked for certain, as gw_leak_check finds them; the world stands still for the
 * search, not for the calls.  False, and no calls, if that can't be known. */
bool inspect_leaked(void (*f)(const struct inspect_g *g, void *arg), void *arg);
/* Return addresses of a suspended goroutine, innermost first, by frame pointers; how many (at most max). */
int inspect_stack(const struct inspect_g *g, uintptr_t *pcs, int max);
/* Is this address in the code of the library itself? */
bool inspect_is_ours(uintptr_t pc);
/* What the calling thread runs; false if it is no goroutine (yet). Signal-safe. */
bool inspect_current(struct inspect_g *g);
/* Return addresses of the calling goroutine from the frame at fp on, which is one of the caller's own. */
int inspect_own_stack(uintptr_t fp, uintptr_t *pcs, int max);

/* Figures about the scheduler, each for itself. */
struct inspect_sched {
  int64_t goroutines, timers;        /* that live; that are armed */
  uint32_t gomaxprocs, idle_procs;   /* Ps */
  uint32_t procs;                    /* Ps that have a run queue: for inspect_runq */
  uint32_t threads, foreign_threads; /* Ms; adopted threads */
  uint32_t global_queue;             /* its length */
  uintptr_t thread_entry;            /* an address in the function that threads begin with */
  int64_t start;                     /* when the runtime started (monotonic) */
};
void inspect_sched(struct inspect_sched *s);
/* Length of P i's run queue. */
uint32_t inspect_runq(uint32_t i);

/* A thread of the library's own, with all signals blocked, that the detector and the search for deadlocks don't see.
 * It may not call the public API, or it would be adopted.  0 or -errno. */
int inspect_thread_start(void (*f)(void *arg), void *arg);

/* The timeline (trace_format.h) is recorded while somebody wants it: in a ring, of which the oldest part is
 * overwritten. Each begin has its end. */
void inspect_trace_begin(void);
void inspect_trace_end(void);
/* Where bytes go: put writes n bytes at an offset of the whole, 0 or -errno. */
struct inspect_sink {
  int (*put)(void *arg, uint64_t at, const void *p, size_t n);
  void *arg;
};
/* Writes the timeline from a moment (monotonic) on: offsets ascend, and the head comes once more at the end.  0 or
 * -errno.  Not from a signal handler. */
int inspect_trace_write(int64_t from, const struct inspect_sink *to);
/* All of it to a file. 0 or -errno. */
int inspect_trace_save(const char *path);

/* What the profiles want to be told of; set the functions first, then (with release) the bits.  They are called on
 * goroutines and foreign threads, inside the runtime: they may not block, park or call the public API.  fp is the frame
 * pointer of a frame of the library's, for inspect_own_stack. */
enum inspect_hook {
  INSPECT_BLOCK = 1,
  INSPECT_MUTEX = 2,
  INSPECT_LATENCY = 4,
  INSPECT_TRACE = 8, /* the runtime's own: the timeline is on (trace.c) */
  INSPECT_WAITS = INSPECT_BLOCK | INSPECT_LATENCY | INSPECT_TRACE
};
struct inspect_hooks {
  uint32_t on;                                 /* atomic: of enum inspect_hook */
  void (*blocked)(int64_t ns, uintptr_t fp);   /* a wait of the caller's has ended */
  void (*contended)(int64_t ns, uintptr_t fp); /* the caller's unlock ends somebody's wait for the lock */
  void (*latency)(int64_t ns);                 /* time from ready to running: of one in 64 waits */
};
extern struct inspect_hooks gw__inspect_hooks __attribute__((visibility("hidden")));

#endif
