/* pthread_once and call_once: the function's return happens before every return of a call for the same control.
 *
 * libc runs the function without an argument, on the thread that called: the call that is about to run it stands in a
 * thread-local until then.  The function may itself call pthread_once, or, as a goroutine, go on on another thread: the
 * thread-local is put back before it is entered. */
#include "detector/posix.h"

struct once_call {
  pthread_once_t *control;
  void (*f)(void);
  struct once_call *outer; /* the one that was about to run on this thread */
};

static void run_once(void) {
  struct once_call *c = posix_tls.once;
  posix_tls.once = c->outer;
  pthread_once_t *control = c->control;
  c->f();
  struct race_g *g = posix_self();
  if (g) race_release(g, control);
}

int once_run(pthread_once_t *control, void (*f)(void)) {
  struct once_call c = {control, f, posix_tls.once}, *outer = c.outer;
  posix_tls.once = &c;
  int err = gw__real.pthread_once(control, run_once);
  if (posix_tls.once == &c) posix_tls.once = outer; /* it had run before */
  struct race_g *g = posix_self();
  if (g && !err) race_acquire(g, control);
  return err;
}

int __gw_i_pthread_once(pthread_once_t *control, void (*f)(void)) { return once_run(control, f); }
