/* The timeline: what happened when, per thread. */
#ifndef GW_RUNTIME_TRACE_H
#define GW_RUNTIME_TRACE_H
#include "g.h"
#include "godwit/inspect.h"
#include "godwit/trace_format.h"

enum { TRACE_CHUNK_EVENTS = 4094 };

struct trace_chunk {
  struct trace_chunk *next; /* older; constant once listed */
  uint32_t n;               /* atomic: events that are complete */
  uint32_t unused;
  struct trace_event event[TRACE_CHUNK_EVENTS];
};

/* Events of one thread. */
struct trace_list {
  struct trace_list *next;   /* all lists; constant once listed */
  struct trace_chunk *first; /* atomic: the one that is filled; release by the owner, acquire by who writes */
  uint32_t chunks;           /* the owner's */
  uint64_t lost;             /* atomic: events that were overwritten */
};
HIDDEN const struct trace_list *trace_lists(void);
/* Events are recorded from now on. */
HIDDEN void trace_want(void);

/* At the first use of the API: with the option trace it is recorded from then on, and written at the end. */
HIDDEN void trace_init(void);
/* Writes what there is to the option's file; for who ends the process, too. */
HIDDEN void trace_write(void);
/* Notes an event; m is the calling thread's, NULL on a foreign one. */
HIDDEN void trace_note(struct m *m, enum trace_kind kind, uint64_t g, uint64_t arg);
HIDDEN void trace_block(struct g *g, enum reason why, uintptr_t fp);
/* The name of g, which is about to end: those of the living are looked up by who writes the timeline. */
HIDDEN void trace_name(struct m *m, const struct g *g);
enum { TRACE_NAME_EVENTS = sizeof(((struct g_tag *)0)->name) / sizeof(((struct trace_event *)0)->arg) };
/* The events that tell the name of g, from `time` on a nanosecond apart, as those of one time have no order; gives back
 * how many: 0 without a name. */
HIDDEN unsigned trace_name_events(const struct g *g, int64_t time, struct trace_event event[TRACE_NAME_EVENTS]);
HIDDEN void trace_ready(struct m *m, const struct g *g);

/* One predictable branch while it is off. */
static inline bool tracing(void) {
  return UNLIKELY(__atomic_load_n(&gw__inspect_hooks.on, __ATOMIC_RELAXED) & INSPECT_TRACE);
}

#endif
