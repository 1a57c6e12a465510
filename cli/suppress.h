/* Suppressions in ThreadSanitizer's format, as
 * https://clang.llvm.org/docs/ThreadSanitizer.html and sanitizer_suppressions document it: lines `type:pattern`.
 *
 * A pattern is looked for anywhere in the text; `*` stands for anything, `^` at the front and `$` at the end anchor it.
 * It is matched with the function, the file and the module of each frame of both accesses (or of the call), and for a
 * global variable with its name. Stacks of creation are not looked at: `race:main` would hide every race then.
 */
#ifndef GW_CLI_SUPPRESS_H
#define GW_CLI_SUPPRESS_H
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/buf.h"

struct suppression {
  char *type, *pattern; /* owned */
  char *file;           /* where it stands, owned; "" for the program's own */
  int line;             /* from 1 */
};
struct suppressions {
  struct suppression *v; /* in the order of the file */
  size_t n;              /* in it */
};

/* Reads the text of `file` ("" for the program's own), and adds what it holds. A line that can't be understood is left
 * out and gets a line in `warnings`. */
void suppressions_read(struct suppressions *s, const char *file, const char *text, struct buf *warnings);
/* Index of the first that matches a resolved finding; -1 if none does. */
int suppressions_match(const struct suppressions *s, json_object *finding);
/* True if `pattern` is found in `text`; a NULL text matches nothing. */
bool suppression_pattern_fits(const char *pattern, const char *text);
/* At the end: `hits[i]` is how often number i matched. Lists those that did if `print`, and warns of those in a file
 * that never did. */
void suppressions_summary(const struct suppressions *s, const int *hits, bool print, struct buf *out);
void suppressions_free(struct suppressions *s);

#endif
