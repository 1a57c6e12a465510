/* Accesses whose bytes the same function has accessed before, on all ways there or only on some. */
#include "scenario.h"

struct item {
  struct item *next;
  long n;
};
static struct item i1, i2, i3, i4, i5[2];
static volatile long out, yes = 1, no;

/* The first of them is told. */
static void a1(void) {
  turn_wait(1);
  long sum = i1.n; /* RACE 1: read */
  if (yes) out = sum, sum += i1.n;
  out = sum + i1.n;
  turn_done();
}
static void b1(void) { IN_TURN(2, i1.n = 1); /* RACE 1: write */ }

/* The way that was taken had none. */
static void a2(void) {
  turn_wait(1);
  long sum = 0;
  if (no) sum = i2.n;
  out = sum;
  sum += i2.n; /* RACE 2: read */
  turn_done();
  use(sum);
}
static void b2(void) { IN_TURN(2, i2.n = 1); /* RACE 2: write */ }

/* A read stands for no write. */
static void a3(void) {
  turn_wait(1);
  if (i3.n == 0) i3.n = 1; /* RACE 3: write */
  turn_done();
}
static void b3(void) { IN_TURN(2, use(i3.n)); /* RACE 3: read */ }

/* What was released since belongs to another epoch. */
static gw_mutex mu;
static void a4(void) {
  turn_wait(1);
  i4.n = 1;
  if (yes) {
    gw_mutex_lock(&mu);
    gw_mutex_unlock(&mu);
  }
  out = i4.n; /* RACE 4: read */
  turn_done();
}
static void b4(void) {
  turn_wait(2);
  gw_mutex_lock(&mu);
  gw_mutex_unlock(&mu);
  i4.n = 2; /* RACE 4: write */
  turn_done();
}

/* Another node in each turn of the loop. */
static void a5(void) {
  turn_wait(1);
  long sum = 0;
  for (struct item *i = i5; i; i = i->next) {
    sum += i->n; /* RACE 5: read */
    if (sum > 1) out = sum, sum += i->n;
  }
  turn_done();
  use(sum);
}
static void b5(void) { IN_TURN(2, i5[1].n = 1); /* RACE 5: write */ }

int main(void) {
  i5[0].next = &i5[1];
  i5[0].n = 7;
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  return 0;
}
