/* A profile from a running program, over HTTP. */
#ifndef GW_CLI_FETCH_H
#define GW_CLI_FETCH_H
#include <stdbool.h>

#include "cli/buf.h"

/* The body of http://HOST:PORT/PATH, with &seconds= added if seconds > 0.  False, and *why a line (the caller's), if it
 * can't be had or the answer isn't 200. */
bool fetch(const char *url, int seconds, struct buf *body, char **why);

#endif
