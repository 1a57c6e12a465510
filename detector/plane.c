/* Which read plane a thread records its reads in.
 *
 * A write has to look at every plane that its line has reads in, and each plane is memory, so threads had better share
 * one.  A thread begins with the shared one, where it reads ranges beside others as one of a set (readers.h).  Where
 * sets don't pay, and of single reads, it records that read in a plane of its own (single.c), which it has until it
 * ends, and goes there altogether if half of its reads find that, or if it reads again and again what is in sets, for
 * which the inline check misses; it tries the shared one again after a while.  All numbers are guesses that the kernels
 * in bench/tsan bear out.
 *
 * Rejected: a plane of their own for all that the first three read that meet readers: an array that four threads read
 * took four times half its size.  Sets for single reads as well: fft took a fifth longer.
 */
#include "detector/detector.h"
#include "detector/readers.h"
#include "detector/shadow.h"

enum { KEEP_WINDOWS = 256, HELD_MANY = 1 << 14 };

uint32_t det_displaced_many = READS_WINDOW / 2;
uint32_t det_own_planes = READ_PLANES - SHARED_READ_PLANE;
uint32_t det_without_plane;
static uint32_t planes_taken; /* atomic; bit per plane that is a thread's own */

unsigned det_new_plane(void) {
  for (unsigned plane = SHARED_READ_PLANE + 1; plane <= SHARED_READ_PLANE + det_own_planes; plane++)
    if (!(__atomic_fetch_or(&planes_taken, 1u << plane, __ATOMIC_RELAXED) & 1u << plane)) return plane;
  __atomic_fetch_add(&det_without_plane, 1, __ATOMIC_RELAXED);
  return SHARED_READ_PLANE;
}

void det_give_back_plane(const struct det_thread *t) {
  if (t->own_plane > SHARED_READ_PLANE)
    __atomic_fetch_and(&planes_taken, ~(1u << t->own_plane), __ATOMIC_RELAXED);
  else if (t->own_plane)
    __atomic_fetch_sub(&det_without_plane, 1, __ATOMIC_RELAXED);
}

void det_planes_after_fork(const struct det_thread *t) { planes_taken = t ? 1u << t->own_plane : 0; }

void det_use_plane(struct det_thread *t, unsigned plane) {
  t->plane = plane;
  __gw_tls.read_off = shadow.cells[plane] - shadow.cells[0];
}

static void turn_to_own_plane(struct det_thread *t) {
  t->keep_plane = KEEP_WINDOWS;
  if (!t->own_plane) t->own_plane = det_new_plane();
  if (t->plane != t->own_plane) det_use_plane(t, t->own_plane);
}

void det_choose_plane(struct det_thread *t) {
  if (t->displaced >= det_displaced_many)
    turn_to_own_plane(t);
  else if (t->plane != SHARED_READ_PLANE && --t->keep_plane == 0)
    det_use_plane(t, SHARED_READ_PLANE);
  t->reads = t->displaced = 0;
}

void det_count_held_read(struct det_thread *t) {
  if (++t->readers->held_reads % HELD_MANY == 0) turn_to_own_plane(t);
}
