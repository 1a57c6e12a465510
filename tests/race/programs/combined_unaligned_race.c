/* As combined_race.c, of accesses that lie anywhere: what is claimed at once begins at a granule and has bytes of two
 * lines of 64. */
#include "scenario.h"

enum { N = 100, BYTES = 1024 };

/* Five bytes each, the word at the second: that of the 13th lies across the end of a line. */
struct loose {
  char c;
  int i;
} __attribute__((packed));
static struct loose *r1, *r2, *r3;
static char *r4;
static int in[N];

static void *lines(void) {
  char *r = aligned_alloc(64, BYTES);
  if (!r) abort();
  for (int i = 0; i < BYTES; i++) r[i] = 0;
  return r;
}

__attribute__((noinline)) static void mark(struct loose *a, int from) {
  for (int i = from; i < N; i++)
    if (in[i] & 4) a[i].i = i; /* RACE 1: write */ /* RACE 2: write */
}

/* The last byte of the word is the first of the second line; what isn't the words' is free. */
static void a1(void) { IN_TURN(1, mark(r1, 0)); }
static void b1(void) {
  turn_wait(2);
  use(((char *)&r1[12])[4]); /* RACE 1: read */
  for (int i = 0; i < N; i++) r1[i].c = 1;
  for (int i = 0; i < N; i++)
    if (!(in[i] & 4)) r1[i].i = 1;
  turn_done();
}

/* The last word of all; what is claimed begins in the middle of a line, with the first word. */
static void a2(void) { IN_TURN(1, mark(r2, 60)); }
static void b2(void) {
  turn_wait(2);
  use(r2[95].i); /* RACE 2: read */
  use(r2[59].i + r2[96].i);
  turn_done();
}

/* Reads, beside another's. */
__attribute__((noinline)) static long sum(const struct loose *a) {
  long n = 0;
  for (int i = 0; i < N; i++)
    if (in[i] & 4) n += a[i].i; /* RACE 3: read */
  return n;
}
static void a3(void) { IN_TURN(1, use(sum(r3))); }
static void b3(void) {
  turn_wait(2);
  use(sum(r3));
  ((char *)&r3[12])[1] = 1; /* RACE 3: write */
  r3[11].i = 1;
  turn_done();
}

/* A search whose steps grow finds something where they are of four bytes, and looks no further. */
__attribute__((noinline)) static long search(const char *a) {
  const char *next = a + 40;
  unsigned long step = 1;
  for (const char *p = a; p < a + BYTES - 8; p += step) {
    short found;
    __builtin_memcpy(&found, p, sizeof found); /* RACE 4: read */
    if (found) return p - a;
    if (p >= next) step++, next += 40;
  }
  return -1;
}
static void a4(void) { IN_TURN(1, use(search(r4))); }
static void b4(void) {
  turn_wait(2);
  r4[121] = 1;
  r4[123] = 1; /* RACE 4: write */
  for (int i = 164; i < 400; i++) r4[i] = 1;
  turn_done();
}

int main(void) {
  for (int i = 0; i < N; i++) in[i] = i;
  r1 = lines(), r2 = lines(), r3 = lines(), r4 = lines();
  r4[163] = 1;
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
}
