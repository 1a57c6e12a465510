/* Inline assembler that orders nothing: another place, an operation that failed, one that came too early, none at all.
 */
#include "scenario.h"

static volatile int word, other;
static long x[8];

static int add(volatile int *p, int n) {
  __asm__ volatile("lock; xaddl %0, %1" : "+r"(n), "+m"(*p) : : "memory", "cc");
  return n;
}
static int replace(volatile int *p, int old, int next) {
  unsigned char done;
  __asm__ volatile("lock; cmpxchgl %3, %1; sete %0" : "=a"(done) : "m"(*p), "a"(old), "r"(next) : "memory", "cc");
  return done;
}

static void a1(void) { x[1] = 1, turn_wait(1), add(&other, 1), turn_done(); /* RACE 1: write x[1] */ }
static void b1(void) { turn_wait(2), add(&word, 1), use(x[1]); /* RACE 1: read x[1] */ }

/* A compare-exchange that fails publishes nothing. */
static void a2(void) {
  x[2] = 1, turn_wait(1), replace(&word, 7, 8) ? abort() : (void)0, turn_done(); /* RACE 2: write x[2] */
}
static void b2(void) { turn_wait(2), add(&word, 1), use(x[2]); /* RACE 2: read x[2] */ }

/* The operation came before the other's. */
static void a3(void) { turn_wait(2), x[3] = 1, add(&word, 1), turn_done(); /* RACE 3: write x[3] */ }
static void b3(void) {
  IN_TURN(1, add(&word, 1));
  IN_TURN(3, use(x[3])); /* RACE 3: read x[3] */
}

/* A barrier for the compiler is none. */
static atomic_int flag;
static void a4(void) {
  x[4] = 1; /* RACE 4: write x[4] */
  __asm__ volatile("" : : : "memory");
  IN_TURN(1, atomic_store_explicit(&flag, 1, memory_order_relaxed));
}
static void b4(void) {
  turn_wait(2);
  if (!atomic_load_explicit(&flag, memory_order_relaxed)) abort();
  __asm__ volatile("" : : : "memory");
  use(x[4]); /* RACE 4: read x[4] */
}

/* An addition without the prefix. */
static void a5(void) {
  x[5] = 1; /* RACE 5: write x[5] */
  turn_wait(1);
  __asm__ volatile("addl $1, %0" : "+m"(word) : : "cc");
  turn_done();
}
static void b5(void) { turn_wait(2), add(&word, 0), use(x[5]); /* RACE 5: read x[5] */ }

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
}
