/* Loops beside accesses to what they don't touch: the neighbours of their ends, elements that they skip or never reach,
 * and elements that they touch in another turn's critical section. */
#include "scenario.h" /* NO RACE */

#define APART __attribute__((noinline))

char bytes[64];
int ints[64], gaps[64];
long longs[64], pairs[64], never[64];

APART static void fill_bytes(char *a, long n) {
  for (long i = 0; i < n; i++) a[i] = 1;
}
static void a1(void) { IN_TURN(1, fill_bytes(bytes + 3, 26)); }
static void b1(void) { IN_TURN(2, bytes[2] = bytes[29] = 1); }

APART static void down(int *a, int n) {
  for (int i = n - 1; i >= 0; i--) a[i] += 1;
}
static void a2(void) { IN_TURN(1, down(ints + 1, 20)); }
static void b2(void) { IN_TURN(2, ints[0] = ints[21] = 1); }

/* A loop that runs no turn, between two of another goroutine's elements; one that runs a single turn. */
APART static void fill(long *a, long n) {
  for (long i = 0; i < n; i++) a[i] = i;
}
static void a3(void) {
  IN_TURN(1, fill(never + 1, 0));
  IN_TURN(3, fill(never + 4, 1));
  IN_TURN(5, fill(never + 8, -3));
}
static void b3(void) {
  IN_TURN(2, never[0] = never[1] = never[2] = 1);
  IN_TURN(4, never[3] = never[5] = 1);
  IN_TURN(6, never[7] = never[8] = never[5] = 1);
}

APART static void every_other(int *a, long n) {
  for (long i = 0; i < n; i++) a[2 * i] = 1;
}
static void a4(void) { IN_TURN(1, every_other(gaps, 30)); }
static void b4(void) { IN_TURN(2, every_other(gaps + 1, 30)); }

/* Leaves early: what comes after is another's. */
APART static long find(const long *a, long n) {
  for (long i = 0; i < n; i++)
    if (a[i] == 0) return i;
  return n;
}
static void a5(void) { IN_TURN(1, fill(longs, 0); use(find(longs, 60))); }
static void b5(void) { IN_TURN(2, longs[1] = 1); }

APART static void some(long *a, long n) {
  for (long i = 0; i < n; i++)
    if (i & 1) a[i] = 1;
}
static void a6(void) { IN_TURN(1, some(pairs, 60)); }
static void b6(void) { IN_TURN(2, some(pairs + 1, 59)); }

/* A lock for each turn: the elements are ordered one by one. */
static gw_mutex mu;
long turns[64];
APART static void fill_locked(long *a, long n) {
  for (long i = 0; i < n; i++) {
    gw_mutex_lock(&mu);
    a[i] = i;
    gw_mutex_unlock(&mu);
  }
}
static void a7(void) { IN_TURN(1, fill_locked(turns, 40)); }
static void b7(void) { IN_TURN(2, fill_locked(turns, 40)); }

/* Handed over in the middle of a nest: each row before its send. */
static gw_chan(int) rows;
long table[8][32];
static void a8(void) {
  for (int r = 0; r < 8; r++) {
    fill(table[r], 32);
    gw_send(rows, r);
  }
  gw_close(rows);
}
static void b8(void) {
  gw_range(r, rows) {
    long s = 0;
    for (int i = 0; i < 32; i++) s += table[r][i];
    use(s);
  }
}

int main(void) {
  rows = gw_make(int, 2);
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  both(a6, b6);
  both(a7, b7);
  both(a8, b8);
  gw_chan_free(rows);
}
