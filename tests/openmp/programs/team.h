/* What the programs about OpenMP share; each scenario is a function with its own variables. */
#ifndef GW_TEST_TEAM_H
#define GW_TEST_TEAM_H
#include <omp.h>
#include <stdlib.h>

#include "barrier.h"

#define USED __attribute__((unused))
#define MUST(x) ((x) ? (void)0 : abort())

/* The value goes nowhere, but the read stays in the program. */
USED static inline void use(long v) { __asm__ volatile("" : : "r"(v)); }

USED static int me(void) { return omp_get_thread_num(); }

/* Two tasks meet, so that each has a thread of its own. */
USED static struct barrier meeting;
USED TURN_HIDDEN static void meet(void) { barrier_wait(&meeting, 2); }

#endif
