/* Many small cases in one program: `./program CASE` runs one, `./program` lists them.
 *
 *   CASE(name_race) { ... }       must be reported, both accesses on lines of this case that are marked RACE
 *   CASE(name_norace) { ... }     nothing may be reported
 *   CASE(name_GW1006) { ... }     this kind, at a line marked so
 *   PAIR(name, decl, a, b)        two cases: a, and later b in another goroutine with nothing between (race); and with a
 *                                 wait between (norace).  Both accesses are on the macro's own line, or called from it.
 *   SAFE(name, decl, a, b)        one case: a and b in two goroutines with nothing between, which may not be reported
 *   EDGE(name, decl, setup, a, b) one case: a and b in two goroutines that order themselves; may not be reported
 *   OPEN(name, decl, setup, a, b) one case: likewise, but what they do orders nothing; turns (barrier.h) say who is first
 *
 * `./program pairs` runs all of these four in one process, one after the other.
 *
 * A case owns the lines since the end of the one before it.  With CONFORMANCE_THREADS the two goroutines are pthreads:
 * then other detectors can run the same program. */
#ifndef GW_TEST_CONFORMANCE_H
#define GW_TEST_CONFORMANCE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef CONFORMANCE_THREADS
#define TURN_THREADS
#else
#include <godwit.h>
#endif
#ifdef __clang__
#define disable_sanitizer_instrumentation disable_sanitizer_instrumentation, no_sanitize("thread")
#endif
#include "barrier.h"

#define USED __attribute__((unused))
#define FAR __attribute__((noinline, unused))
#define MUST(x) ((x) ? (void)0 : abort())

/* The value goes nowhere, but the read stays in the program. */
#define use(v)                       \
  do {                               \
    __typeof__(v) use__v = (v);      \
    __asm__ volatile("" : : "r,m"(use__v) : "memory"); \
  } while (0)

struct conformance_case {
  const char *name;
  void (*run)(void);
  bool pair; /* may run in one process with others */
} __attribute__((aligned(32)));
extern const struct conformance_case __start_gw_cases[], __stop_gw_cases[];

#define CASE_OF(n, pair)                                                                                             \
  static void case_##n(void);                                                                                        \
  __attribute__((section("gw_cases"), used)) static const struct conformance_case entry_##n = {#n, case_##n, pair}; \
  static void case_##n(void)
#define CASE(n) CASE_OF(n, false)

/* a and b as goroutines that both exist from the start. */
USED static void both(void (*a)(void), void (*b)(void));
USED static void in_first_turn(void (*f)(void)) { IN_TURN(1, f()); }
USED static void in_second_turn(void (*f)(void)) { IN_TURN(2, f()); }

#ifdef CONFORMANCE_THREADS
struct conformance_start {
  void (*wrap)(void (*)(void)), (*f)(void);
};
USED static void *conformance_run(void *arg) {
  struct conformance_start *s = arg;
  s->wrap ? s->wrap(s->f) : s->f();
  return NULL;
}
USED static void two(struct conformance_start a, struct conformance_start b) {
  pthread_t x, y;
  turn_restart();
  MUST(pthread_create(&x, NULL, conformance_run, &a) == 0);
  MUST(pthread_create(&y, NULL, conformance_run, &b) == 0);
  pthread_join(x, NULL);
  pthread_join(y, NULL);
}
USED static void both(void (*a)(void), void (*b)(void)) {
  two((struct conformance_start){NULL, a}, (struct conformance_start){NULL, b});
}
USED static void unordered(void (*a)(void), void (*b)(void)) {
  two((struct conformance_start){in_first_turn, a}, (struct conformance_start){in_second_turn, b});
}
USED static void alone(void (*f)(void)) {
  struct conformance_start s = {NULL, f};
  pthread_t x;
  MUST(pthread_create(&x, NULL, conformance_run, &s) == 0);
  pthread_join(x, NULL);
}
#else
USED static void conformance_run(void (*wrap)(void (*)(void)), void (*f)(void), gw_waitgroup *done) {
  wrap ? wrap(f) : f();
  gw_waitgroup_done(done);
}
USED static void two(void (*wrap_a)(void (*)(void)), void (*a)(void), void (*wrap_b)(void (*)(void)), void (*b)(void)) {
  gw_waitgroup done = {0};
  turn_restart();
  gw_waitgroup_add(&done, 2);
  gw_go(conformance_run, wrap_a, a, &done);
  gw_go(conformance_run, wrap_b, b, &done);
  gw_waitgroup_wait(&done);
}
USED static void both(void (*a)(void), void (*b)(void)) { two(NULL, a, NULL, b); }
USED static void unordered(void (*a)(void), void (*b)(void)) { two(in_first_turn, a, in_second_turn, b); }
USED static void alone(void (*f)(void)) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 1);
  gw_go(conformance_run, (void (*)(void (*)(void)))NULL, f, &done);
  gw_waitgroup_wait(&done);
}
#endif
/* a, whose end is waited for, and then b. */
USED static void ordered(void (*a)(void), void (*b)(void)) {
  alone(a);
  alone(b);
}

#define PAIR(n, decl, a, b)                               \
  decl;                                                   \
  static FAR void n##_1(void) { a; }                      \
  static FAR void n##_2(void) { b; }                      \
  CASE_OF(n##_race, true) { unordered(n##_1, n##_2); }             \
  CASE_OF(n##_norace, true) { ordered(n##_1, n##_2); }
#define SAFE(n, decl, a, b)                               \
  decl;                                                   \
  static FAR void n##_1(void) { a; }                      \
  static FAR void n##_2(void) { b; }                      \
  CASE_OF(n##_norace, true) { unordered(n##_1, n##_2); }

#define EDGE(n, decl, setup, a, b)                        \
  decl;                                                   \
  static FAR void n##_1(void) { a; }                      \
  static FAR void n##_2(void) { b; }                      \
  CASE_OF(n##_norace, true) {                             \
    setup;                                                \
    both(n##_1, n##_2);                                   \
  }
#define OPEN(n, decl, setup, a, b)                        \
  decl;                                                   \
  static FAR void n##_1(void) { a; }                      \
  static FAR void n##_2(void) { b; }                      \
  CASE_OF(n##_race, true) {                               \
    setup;                                                \
    both(n##_1, n##_2);                                   \
  }

#ifndef CONFORMANCE_NO_MAIN
int main(int argc, char **argv) {
  bool pairs = argc > 1 && strcmp(argv[1], "pairs") == 0;
  for (const struct conformance_case *c = __start_gw_cases; c < __stop_gw_cases; c++) {
    if (argc < 2) printf("%s%s\n", c->name, c->pair ? " pair" : "");
    if (pairs && c->pair) c->run();
    if (argc > 1 && strcmp(c->name, argv[1]) == 0) return c->run(), 0;
  }
  return argc > 1 && !pairs;
}
#endif
#endif
