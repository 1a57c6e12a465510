/* The search for leaked goroutines, and what is told of it. */
#ifndef GW_RUNTIME_LEAK_H
#define GW_RUNTIME_LEAK_H
#include "deadlock.h"

/* At the first use of the API: with leakcheck=1 the end of the process looks for leaks. */
HIDDEN void leak_init(void);
/* In the child, which has one thread. */
HIDDEN void leak_after_fork(void);
/* The words in [at, at+n), the library's own, lead to what may wake goroutines: they are roots of the search.  Once is
 * enough. */
HIDDEN void leak_root(const void *at, size_t n);
/* With leakcheck=1 the monitor looks for circles of locks while the program runs; false without it. */
HIDDEN bool leak_watch(int64_t now);

/* ---- leak_report.c ---- */
enum leak_class { LEAK_PROVEN, LEAK_SUSPECTED };
/* Goroutines that are leaked alike become one finding. */
HIDDEN void leak_report(struct g *const *g, unsigned n, enum leak_class class);
/* False if it was told before. */
HIDDEN bool leak_report_circle(const struct circle *c);

#endif
