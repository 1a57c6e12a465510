/* Running another program and keeping what it says. */
#ifndef GW_CLI_SPAWN_H
#define GW_CLI_SPAWN_H
#include "cli/buf.h"

/* Runs argv[0] with `input` on its standard input (NULL: nothing) in folder `dir` (NULL: here), without the variables
 * that change how programs built with godwit behave.  Adds what it writes to standard output and standard error to *out
 * (either may be NULL: thrown away).  It is killed after `seconds`.  Returns its wait status, or -1 if it can't be
 * started. */
int spawn(char *const *argv, const char *dir, const char *input, struct buf *out, struct buf *err, int seconds);
/* "exit status 1", "signal 11 (Segmentation fault)", "can't be started". */
void spawn_describe(struct buf *b, int status);

#endif
