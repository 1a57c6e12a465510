/* Two threads and an order: every scenario is a pair of functions with its own variables, its turns counted from 1. */
#ifndef GW_TEST_PAIRS_H
#define GW_TEST_PAIRS_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TURN_THREADS
#include "barrier.h"

#define USED __attribute__((unused))

/* The value goes nowhere, but the read stays in the program. */
USED static inline void use(long v) { __asm__ volatile("" : : "r"(v)); }

/* Always on, unlike assert. */
#define MUST(x) ((x) ? (void)0 : abort())

USED static void *pairs__run(void *f) {
  (*(void (**)(void))f)();
  return NULL;
}

/* Runs a and b as threads, from turn 1, and waits for both. */
USED static void both(void (*a)(void), void (*b)(void)) {
  pthread_t first, second;
  turn_restart();
  MUST(pthread_create(&first, NULL, pairs__run, &a) == 0);
  MUST(pthread_create(&second, NULL, pairs__run, &b) == 0);
  MUST(pthread_join(first, NULL) == 0);
  MUST(pthread_join(second, NULL) == 0);
}

/* Threads a##n and b##n: one calls, then the other touches what the call did. */
#define PAIR(n, call, touch) \
  static void a##n(void) {   \
    turn_wait(1);            \
    (void)(call);            \
    turn_done();             \
  }                          \
  static void b##n(void) {   \
    turn_wait(2);            \
    touch;                   \
    turn_done();             \
  }

/* A deadline that is never reached, on CLOCK_REALTIME or another. */
USED static struct timespec far(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  t.tv_sec += 1000;
  return t;
}

#endif
