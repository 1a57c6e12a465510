/* A timeline: a raw one (trace_format.h) read, put in order and made whole, so that whoever writes another format finds
 * each goroutine in one state at a time. */
#ifndef GW_CLI_TIMELINE_H
#define GW_CLI_TIMELINE_H
#include "cli/buf.h"
#include "godwit/trace_format.h"

/* What happens to a goroutine, or to a processor.  Of a processor: TRACE_P_START, TRACE_P_STOP.  Of a goroutine:
 * TRACE_CREATE (it may run), TRACE_START (on p, which is started and free), TRACE_READY (it was waiting), and the ends
 * of a run on p: TRACE_BLOCK, TRACE_END, TRACE_SYSCALL, STEP_YIELD, and STEP_TAKEN (p was taken away, and it goes on).
 * One that was created before the timeline begins may wait from its creation on: STEP_WAITS; in gw_blocking:
 * STEP_CALLS. */
enum { STEP_YIELD = 100, STEP_WAITS, STEP_CALLS, STEP_TAKEN };
struct step {
  int64_t time;     /* nanoseconds from the start */
  uint64_t g;       /* 0 for a processor's */
  uint64_t by;      /* of create and ready: who did it, running on p at that time; 0: unknown */
  uint64_t address; /* of create: the function; of block and ready: the call */
  uint32_t thread;  /* of a processor's start */
  int p;            /* -1: none */
  int kind;         /* enum trace_kind, or STEP_YIELD */
  int reason;       /* of a block and a wait */
};

struct timeline {
  struct step *v; /* in order */
  size_t n, room;
  int64_t end;                /* nanoseconds */
  uint64_t lost;              /* events that were overwritten */
  int procs;                  /* processors that occur */
  char *text;                 /* the modules */
  struct timeline_name *name; /* sorted by g */
  size_t names;
};
struct timeline_name {
  uint64_t g;
  size_t order;  /* of telling */
  bool whole;    /* none of it is missing */
  char text[64]; /* gw_set_name's, cut there */
};

/* Reads a file; NULL and one line in *why (the caller's) if it is none. */
struct timeline *timeline_read(const char *path, char **why);
/* The same of n bytes, which came from `from`. */
struct timeline *timeline_parse(const char *bytes, size_t n, const char *from, char **why);
void timeline_free(struct timeline *t);
/* "function" at an address of the program, with its place; "" if unknown.  All strings live until the end. */
struct timeline_place {
  const char *function, *file;
  int line;
};
struct timeline_place timeline_place(struct timeline *t, uint64_t address);
const char *timeline_reason(int reason);
/* What the goroutine was called; NULL without a name. */
const char *timeline_name(const struct timeline *t, uint64_t g);

void timeline_chrome(struct timeline *t, struct buf *out);
void timeline_go(struct timeline *t, struct buf *out);
/* "go" or "chrome"; NULL for another name. */
typedef void timeline_writer(struct timeline *t, struct buf *out);
timeline_writer *timeline_format(const char *name);
/* `godwit symbolize --timeline`: reads "N\n" and a raw timeline of N bytes on standard input, and answers likewise:
 * with none if it can't be read. */
void timeline_serve(timeline_writer *write);

#endif
