/* Atomics that order too little: every pair of orders that makes no edge, and an atomic beside a plain access. */
#include "scenario.h"

static atomic_int flag;
static int plain;
static long x[16];

#define STORE(order) atomic_store_explicit(&flag, 1, memory_order_##order)
#define LOAD(order) (atomic_load_explicit(&flag, memory_order_##order) == 1)

static void a1(void) { x[1] = 1, turn_wait(1), STORE(relaxed), turn_done(); /* RACE 1: write x[1] */ }
static void b1(void) { turn_wait(2), LOAD(relaxed) ? use(x[1]) : abort(); /* RACE 1: read x[1] */ }

static void a2(void) { x[2] = 1, turn_wait(1), STORE(relaxed), turn_done(); /* RACE 2: write x[2] */ }
static void b2(void) { turn_wait(2), LOAD(acquire) ? use(x[2]) : abort(); /* RACE 2: read x[2] */ }

static void a3(void) { x[3] = 1, turn_wait(1), STORE(release), turn_done(); /* RACE 3: write x[3] */ }
static void b3(void) { turn_wait(2), LOAD(relaxed) ? use(x[3]) : abort(); /* RACE 3: read x[3] */ }

/* The wrong value was read: the load came before the store. */
static void a4(void) { turn_wait(2), x[4] = 1, STORE(release), turn_done(); /* RACE 4: write x[4] */ }
static void b4(void) {
  IN_TURN(1, if (LOAD(acquire)) abort());
  IN_TURN(3, use(x[4])); /* RACE 4: read x[4] */
}

/* Half a pair of fences. */
static void a5(void) { x[5] = 1, turn_wait(1), STORE(relaxed), turn_done(); /* RACE 5: write x[5] */ }
static void b5(void) {
  turn_wait(2);
  if (!LOAD(relaxed)) abort();
  atomic_thread_fence(memory_order_acquire);
  use(x[5]); /* RACE 5: read x[5] */
}
static void a6(void) {
  x[6] = 1; /* RACE 6: write x[6] */
  atomic_thread_fence(memory_order_release);
  IN_TURN(1, STORE(relaxed));
}
static void b6(void) { turn_wait(2), LOAD(relaxed) ? use(x[6]) : abort(); /* RACE 6: read x[6] */ }

/* A fence after the store, and one before the load, come at the wrong side. */
static void a7(void) {
  x[7] = 1; /* RACE 7: write x[7] */
  turn_wait(1);
  STORE(relaxed);
  atomic_thread_fence(memory_order_release);
  turn_done();
}
static void b7(void) {
  turn_wait(2);
  atomic_thread_fence(memory_order_acquire);
  if (LOAD(relaxed)) use(x[7]); /* RACE 7: read x[7] */
}

/* A failed compare-exchange has its failure order. */
static void a8(void) { x[8] = 1, turn_wait(1), STORE(release), turn_done(); /* RACE 8: write x[8] */ }
static void b8(void) {
  int expected = 7;
  turn_wait(2);
  if (atomic_compare_exchange_strong_explicit(&flag, &expected, 2, memory_order_acq_rel, memory_order_relaxed)) abort();
  use(x[8]); /* RACE 8: read x[8] */
}

/* Another thread's plain store of an atomic object ends the release sequence: a relaxed one does. */
static void a9(void) {
  x[9] = 1; /* RACE 9: write x[9] */
  IN_TURN(1, STORE(release));
}
static void b9(void) {
  IN_TURN(2, atomic_store_explicit(&flag, 2, memory_order_relaxed));
  if (atomic_load_explicit(&flag, memory_order_acquire) != 2) abort();
  use(x[9]); /* RACE 9: read x[9] */
}

static void a10(void) { IN_TURN(1, __atomic_store_n(&plain, 1, __ATOMIC_SEQ_CST)); /* RACE 10: atomic write plain */ }
static void b10(void) { IN_TURN(2, use(plain)); /* RACE 10: read plain */ }

static void a11(void) { IN_TURN(1, use(__atomic_load_n(&plain, __ATOMIC_SEQ_CST))); /* RACE 11: atomic read plain */ }
static void b11(void) { IN_TURN(2, plain = 2); /* RACE 11: write plain */ }

static void a12(void) { IN_TURN(1, plain = 3); /* RACE 12: write plain */ }
static void b12(void) { IN_TURN(2, __atomic_fetch_add(&plain, 1, __ATOMIC_RELAXED)); /* RACE 12: atomic write plain */ }

/* A signal fence orders no threads. */
static void a13(void) {
  x[13] = 1; /* RACE 13: write x[13] */
  atomic_signal_fence(memory_order_seq_cst);
  IN_TURN(1, STORE(relaxed));
}
static void b13(void) {
  turn_wait(2);
  if (!LOAD(relaxed)) abort();
  atomic_signal_fence(memory_order_seq_cst);
  use(x[13]); /* RACE 13: read x[13] */
}

static void with_new_flag(void (*a)(void), void (*b)(void)) {
  atomic_store(&flag, 0);
  both(a, b);
}

int main(void) {
  with_new_flag(a1, b1);
  with_new_flag(a2, b2);
  with_new_flag(a3, b3);
  with_new_flag(a4, b4);
  with_new_flag(a5, b5);
  with_new_flag(a6, b6);
  with_new_flag(a7, b7);
  with_new_flag(a8, b8);
  with_new_flag(a9, b9);
  with_new_flag(a10, b10);
  with_new_flag(a11, b11);
  with_new_flag(a12, b12);
  with_new_flag(a13, b13);
}
