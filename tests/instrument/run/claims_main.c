/* Not instrumented: whether code with checks that were removed, moved or put together claims exactly the bytes that the
 * code with all of them claims, in each phase between two calls.  The functions are generated (test_ranges.py,
 * test_flow.py); table.h has CASE(number) for each.
 *
 * audit_N is the function with all checks in place, and so the truth about what is accessed; usual_N is the same as
 * usual.  Writes must be the same bytes.  A read may be left out where the same phase claims a write of its bytes.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

#define CASE(n)                                             \
  long audit_##n(char *a, char *b, long turns, long width); \
  long usual_##n(char *a, char *b, long turns, long width);
#include "table.h"
#undef CASE

typedef long (*function)(char *, char *, long, long);
static const struct {
  function audit, usual;
} cases[] = {
#define CASE(n) {audit_##n, usual_##n},
#include "table.h"
};

enum { BYTES = 16384, PHASES = 64 };
static char memory[BYTES] __attribute__((aligned(64)));
struct claims {
  unsigned char of[PHASES][BYTES]; /* 1: read, 2: write */
  int phase;
  long events;
};
static struct claims audit, usual, *now;

extern jmp_buf way_out; /* functions may leave by it, and do after too many phases */
jmp_buf way_out;
void phase(void);

static void end_phase(void) {
  CHECK(mock_count <= MOCK_LOG);
  now->events += mock_count;
  for (const struct mock_event *e = mock_log; e < mock_log + mock_count; e++) {
    long first = (const char *)e->at - memory;
    if (first < 0 || first >= BYTES) continue;
    CHECK(first + (long)e->size <= BYTES);
    for (long i = first; i < first + (long)e->size; i++) now->of[now->phase][i] |= e->what[0] == 'r' ? 1 : 2;
  }
  now->phase++;
  mock_clear_log();
}

void phase(void) {
  end_phase();
  if (now->phase == PHASES - 1) longjmp(way_out, 1);
}

static long run(function f, struct claims *claims, long turns, long width, char *after) {
  memset(claims->of, 0, sizeof claims->of);
  claims->phase = 0;
  now = claims;
  for (int i = 0; i < BYTES; i++) memory[i] = (char)(i * 7 % 31);
  mock_new_epoch();
  mock_clear_log();
  long result = setjmp(way_out) ? -1 : f(memory + BYTES / 4, memory + BYTES / 4 * 3, turns, width);
  end_phase();
  memcpy(after, memory, BYTES);
  return result;
}

static void compare(int i, long turns) {
  for (int p = 0; p < PHASES; p++)
    for (int b = 0; b < BYTES; b++) {
      unsigned wanted = audit.of[p][b], got = usual.of[p][b];
      if (got == wanted || (wanted == 3 && got == 2)) continue;
      fprintf(stderr, "case %d, %ld turns, phase %d, byte %d of %c: claimed %u instead of %u\n", i, turns, p,
              b % (BYTES / 2) - BYTES / 4, b < BYTES / 2 ? 'a' : 'b', got, wanted);
      exit(1);
    }
}

int main(void) {
  static const long turns[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40};
  static char after_audit[BYTES], after_usual[BYTES];
  mock_start();
  for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
    for (int t = 0; t < (int)(sizeof turns / sizeof *turns); t++) {
      long x = run(cases[i].audit, &audit, turns[t], 5, after_audit);
      long y = run(cases[i].usual, &usual, turns[t], 5, after_usual);
      CHECK(x == y);
      CHECK(!memcmp(after_audit, after_usual, BYTES));
      compare(i, turns[t]);
    }
  printf("%ld %ld\n", audit.events, usual.events);
}
