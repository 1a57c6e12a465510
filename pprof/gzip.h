/* gzip (RFC 1952) of a profile: deflate (RFC 1951) with the fixed code and a short search for matches. */
#ifndef GW_PPROF_GZIP_H
#define GW_PPROF_GZIP_H
#include "pprof/bytes.h"

void gzip(const struct bytes *plain, struct bytes *out);

#endif
