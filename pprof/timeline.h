/* The goroutine timeline over HTTP: what happened within some seconds, in a format that tools open. */
#ifndef GW_PPROF_TIMELINE_H
#define GW_PPROF_TIMELINE_H
#include <stdbool.h>
#include <stdint.h>

#include "pprof/bytes.h"

enum timeline_format { TIMELINE_GO, TIMELINE_CHROME, TIMELINE_RAW };
/* "go", "chrome" or "raw"; false for another name. */
bool timeline_format_named(const char *name, enum timeline_format *format);
/* What was recorded since `from` (monotonic).  Blocks while a `godwit symbolize` child makes it of the raw timeline;
 * false, and why, if there is none. */
bool timeline_take(int64_t from, enum timeline_format format, struct bytes *out, const char **why);

#endif
