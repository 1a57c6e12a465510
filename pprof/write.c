/* gw_pprof_write: one profile, to a descriptor. */
#include "pprof/write.h"

#include <errno.h>
#include <string.h>

#include "base/prim.h"
#include "godwit/pprof.h"

int profile_render(const char *name, int debug, struct bytes *out, const char **why) {
  const struct source *s = source_find(name);
  if (!s) {
    *why = "unknown profile";
    return -EINVAL;
  }
  if (debug >= 2 && strcmp(name, "goroutine") == 0) {
    goroutines_write_all(out);
    return 0;
  }
  struct profile p;
  int r = profile_take(&p, s, why);
  if (r == 0) profile_finish(&p, debug, out);
  profile_free(&p);
  return r;
}

void profile_finish(struct profile *p, int debug, struct bytes *out) {
  profile_symbolize(p);
  if (debug > 0)
    profile_write_text(p, out);
  else
    profile_write_proto(p, out);
}

int gw_pprof_write(const char *name, int fd, int debug) {
  struct bytes out = {0};
  const char *why = "";
  int r = profile_render(name, debug, &out, &why);
  if (r == 0) r = prim_write_all(fd, out.at, out.n);
  bytes_free(&out);
  if (r == 0) return 0;
  errno = -r;
  return -1;
}
