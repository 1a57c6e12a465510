/* Polls: a loop looks at a word of its thread's, and comes here when it isn't zero (instrument/polls.cpp).
 *
 * The monitor sets the word of who has run for a slice while others wait, and takes the processor away only if that
 * doesn't help (sysmon.c).  It is also set, again and again, for who has lost his processor: so no more goroutines run
 * than there are processors, once they poll.
 *
 * A poll switches at a place where the program calls nothing, so here is asked what at a call goes without saying:
 * - not while a lock of libc's is held that belongs to the thread (g_bound_to_thread).  It would keep the thread, but
 *   others would wait for the lock in vain;
 * - not in a handler of a signal: it may have interrupted anything, and returns on its own thread.  A handler that runs
 * on the goroutine's stack has the kernel's frame above it, in which is the address that the handler returns to, the
 * same for all of a libc's handlers: it is looked for in the stack's words.  One that lies there from before only means
 * that the poll does nothing.  Other stacks (sigaltstack, makecontext) aren't the goroutine's. Rejected: counting in
 * the handlers (they would have to be replaced by ours, in plain programs too); asking the kernel's mask (SA_NODEFER);
 * - not within the runtime, whose functions a handler may have interrupted.
 * Then the poll does nothing until it is asked for again.
 *
 * The thunk (poll_x86_64.S) keeps all registers, vectors too. */
#include "poll.h"

#include <cpuid.h>

enum { STACK_MOST = 256 * 1024 }; /* bytes that are searched, some 10 us; below more a poll does nothing; a guess */
enum { SIGNALS = 64, RESTORERS_MAX = 8 };

_Thread_local struct gw_poll __gw_poll;

/* For the thunk: the processor has xsave.  Atomic, constant once a thread is known here. */
HIDDEN uint32_t poll_xsave;

struct restorers {
  uint32_t n;
  uintptr_t at[RESTORERS_MAX];
};

void poll_thread_begin(struct m *m) {
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE)) __atomic_store_n(&poll_xsave, 1, __ATOMIC_RELAXED);
  __atomic_store_n(&m->poll, &__gw_poll, __ATOMIC_RELEASE); /* pairs with poll_want */
}

/* Where handlers return to; false if there are too many ways. */
static bool restorers_find(struct restorers *r) {
  r->n = 0;
  for (int sig = 1; sig <= SIGNALS; sig++) {
    uintptr_t at = prim_handler_returns_to(sig);
    uint32_t i = 0;
    while (i < r->n && r->at[i] != at) i++;
    if (!at || i < r->n) continue;
    if (r->n == RESTORERS_MAX) return false;
    r->at[r->n++] = at;
  }
  return true;
}

extern void *__libc_stack_end __attribute__((weak));

/* Above g's stack, of which main's is the system's. */
static uintptr_t stack_end(const struct g *g) {
  if (g->hi) return (uintptr_t)g->hi;
  return &__libc_stack_end ? (uintptr_t)__libc_stack_end : 0;
}

/* The caller's frame ends at sp.  Reads all of the stack above it, whatever that is. */
__attribute__((no_sanitize("address"))) static bool may_be_handler(const struct g *g, uintptr_t sp) {
  struct restorers r;
  uintptr_t end = stack_end(g);
  if (sp < (uintptr_t)g->lo || sp >= end || end - sp > STACK_MOST || !restorers_find(&r)) return true;
  for (const uintptr_t *word = (const uintptr_t *)sp; word < (const uintptr_t *)(end & ~(uintptr_t)7); word++)
    for (uint32_t i = 0; i < r.n; i++)
      if (UNLIKELY(*word == r.at[i])) return true;
  return false;
}

/* Called by the thunk; sp: where the caller's frame ends. */
HIDDEN void poll_switch(uintptr_t sp);
void poll_switch(uintptr_t sp) {
  __atomic_store_n(&__gw_poll.wanted, 0, __ATOMIC_RELAXED);
  struct g *g = g_tls();
  if (!g || !g->m || g->thread) return;
  struct m *m = g->m;
  if (m->cur != g || __atomic_load_n(&m->in_runtime, __ATOMIC_RELAXED)) return;
  if (!g_bound_to_thread(m, g) && !may_be_handler(g, sp)) g_preempt(g);
}
