/* A raw timeline, as a process writes it (option trace) and `godwit trace` reads it: head, events, text.
 *
 * All numbers are little-endian.  Events of one thread are in order; those of different threads are ordered by time.
 * The text has a line "module LO HI BIAS PATH" for each module (hexadecimal), for addresses. */
#ifndef GODWIT_TRACE_FORMAT_H
#define GODWIT_TRACE_FORMAT_H
#include <stdint.h>

#define TRACE_MAGIC "godwit trace 2\n"

struct trace_head {
  char magic[16];
  int64_t start; /* monotonic nanoseconds: time 0 of the timeline */
  int64_t end;   /* when it was written */
  uint64_t lost; /* events that were overwritten by later ones */
  uint64_t text; /* offset of the text in the file; the events lie between head and text */
};

enum trace_kind {
  TRACE_CREATE = 1, /* g comes into being, by `other`; arg: its function's address */
  TRACE_START,      /* g runs on p; who ran there doesn't any more */
  TRACE_BLOCK,      /* g waits for reason; arg: return address of the user's call */
  TRACE_READY,      /* g may run again, by `other` (0: a timer, the poller, a foreign thread), whose call is arg */
  TRACE_END,        /* g has ended */
  TRACE_SYSCALL,    /* g is in gw_blocking: it runs on without p */
  TRACE_P_START,    /* thread `arg` takes p */
  TRACE_P_STOP,     /* and gives it up */
  TRACE_STATE,      /* g was there before: `other` is enum trace_state; arg: its function's address */
  TRACE_NAME        /* g has a name; arg: its bytes from `other` on, up to a zero.  Its end comes first (reason 1) and
                       its beginning last: what lacks that is no name.  The last name counts */
};
enum trace_state { TRACE_RUNNABLE, TRACE_RUNS /* on p */, TRACE_WAITS /* for reason */, TRACE_CALLS /* gw_blocking */ };
#define TRACE_NO_P 0xffff

struct trace_event {
  int64_t time;   /* monotonic nanoseconds */
  uint64_t g;     /* number of the goroutine; 0 for events of a P */
  uint64_t arg;   /* see the kinds */
  uint32_t other; /* number of another goroutine, less its upper half; 0: none */
  uint16_t p;     /* processor, or TRACE_NO_P */
  uint8_t kind;   /* enum trace_kind */
  uint8_t reason; /* of a block: index into reasons.inc; of a name: see there */
};
_Static_assert(sizeof(struct trace_event) == 32, "two to a cache line");

#endif
