/* Not instrumented: compares what the functions of calls.c saw. */
#include "calls.h"

#include <pthread.h>
#include <stdio.h>

#include "mock.h"

uint64_t word(void) { return *mock_calls(); }
uint64_t (*word_pointer)(void) = word;
void back(uint64_t (*f)(void), uint64_t *result) { *result = f(); }
void unwind(void) { pthread_exit(NULL); }
void mess_up(void) { *mock_calls() = 12345; }

static uint64_t w[32];

static bool all_differ(const uint64_t *v, int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++)
      if (v[i] == v[j]) return false;
  return true;
}

static void sites(void) {
  calls_sites(w);
  CHECK(w[0] == 99 && all_differ(w, 4));
  calls_loop(w);
  for (int i = 0; i < 3; i++) CHECK(w[2 * i] == 99 && w[2 * i + 1] == w[1] && w[1] != 99);
  calls_pointer(w);
  CHECK(w[0] == 99 && w[3] == 99 && all_differ(w, 3));
  calls_callback(w);
  CHECK(w[0] != 99 && w[1] != 99 && w[0] != w[1]);
}

static void leaves(void) {
  calls_leaf(w);
  CHECK(w[0] == 99 && w[1] == 99 && w[2] == 99 && w[3] != 99 && w[4] == 99);
  uint64_t own;
  CHECK(calls_tail(&own) == 99 && own == 99);
  CHECK(calls_early(0) == 1 && calls_early(1) == 2);
}

static void depths(void) {
  calls_recursion(9, w);
  CHECK(w[9] == 99 && all_differ(w, 10));
  calls_recursion(8, w + 16);
  for (int i = 0; i < 9; i++) CHECK(w[16 + i] == w[i + 1]); /* counted from the first */
}

static void *unwound(void *arg) {
  *mock_calls() = 77;
  calls_unwound(arg);
  return NULL;
}

/* On a stack that was there when the shadow was mapped. */
static void unwinds(void) {
  static char stack[1 << 17] __attribute__((aligned(4096)));
  pthread_t t;
  pthread_attr_t a;
  CHECK(pthread_attr_init(&a) == 0 && pthread_attr_setstack(&a, stack, sizeof stack) == 0);
  CHECK(pthread_create(&t, &a, unwound, w) == 0 && pthread_join(t, NULL) == 0);
  CHECK(w[0] == 77 && w[1] == 77);
  pthread_attr_destroy(&a);
}

int main(int argc, char **argv) {
  (void)argv;
  mock_start();
  *mock_calls() = 99;
  sites();
  leaves();
  depths();
  calls_jump(w);
  CHECK(w[0] == 99 && w[1] == 99 && w[2] != 99);
  CHECK(*mock_calls() == 99);
  if (argc > 1) unwinds();
  puts("calls");
}
