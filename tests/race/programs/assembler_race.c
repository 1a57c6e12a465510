/* Inline assembler that orders nothing: another place, an operation that failed, one that came too early, none at all.
 */
#include "scenario.h"

static volatile int word, other, held;
static long x[15];

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

/* A volatile load orders nothing: neither a look nor a loop without assembler before it, */
static void a6(void) { x[6] = 1, turn_wait(1), add(&word, 1), turn_done(); /* RACE 6: write x[6] */ }
static void b6(void) {
  turn_wait(2);
  while (!word) continue;
  use(x[6]); /* RACE 6: read x[6] */
}

/* nor a loop behind assembler at another place, */
#define ADD(p, n) __asm__ volatile("lock addl %1, %0" : "+m"(*(p)) : "er"(n) : "cc")
static void a7(void) { x[7] = 1, turn_wait(1), add(&word, 1), turn_done(); /* RACE 7: write x[7] */ }
static void b7(void) {
  turn_wait(2);
  ADD(&other, 1);
  while (!word) continue;
  use(x[7]); /* RACE 7: read x[7] */
}

/* nor a look behind assembler. */
static void a8(void) { turn_wait(2), x[8] = 1, add(&word, 1), turn_done(); /* RACE 8: write x[8] */ }
static void b8(void) {
  IN_TURN(1, ADD(&word, 0));
  turn_wait(3);
  if (!word) abort();
  use(x[8]); /* RACE 8: read x[8] */
}

/* Nor a loop behind assembler that may not have run, */
static volatile int never;
static void a10(void) { x[9] = 1, turn_wait(1), add(&word, 1), turn_done(); /* RACE 10: write x[9] */ }
static void b10(void) {
  turn_wait(2);
  if (never) ADD(&word, 1);
  while (!word) continue;
  use(x[9]); /* RACE 10: read x[9] */
}

/* nor one that tries again and again. */
static void a11(void) { turn_wait(2), x[10] = 1, add(&word, 1), turn_done(); /* RACE 11: write x[10] */ }
static void b11(void) {
  do {
    IN_TURN(1, ADD(&word, 0));
    turn_wait(3);
  } while (!word);
  use(x[10]); /* RACE 11: read x[10] */
}

/* Who waits so for a lock that is given back by a plain store races with that. */
static void a9(void) {
  IN_TURN(1, add(&held, 1));
  turn_wait(3);
  held = 2; /* RACE 9: write held */
}
static void b9(void) {
  turn_wait(2);
  ADD(&held, 2);
  turn_done();
  while (held != 2) continue; /* RACE 9: read held */
}

/* A move that comes before the other's, */
static int load(volatile int *p) {
  int v;
  __asm__ volatile("movl %1, %0" : "=r"(v) : "m"(*p) : "memory");
  return v;
}
static void store(volatile int *p, int v) { __asm__ volatile("movl %1, %0" : "=m"(*p) : "ir"(v) : "memory"); }
static void a12(void) { turn_wait(2), x[11] = 1, store(&word, 1), turn_done(); /* RACE 12: write x[11] */ }
static void b12(void) {
  IN_TURN(1, use(load(&word)));
  IN_TURN(3, use(x[11])); /* RACE 12: read x[11] */
}

/* a load, which releases nothing, */
static void a13(void) { x[12] = 1, turn_wait(1), use(load(&word)), turn_done(); /* RACE 13: write x[12] */ }
static void b13(void) { turn_wait(2), add(&word, 0), use(x[12]); /* RACE 13: read x[12] */ }

/* a store, which acquires nothing, and what follows doesn't see the one before it any more, */
static void a14(void) { x[13] = 1, turn_wait(1), store(&word, 1), turn_done(); /* RACE 14: write x[13] */ }
static void b14(void) {
  turn_wait(2);
  store(&word, 2);
  if (load(&word) != 2) abort();
  use(x[13]); /* RACE 14: read x[13] */
}

/* one that the compiler may move. */
static void a15(void) { x[14] = 1, turn_wait(1), store(&word, 1), turn_done(); /* RACE 15: write x[14] */ }
static void b15(void) {
  int v;
  turn_wait(2);
  __asm__ volatile("movl %1, %0" : "=r"(v) : "m"(word));
  use(v);
  use(x[14]); /* RACE 15: read x[14] */
}

int main(void) {
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  both(a6, b6);
  both(a7, b7);
  both(a8, b8);
  both(a9, b9);
  both(a10, b10);
  word = 0;
  both(a11, b11);
  both(a12, b12);
  both(a13, b13);
  both(a14, b14);
  both(a15, b15);
}
