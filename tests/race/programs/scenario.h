/* Two goroutines and an order: every scenario is a pair of functions with its own variables, its turns counted from 1.
 */
#ifndef GW_TEST_SCENARIO_H
#define GW_TEST_SCENARIO_H
#include <godwit.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "barrier.h"

#define USED __attribute__((unused))

/* The value goes nowhere, but the read stays in the program. */
USED static inline void use(long v) { __asm__ volatile("" : : "r"(v)); }

USED static void scenario__body(void (*f)(void), gw_waitgroup *done) {
  f();
  gw_waitgroup_done(done);
}

/* Runs a and b as goroutines, from turn 1, and waits for both. */
USED static void both(void (*a)(void), void (*b)(void)) {
  gw_waitgroup done = {0};
  turn_restart();
  gw_waitgroup_add(&done, 2);
  gw_go(scenario__body, a, &done);
  gw_go(scenario__body, b, &done);
  gw_waitgroup_wait(&done);
}

#endif
