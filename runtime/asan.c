/* Bounds of the stacks that aren't ours (a thread's, main's) are learnt when they are left for the first time. */
#include "asan.h"

static struct asan_stack main_stack; /* main's goroutine runs on it, on whichever thread */

static struct asan_stack *foreign_stack(struct m *m, const struct g *g) {
  return g == &m->g0 ? &m->asan_stack : &main_stack;
}

void asan_leave(struct m *m, struct g *from, const struct g *to, bool for_good) {
  struct asan_stack stack = {to->lo, (size_t)(to->hi - to->lo)};
  if (!to->lo) stack = *foreign_stack(m, to);
  m->asan_from = from;
  __sanitizer_start_switch_fiber(for_good ? NULL : &from->asan_frames, stack.bottom, stack.n);
}

void asan_arrive(struct g *on) {
  struct m *m = on->m;
  struct asan_stack stack;
  __sanitizer_finish_switch_fiber(on->asan_frames, &stack.bottom, &stack.n);
  if (m->asan_from && !m->asan_from->lo) *foreign_stack(m, m->asan_from) = stack;
}
