/* The options of a godwit program: the GODWIT variable over GORACE over the defaults, parsed once. */
#ifndef GW_BASE_OPTIONS_H
#define GW_BASE_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPT_BOOL bool
#define OPT_INT int64_t
#define OPT_STR const char *
struct options {
#define OPT(type, name, dflt, help) OPT_##type name;
#include "options.inc"
};
#undef OPT_BOOL
#undef OPT_INT
#undef OPT_STR

/* Filled by options_init; read-only afterwards. */
extern struct options gw__opts;

/* The only look at the environment: as getenv(3). */
const char *options_env(const char *name);

/* Reads GODWIT, GORACE, GOMAXPROCS and GODEBUG; idempotent, not thread-safe: called at start-up.  An unknown key or a
 * bad value is a warning on standard error that names the nearest key, and the default stays. */
void options_init(void);

/* Parses one string of key=value pairs (separated by spaces or commas, a value may stand in single or double quotes)
 * into *o. `source` is the variable's name, for messages; `warn` gets each complaint as one line.  Values are kept in a
 * static buffer.  Returns how many complaints there were. */
int options_parse(struct options *o, const char *source, const char *text, void (*warn)(const char *line));

/* One entry of the table, for `godwit env` and the manual. */
struct option_entry {
  const char *name, *type, *dflt, *help;
};
extern const struct option_entry gw__option_table[];
extern const size_t gw__option_count;
/* The nearest key to `name` by edit distance, or NULL if none is near. */
const char *options_nearest(const char *name, const char *const *names, size_t count);

#endif
