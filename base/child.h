/* The `godwit symbolize` child: raw findings in, rendered ones out (report_format.h). */
#ifndef GW_BASE_CHILD_H
#define GW_BASE_CHILD_H
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

/* Renders one raw finding (a line without its newline) by the child, which is started on the first call. False if there
 * is no child and none can be started, or it gave no answer: then the caller writes the finding as it is. Serialised by
 * the caller. May block while the child works. */
bool child_render(const char *raw, size_t n, struct text *out);
/* In the child of a fork: the parent's helper is not ours. */
void child_after_fork(void);

#endif
