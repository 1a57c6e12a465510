/* A chain of stages that pass rounds on by unbuffered channels.  Each meeting orders both ways: what a stage knows
 * comes down with the values and goes up against them. */
#ifndef GW_TEST_PIPELINE_H
#define GW_TEST_PIPELINE_H
#include "scenario.h"

enum { STAGES = 300, ROUNDS = 8 };

static gw_chan(int) link_to[STAGES + 1]; /* where stage i receives */
static long mark[STAGES][ROUNDS];        /* stage i, before it meets its sender in that round */

static inline void link_all(void) {
  for (int i = 0; i <= STAGES; i++) link_to[i] = gw_make(int, 0);
}

#endif
