/* Suppressions: their text is read here and at start-up, so that a later chdir or chroot can't lose it; the helper
 * process matches them, as it knows functions and files (report_format.h, "Pipe"). */
#ifndef GW_BASE_SUPPRESS_H
#define GW_BASE_SUPPRESS_H
#include <stdbool.h>

#include "base/json.h"

/* Reads what suppressions= names and what the program's __tsan_default_suppressions gives; at the end of start-up, as
 * that is code of the program. Idempotent; all but this is serialised by log_lock. */
void suppress_init(void);
bool suppress_any(void);
/* The line that tells a new helper process about them. */
void suppress_tell(struct text *out);
/* Number i hid a finding. */
void suppress_hit(unsigned i);
/* At the end, once: lists what matched if asked to, warns of what never did. */
void suppress_summary(void);
/* In the child of a fork: counts anew, and leaves the warning to the parent. */
void suppress_after_fork(void);

#endif
