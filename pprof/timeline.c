/* timeline.h: the raw timeline (trace_format.h) goes to a child that knows the formats; so nothing of them is in the
 * user's process.  The child is one for each request: it ends with its answer, and with it the memory that it took. */
#include "pprof/timeline.h"

#include <stdio.h>
#include <string.h>

#include "base/child.h"
#include "godwit/inspect.h"

static const char *const names[] = {"go", "chrome", "raw"};

bool timeline_format_named(const char *name, enum timeline_format *format) {
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(name, names[i]) != 0) continue;
    *format = (enum timeline_format)i;
    return true;
  }
  return false;
}

struct raw {
  struct bytes *to;
  size_t head; /* bytes before the timeline */
};

/* Offsets ascend, but for the head that comes again. */
static int put(void *arg, uint64_t at, const void *p, size_t n) {
  struct raw *raw = arg;
  if (raw->head + at == raw->to->n)
    bytes_add(raw->to, p, n);
  else
    memcpy(raw->to->at + raw->head + at, p, n);
  return 0;
}

static void take(void *arg, const char *part, size_t n) { bytes_add(arg, part, n); }

enum { NUMBER = 21 /* room for "N\n", its zeros before it */ };

static bool convert(struct bytes *question, enum timeline_format format, struct bytes *out) {
  char *args[] = {"--timeline", (char *)names[format], NULL}; /* only read: NOLINT(cppcoreguidelines-pro-type-cast) */
  char number[NUMBER + 1];
  struct child child = CHILD_NONE;
  snprintf(number, sizeof number, "%020zu\n", question->n - NUMBER);
  memcpy(question->at, number, NUMBER);
  bool ok = child_ask(&child, args, question->at, question->n, take, out);
  child_forget(&child);
  return ok && out->n > 0;
}

bool timeline_take(int64_t from, enum timeline_format format, struct bytes *out, const char **why) {
  struct bytes question = {0};
  struct raw raw = {format == TIMELINE_RAW ? out : &question, format == TIMELINE_RAW ? 0 : NUMBER};
  bytes_room(raw.to, raw.head);
  raw.to->n = raw.head;
  bool ok = inspect_trace_write(from, &(struct inspect_sink){put, &raw}) == 0;
  if (ok && format != TIMELINE_RAW) ok = convert(&question, format, out);
  bytes_free(&question);
  if (!ok)
    *why =
        "Could not make the trace: `godwit symbolize` can't be started (put godwit on PATH, or set GODWIT_CLI); "
        "format=raw gives what `godwit trace -o FILE` reads";
  return ok;
}
