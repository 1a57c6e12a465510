/* Findings are rendered by a `godwit symbolize` child (child.h): raw ones in, text or JSON out. */
#ifndef GW_BASE_RENDER_H
#define GW_BASE_RENDER_H
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

enum { RENDER_SHOWN = -1, RENDER_FAILED = -2 };
/* Renders one raw finding (a line without its newline). RENDER_SHOWN; or the number of the suppression (suppress.h)
 * that hides it; or RENDER_FAILED if there is no child and none can be started, or it gave no answer: then the caller
 * writes the finding as it is. Serialised by the caller. May block while the child works. */
int render_finding(struct text *raw, struct text *out);
/* Gives the child another line, and its answer; false if there is none. As render_finding else. */
bool render_ask(struct text *line, struct text *out);
/* In the child of a fork: the parent's helper is not ours. */
void render_after_fork(void);

#endif
