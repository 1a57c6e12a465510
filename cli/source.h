/* Lines of source files, read once and kept. */
#ifndef GW_CLI_SOURCE_H
#define GW_CLI_SOURCE_H
#include <stdbool.h>
#include <stddef.h>

/* Line `line` (from 1) of a file without its line break; NULL if there's no such file or line.  Lives until the end. */
const char *source_line(const char *file, int line, size_t *length);
/* Length in bytes of what stands at `column` (from 1): a name with its members and indices, or an operator; at least 1.
 */
size_t source_token(const char *line, size_t length, int column);
/* The first argument of the call of `callee` that begins at `column`, without a leading `&`; NULL if there is none. */
char *source_argument(const char *line, size_t length, int column);

#endif
