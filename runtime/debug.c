/* The table for debuggers: where things are, by name.  The names come from the headers by the preprocessor, so a script
 * that asks for one that is gone says so instead of reading something else. */
#include "debug.h"

#include <stddef.h>

#include "base/code.h"
#include "g.h"
#include "godwit/inspect.h"

struct debug_field {
  const char *name; /* "structure.field" */
  uint64_t offset;
};

static const struct debug_field fields[] = {
#define DEBUG_FIELD(structure, field) {#structure "." #field, offsetof(struct structure, field)},
#include "debug.inc"
};

static const char *const statuses[] = {"dead", "runnable", "running", "waiting", "syscall"}; /* enum g_status */

static const char *const reasons[] = {
#define REASON(id, text) text,
#include "godwit/reasons.inc"
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* All members are eight bytes; new ones come last, and another meaning takes another magic. */
extern const struct gw__debug {
  char magic[8];
  const struct debug_field *fields;
  uint64_t fields_n;
  const char *const *statuses;
  uint64_t statuses_n;
  const char *const *reasons;
  uint64_t reasons_n;
  const void *sched;
  const struct debug_stacks *stacks;
  const char *code_begin, *code_end;
  /* For tests: goroutines as inspect.h shows them. */
  void (*each)(void (*f)(const struct inspect_g *g, void *arg), void *arg);
} gw__debug;

__attribute__((used)) const struct gw__debug gw__debug = {.magic = "gwdebug1",
                                                          .fields = fields,
                                                          .fields_n = COUNT(fields),
                                                          .statuses = statuses,
                                                          .statuses_n = COUNT(statuses),
                                                          .reasons = reasons,
                                                          .reasons_n = COUNT(reasons),
                                                          .sched = &sched,
                                                          .stacks = &debug_stacks,
                                                          .code_begin = gw__code_begin,
                                                          .code_end = gw__code_end,
                                                          .each = inspect_each};
