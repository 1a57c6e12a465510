/* A stack for findings: a thread may have as little as it asked for, a handler what sigaltstack was told, and most of
 * that may be in use where a race shows. What a finding takes, the vector registers alone eleven kilobytes on some
 * processors, lies elsewhere.
 *
 * Rejected: larger stacks for threads. They would not help where the program brings the stack, nor in a handler. */
#include "base/prim.h"
#include "detector/detector.h"

enum { ASIDE = 128 << 10 };

static void *spare; /* one stack that nobody is on, or NULL (exchanged: acquire what its last user wrote, release) */

static void call(void (*f)(void *), void *arg) {
  char *stack = __atomic_exchange_n(&spare, NULL, __ATOMIC_ACQUIRE);
  if (!stack) stack = arena_alloc(ASIDE);
  det_call_saved(f, arg, stack + ASIDE);
  void *other = __atomic_exchange_n(&spare, stack, __ATOMIC_RELEASE);
  if (other) arena_free(other, ASIDE);
}

/* A handler's alternate stack isn't in use to the kernel while its thread is elsewhere: the next signal's frame would
 * overwrite it from the top. So none comes meanwhile. */
void det_call_aside(void (*f)(void *), void *arg) {
  if (LIKELY(!prim_on_alternate_stack())) {
    call(f, arg);
    return;
  }
  uint64_t before = prim_signals_hold();
  call(f, arg);
  prim_signals_let(before);
}
