/* A member of each of many structures, in a loop: which bytes it claims, at the ends of lines of 64 bytes and of the
 * array, upwards and downwards, by part words; and that those before and after them are judged. */
#include "scenario.h"

enum { ROWS = 40 };
struct row {
  long key;
  int32_t a, b, c;
  char d, e;
};
static struct row *r1, *r2, *r3, *r4, *r5, *r6, *r7, *r8, *r9;

static void a1(void) {
  turn_wait(1);
  for (int i = 0; i < ROWS; i++) r1[i].key = i; /* RACE 1: write */ /* RACE 10: write */
  turn_done();
}
static void b1(void) {
  turn_wait(2);
  use(r1[ROWS - 1].key); /* RACE 1: read */
  use(r1[ROWS - 2].key); /* RACE 10: read */
  turn_done();
}

static void a2(void) { IN_TURN(1, r2[21].b = 1); /* RACE 2: write */ }
static void b2(void) {
  long sum = 0;
  turn_wait(2);
  for (int i = ROWS; i-- > 0;) sum += r2[i].b; /* RACE 2: read */
  use(sum);
}

/* Twelve bytes of each, of one line of the source. */
static void a3(void) { IN_TURN(1, use(r3[ROWS - 2].c)); /* RACE 3: read */ }
static void b3(void) {
  turn_wait(2);
  for (int i = 0; i < ROWS; i++) r3[i].a = 1, r3[i].b = 2, r3[i].c = 3; /* RACE 3: write */
}

/* Until one is found: as far as the loop came. */
static void a4(void) { IN_TURN(1, r4[5].d = 1); /* RACE 4: write */ }
static void b4(void) {
  int i = 0;
  turn_wait(2);
  while (!r4[i].d) i++; /* RACE 4: read */
  use(i);
}

/* In the same epoch again: what another did meanwhile stands there. */
static void a5(void) {
  turn_wait(1);
  for (int i = 0; i < ROWS; i++) r5[i].key = i;
  turn_done();
  turn_wait(3);
  for (int i = 0; i < ROWS; i++) r5[i].a = i; /* RACE 5: write */
  turn_done();
}
static void b5(void) { IN_TURN(2, r5[0].a = 1); /* RACE 5: write */ }

/* A part of a word that an older epoch read as a whole. */
static void a6(void) {
  turn_wait(1);
  for (int i = 0; i < ROWS; i++) use(r6[i].a + r6[i].b); /* RACE 6: read */
  gw_mutex mu = {0};
  gw_mutex_lock(&mu);
  gw_mutex_unlock(&mu);
  for (int i = 0; i < ROWS; i++) use(r6[i].a);
  turn_done();
}
static void b6(void) { IN_TURN(2, r6[17].b = 1); /* RACE 6: write */ }

/* Beside readers of the same. */
static void a7(void) {
  turn_wait(1);
  long sum = 0;
  for (int i = 0; i < ROWS; i++) sum += r7[i].key; /* RACE 7: read */
  use(sum);
  turn_done();
}
static void b7(void) {
  turn_wait(2);
  long sum = 0;
  for (int i = 0; i < ROWS - 1; i++) sum += r7[i].key;
  use(sum);
  r7[ROWS - 1].key = 1; /* RACE 7: write */
  turn_done();
}

/* The epoch has some of it already: every other one; all but the last one's last bytes. */
static void a8(void) { IN_TURN(1, r8[21].a = 1); /* RACE 8: write */ }
static void b8(void) {
  turn_wait(2);
  for (int i = 0; i < ROWS; i += 2) r8[i].a = 1;
  for (int i = 0; i < ROWS; i++) r8[i].a = 2; /* RACE 8: write */
  turn_done();
}
static void a9(void) { IN_TURN(1, r9[ROWS - 1].c = 1); /* RACE 9: write */ }
static void b9(void) {
  turn_wait(2);
  for (int i = 0; i < ROWS; i++) r9[i].a = 1, r9[i].b = 2;
  for (int i = 0; i < ROWS - 1; i++) r9[i].c = 3;
  for (int i = 0; i < ROWS; i++) r9[i].a = 1, r9[i].b = 2, r9[i].c = 3; /* RACE 9: write */
  turn_done();
}

/* Each begins a line. */
static struct row *rows(void) {
  struct row *r = aligned_alloc(64, ROWS * sizeof *r);
  if (!r) abort();
  for (int i = 0; i < ROWS; i++) r[i] = (struct row){0};
  return r;
}

int main(void) {
  r1 = rows(), r2 = rows(), r3 = rows(), r4 = rows(), r5 = rows(), r6 = rows(), r7 = rows(), r8 = rows(), r9 = rows();
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
