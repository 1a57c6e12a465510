/* An order that is forced by looking: who goes on only when others are parked, or have come to some place, depends on
 * no clock. What is here neither blocks nor is seen by the detector. */
#ifndef GW_TEST_PARKED_H
#define GW_TEST_PARKED_H
#include <godwit.h>
#include <godwit/inspect.h>
#include <sched.h>
#include <string.h>

#ifdef __clang__
#define UNSEEN __attribute__((disable_sanitizer_instrumentation, noinline, unused)) static
#else
#define UNSEEN __attribute__((noinline, unused)) static
#endif

/* The table for debuggers (runtime/debug.c): from it a test learns that a goroutine is parked, and where. */
extern const struct gw__debug {
  char magic[8];
  void *tables[10];
  void (*each)(void (*f)(const struct inspect_g *g, void *arg), void *arg);
} gw__debug;

struct parked {
  const char *reason;
  int n;
};

UNSEEN void count_parked(const struct inspect_g *g, void *arg) {
  struct parked *p = arg;
  if (g->status == INSPECT_WAITING && strcmp(g->reason, p->reason) == 0) p->n++;
}

UNSEEN int number_parked(const char *reason) {
  struct parked p = {reason, 0};
  gw__debug.each(count_parked, &p);
  return p.n;
}

/* Returns once n goroutines wait for `reason` (exactly: no other goroutine of the program may do so). */
UNSEEN void await_parked(int n, const char *reason) {
  while (number_parked(reason) != n) gw_yield();
}

/* The same, but the caller isn't suspended meanwhile: others need another processor. */
UNSEEN void see_parked(int n, const char *reason) {
  while (number_parked(reason) != n) sched_yield();
}

#endif
