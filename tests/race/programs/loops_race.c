/* Variables are external, or the optimiser would know their values.
 *
 * Loops over arrays, each beside one access to an element at an end of what the loop touches: with range checks or
 * without, the race is found at the loop's line. */
#include "scenario.h"

#define APART __attribute__((noinline))

long longs[64], more[64];
int ints[64];
char bytes[64];
long total;

APART static void fill(long *a, long n) {
  for (long i = 0; i < n; i++) a[i] = i; /* RACE 1: write */ /* RACE 2: write */
}
static void a1(void) { IN_TURN(1, fill(longs + 1, 40)); }
static void b1(void) { IN_TURN(2, use(longs[1])); /* RACE 1: read */ }
static void a2(void) { IN_TURN(1, fill(more + 1, 40)); }
static void b2(void) { IN_TURN(2, use(more[40])); /* RACE 2: read */ }

int odd[64];
APART static void fill_ints(int *a, int n) {
  for (int i = 0; i < n; i++) a[i] = i; /* RACE 3: write */
}
static void a3(void) { IN_TURN(1, fill_ints(odd + 1, 33)); }
static void b3(void) { IN_TURN(2, use(odd[33])); /* RACE 3: read */ }

APART static void clear_down(char *a, long n) {
  while (n-- > 0) a[n] ^= 1; /* RACE 4: write */
}
static void a4(void) { IN_TURN(1, clear_down(bytes + 3, 23)); }
static void b4(void) { IN_TURN(2, use(bytes[3])); /* RACE 4: read */ }

double in[64], out[64];
APART static void smooth(double *restrict to, const double *from, long n) {
  for (long i = 1; i < n; i++) to[i] = from[i - 1] + from[i] + from[i + 1]; /* RACE 5: read */
}
static void a5(void) { IN_TURN(1, smooth(out, in, 20)); }
static void b5(void) { IN_TURN(2, in[20] = 1); /* RACE 5: write */ }

APART static void add_up(long *sum, const int *a, long n) {
  for (long i = 0; i < n; i++) *sum += a[i]; /* RACE 6: write */
}
static void a6(void) { IN_TURN(1, add_up(&total, ints, 17)); }
static void b6(void) { IN_TURN(2, use(total)); /* RACE 6: read */ }

/* The loop comes second, and the earlier access lies in its middle. */
long third[64];
APART static long sum(const long *a, unsigned long n) {
  long s = 0;
  for (unsigned long i = 0; i != n; i++) s += a[i]; /* RACE 7 later: read */
  return s;
}
static void a7(void) { IN_TURN(1, third[31] = 1); /* RACE 7 earlier: write */ }
static void b7(void) { IN_TURN(2, use(sum(third, 60))); }

/* Unlocked after the loop: what the loop touches before is not ordered by that for one who doesn't lock. */
static gw_mutex mu;
long guarded[64];
APART static void fill_locked(long *a, long n) {
  gw_mutex_lock(&mu);
  for (long i = 0; i < n; i++) a[i] = i; /* RACE 8: write */
  gw_mutex_unlock(&mu);
}
static void a8(void) { IN_TURN(1, fill_locked(guarded, 50)); }
static void b8(void) { IN_TURN(2, use(guarded[49])); /* RACE 8: read */ }

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  both(a6, b6);
  both(a7, b7);
  both(a8, b8);
}
