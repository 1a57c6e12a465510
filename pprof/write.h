/* Profiles as bytes. */
#ifndef GW_PPROF_WRITE_H
#define GW_PPROF_WRITE_H
#include "pprof/kinds.h"

/* The profile as debug says (godwit/pprof.h); 0 or -errno, and then *why is a line for people. */
int profile_render(const char *name, int debug, struct bytes *out, const char **why);
/* Names its addresses and writes it. */
void profile_finish(struct profile *p, int debug, struct bytes *out);

#endif
