/* The heap profile: one allocation in so many bytes is sampled, with its stack; values are scaled up to estimates of
 * all, as Go does. */
#include <errno.h>

#include "pprof/kinds.h"

static int unavailable(const char **why) {
  *why = "the heap profile needs the malloc that godwit cc links";
  return -ENOTSUP;
}

int heap_collect(struct profile *p, const char **why) {
  (void)p;
  return unavailable(why);
}

int allocs_collect(struct profile *p, const char **why) {
  (void)p;
  return unavailable(why);
}
