/* The timeline: what happened when, per thread. */
#ifndef GW_RUNTIME_TRACE_H
#define GW_RUNTIME_TRACE_H
#include "g.h"
#include "godwit/inspect.h"
#include "godwit/trace_format.h"

/* At the first use of the API: with the option trace it is recorded from then on, and written at the end. */
HIDDEN void trace_init(void);
/* Writes what there is; for who ends the process, too. */
HIDDEN void trace_write(void);
/* Notes an event; m is the calling thread's, NULL on a foreign one. */
HIDDEN void trace_note(struct m *m, enum trace_kind kind, uint64_t g, uint64_t arg);
HIDDEN void trace_block(struct g *g, enum reason why, uintptr_t fp);
HIDDEN void trace_ready(struct m *m, const struct g *g);

/* One predictable branch while it is off. */
static inline bool tracing(void) {
  return UNLIKELY(__atomic_load_n(&gw__inspect_hooks.on, __ATOMIC_RELAXED) & INSPECT_TRACE);
}

#endif
