/* AddressSanitizer keeps the bounds of the stack in use, and frames of its own beside it: it is told of each switch. */
#ifndef GW_RUNTIME_ASAN_H
#define GW_RUNTIME_ASAN_H
#include "base/tools.h"
#include "g.h"

HIDDEN void asan_leave(struct m *m, struct g *from, const struct g *to, bool for_good);
HIDDEN void asan_arrive(struct g *on);

/* `from` is left for `to`, on m; never to be run again if for_good. */
static inline void tools_leave(struct m *m, struct g *from, const struct g *to, bool for_good) {
  if (tools_asan()) asan_leave(m, from, to, for_good);
}
/* `on` runs (again). */
static inline void tools_arrive(struct g *on) {
  if (tools_asan()) asan_arrive(on);
}

#endif
