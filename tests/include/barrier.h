/* Ordering that the detector can't see, so that a test's accesses happen in one known order and still race.
 *
 *   IN_TURN(3, x = 1);        the third thing to happen (turns begin at 1), whoever does it
 *   turn_wait(3); ... turn_done();     the same for more than one statement
 *   barrier_wait(&b, n)       n parties meet; usable again afterwards
 *
 * Nothing here is instrumented or intercepted, and nothing gives a happens-before edge.  Who waits yields: by gw_yield
 * if <godwit.h> was included before this file (so any number of goroutines may wait at any GOMAXPROCS), by sched_yield
 * otherwise or when TURN_THREADS is defined first (a pthread that must not be adopted as a goroutine). */
#ifndef GW_TEST_BARRIER_H
#define GW_TEST_BARRIER_H
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TURN_HIDDEN __attribute__((disable_sanitizer_instrumentation, noinline, unused))

struct barrier {
  uint32_t arrived; /* parties so far, over all rounds */
};

static uint32_t turn__now = 1; /* whose turn it is; release by turn_done, acquire in turn_wait */

TURN_HIDDEN static void turn__pause(void) {
#if defined(gw_go) && !defined(TURN_THREADS)
  gw_yield();
#else
  syscall(SYS_sched_yield);
#endif
}

TURN_HIDDEN static void turn_wait(uint32_t n) {
  while (__atomic_load_n(&turn__now, __ATOMIC_ACQUIRE) != n) turn__pause();
}

TURN_HIDDEN static void turn_done(void) { __atomic_fetch_add(&turn__now, 1, __ATOMIC_RELEASE); }

/* Waits until turn n has come, and leaves it to another to end it. */
TURN_HIDDEN static void turn_reached(uint32_t n) {
  while (__atomic_load_n(&turn__now, __ATOMIC_ACQUIRE) < n) turn__pause();
}

/* From the first turn again; nobody may be waiting. */
TURN_HIDDEN static void turn_restart(void) { __atomic_store_n(&turn__now, 1, __ATOMIC_SEQ_CST); }

TURN_HIDDEN static void barrier_wait(struct barrier *b, uint32_t n) {
  uint32_t mine = __atomic_fetch_add(&b->arrived, 1, __ATOMIC_ACQ_REL);
  while (__atomic_load_n(&b->arrived, __ATOMIC_ACQUIRE) < (mine / n + 1) * n) turn__pause();
}

#define IN_TURN(n, ...) \
  do {                  \
    turn_wait(n);       \
    __VA_ARGS__;        \
    turn_done();        \
  } while (0)

#endif
