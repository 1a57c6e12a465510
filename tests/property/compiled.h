/* What the generated programs of tests/property/compiled.py share: turns that the detector can't see, and types.
 *
 * Each operation of a program has a number, and happens when that number's turn has come; the turn ends when all its
 * parts are done.  Nothing here is instrumented, so the turns order nothing in the detector's eyes. */
#ifndef TESTS_PROPERTY_COMPILED_H
#define TESTS_PROPERTY_COMPILED_H
#define _GNU_SOURCE
#include <godwit.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HIDDEN __attribute__((disable_sanitizer_instrumentation, noinline, unused)) static
#define OP __attribute__((noinline)) static void
#define USE(p) __asm__ volatile("" : : "r"(p) : "memory")

#define SCALAR(name, type)                      \
  typedef type __attribute__((may_alias)) name; \
  typedef type __attribute__((may_alias, aligned(1))) name##_packed
SCALAR(u8, unsigned char);
SCALAR(u16, unsigned short);
SCALAR(u32, unsigned);
SCALAR(u64, unsigned long);
SCALAR(u128, unsigned __int128);

static uint32_t turn;       /* release in turn_end, acquire in turn_wait_* */
static uint32_t turn_parts; /* of the present turn, that are done */

HIDDEN void must(bool ok) {
  if (ok) return;
  fprintf(stderr, "an operation of turn %u did not go as it has to\n", turn);
  abort();
}

/* Sleeps until the turn is no longer `seen`, or for a moment: a waiter shouldn't keep from running whom it waits for.
 */
HIDDEN void turn_sleep(uint32_t seen, long ns) {
  struct timespec t = {0, ns};
  syscall(SYS_futex, &turn, 128 /* FUTEX_WAIT, private */, seen, &t, NULL, 0);
}

HIDDEN void turn_wait_go(uint32_t n) {
  uint32_t now;
  for (int i = 0; (now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != n; i++) {
    if (i % 100 == 99) turn_sleep(now, 100000);
    gw_yield();
  }
}

HIDDEN void turn_wait_thread(uint32_t n) {
  uint32_t now;
  for (int i = 0; (now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != n; i++) {
    if (i > 10)
      turn_sleep(now, 10000000);
    else
      syscall(SYS_sched_yield);
  }
}

HIDDEN void turn_end(uint32_t parts) {
  if (__atomic_add_fetch(&turn_parts, 1, __ATOMIC_ACQ_REL) != parts) return;
  turn_parts = 0;
  __atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &turn, 129 /* FUTEX_WAKE, private */, 1 << 20, NULL, NULL, 0);
}

HIDDEN void turn_reset(void) { __atomic_store_n(&turn, 0, __ATOMIC_RELEASE); }

/* Lets another party of the same turn go first, mostly. */
HIDDEN void linger_go(void) {
  for (int i = 0; i < 5; i++) gw_yield();
}
HIDDEN void linger_thread(void) {
  for (int i = 0; i < 5; i++) syscall(SYS_sched_yield);
}

/* Pointers and handles that are shared without the detector's knowledge.  The asm keeps the load here: argument
 * promotion would move it to the caller, which is instrumented. */
#define KEPT(p) __asm__ volatile("" : "+r"(p))
HIDDEN void *block_get(void **b) {
  KEPT(b);
  return *b;
}
HIDDEN void block_set(void **b, void *p) {
  KEPT(b);
  *b = p;
}
HIDDEN pthread_t thread_get(pthread_t *t) {
  KEPT(t);
  return *t;
}

/* A plain write of n bytes at p. */
__attribute__((noinline, unused)) static void set_bytes(unsigned char *p, int n) {
  for (int i = 0; i < n; i++) *(volatile unsigned char *)(p + i) = 1;
}

static gw_chan(long) never;

static const struct timespec far_ahead __attribute__((unused)) = {.tv_sec = 4000000000};

__attribute__((unused)) static void mutex_init_recursive(pthread_mutex_t *m) {
  pthread_mutexattr_t a;
  pthread_mutexattr_init(&a);
  pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(m, &a);
  pthread_mutexattr_destroy(&a);
}

/* The first time is special (detector/reopen.c). */
static gw_mutex anothers;
static void give_back(void) { gw_mutex_unlock(&anothers); }
__attribute__((unused)) static void give_back_anothers(void) {
  gw_mutex_lock(&anothers);
  gw_go(give_back);
  gw_mutex_lock(&anothers);
  gw_mutex_unlock(&anothers);
}

/* collect_often.c, where it is linked. */
enum { COLLECT_EVERY = 1000 };
__attribute__((weak)) void collect_often(uint32_t every);

#endif
