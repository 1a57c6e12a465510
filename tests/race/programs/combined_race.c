/* Accesses of loops at some turns only, whose address moves slowly: which bytes of their lines of 64 are claimed, at
 * the ends of lines and of the loop, in new epochs and over what older ones left; and that what lies between them is
 * not. */
#include "scenario.h"

enum { N = 100 };
static int *r1, *r2, *r3, *r4, *r6, *r7, *r8, *r9;
static char *r5;

/* Both ends move through loops inside. */
__attribute__((noinline)) static int *partition(int *i, int *j, int pivot) {
  for (;;) {
    do i++;
    while (*i < pivot);
    do j--;
    while (*j > pivot);
    if (i >= j) return i;
    int swap = *i;
    *i = *j, *j = swap; /* RACE 1: write */ /* RACE 2: write */
  }
}

/* Of one that is given from the right every fourth element moves to the left, and only these. */
static int *halves(int swapped) {
  int *r = aligned_alloc(64, (N + 2) * sizeof *r);
  if (!r) abort();
  for (int i = 0; i < N + 2; i++) r[i] = i < N / 2 ? 10 : 20;
  for (int i = 3; i < N / 2 && swapped; i += 4) r[i] = 20, r[N - i] = 10;
  r[0] = 15, r[N] = 15;
  return r;
}
static void a1(void) { IN_TURN(1, partition(r1, r1 + N, 15)); }
static void b1(void) {
  turn_wait(2);
  use(r1[3]); /* RACE 1: read */
  use(r1[4] + r1[N - 4]);
  turn_done();
}
static void a2(void) { IN_TURN(2, partition(r2, r2 + N, 15)); }
static void b2(void) {
  turn_wait(1);
  use(r2[N - 47]); /* RACE 2: read */
  turn_done();
}

/* What a condition lets through: the last one, and not one more. */
__attribute__((noinline)) static int filter(const int *in, int *out) {
  int n = 0;
  for (int i = 0; i < N; i++)
    if (in[i] & 1) out[n++] = in[i]; /* RACE 3: write */ /* RACE 4: write */
  return n;
}
static int in[N];
static void a3(void) { IN_TURN(1, filter(in, r3)); }
static void b3(void) {
  turn_wait(2);
  use(r3[N / 2 - 1]); /* RACE 3: read */
  r3[N / 2] = 1;
  turn_done();
}

/* In the same epoch again: what another did meanwhile stands there. */
static void a4(void) {
  turn_wait(1);
  filter(in, r4);
  turn_done();
  turn_wait(3);
  filter(in, r4);
  turn_done();
}
static void b4(void) { IN_TURN(2, r4[17] = 1); /* RACE 4: write */ }

/* Bytes, in a word with others'; reads. */
static void a5(void) {
  long sum = 0;
  turn_wait(1);
  for (int i = 0; i < N; i++)
    if (i * i % 3) sum += r5[i]; /* RACE 5: read */
  use(sum);
  turn_done();
}
static void b5(void) {
  turn_wait(2);
  for (int i = 0; i < N; i += 3) r5[i] = 1;
  r5[62] = 2; /* RACE 5: write */
  turn_done();
}

/* What an older epoch wrote beside, in the same words. */
__attribute__((noinline)) static void mark(int *a, int which) {
  for (int i = 0; i < N; i++)
    if (in[i] % 4 == which) a[i] = which; /* RACE 6: write */
}
static void a6(void) {
  gw_mutex mu = {0};
  turn_wait(1);
  for (int which = 1; which < 4; which++) {
    mark(r6, which);
    gw_mutex_lock(&mu);
    gw_mutex_unlock(&mu);
  }
  turn_done();
}
static void b6(void) {
  turn_wait(2);
  use(r6[33]); /* RACE 6: read */
  for (int i = 0; i < N; i += 4) r6[i] = 1;
  turn_done();
}

/* Beside readers of the same, and out in the middle. */
__attribute__((noinline)) static long sum_until(const int *a, int end) {
  long sum = 0;
  for (int i = 0; i < N; i++) {
    if (in[i] & 2) sum += a[i]; /* RACE 7: read */
    if (in[i] == end) return sum;
  }
  return 0;
}
static void a7(void) { IN_TURN(1, use(sum_until(r7, 63))); }
static void b7(void) {
  turn_wait(2);
  use(sum_until(r7, 62));
  r7[66] = 1;
  r7[61] = 1;
  r7[63] = 1; /* RACE 7: write */
  turn_done();
}

/* The line was half recorded by the same epoch; and has another's write in the rest. */
static void a8(void) {
  turn_wait(2);
  for (int i = 16; i < 24; i++) r8[i] = i;
  for (int i = 0; i < N; i++)
    if (in[i] & 1) r8[i] = i; /* RACE 8: write */
  turn_done();
}
static void b8(void) { IN_TURN(1, r8[31] = 1); /* RACE 8: write */ }

/* What came from two places of the source, each by itself. */
static void a9(void) {
  turn_wait(1);
  for (int i = 0; i < N; i++) {
    if (in[i] & 1) r9[i] = 1; /* RACE 9: write */
    if (in[i] & 2) r9[i] = 2; /* RACE 10: write */
  }
  turn_done();
}
static void b9(void) {
  turn_wait(2);
  use(r9[17]); /* RACE 9: read */
  use(r9[18]); /* RACE 10: read */
  turn_done();
}

int main(void) {
  for (int i = 0; i < N; i++) in[i] = i;
  r1 = halves(1), r2 = halves(1), r3 = halves(0), r4 = halves(0), r5 = (char *)halves(0), r6 = halves(0);
  r7 = halves(0), r8 = halves(0), r9 = halves(0);
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  both(a6, b6);
  both(a7, b7);
  both(a8, b8);
  both(a9, b9);
}
