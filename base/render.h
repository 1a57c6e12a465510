/* Findings are rendered by a `godwit symbolize` child (child.h): raw ones in, text or JSON out. */
#ifndef GW_BASE_RENDER_H
#define GW_BASE_RENDER_H
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

/* Renders one raw finding (a line without its newline). False if there is no child and none can be started, or it gave
 * no answer: then the caller writes the finding as it is. Serialised by the caller. May block while the child works. */
bool render_finding(struct text *raw, struct text *out);
/* In the child of a fork: the parent's helper is not ours. */
void render_after_fork(void);

#endif
