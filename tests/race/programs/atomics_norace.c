/* NO RACE */
/* Atomics that order: every pair of orders that makes an edge, fences, release sequences, and all sizes. */
#include "scenario.h"

static atomic_int flag;
static long x;

#define STORE(order) atomic_store_explicit(&flag, 1, memory_order_##order)
#define LOAD(order) (atomic_load_explicit(&flag, memory_order_##order))
#define PUBLISH(name, order) \
  static void name(void) { x++, turn_wait(1), STORE(order), turn_done(); }
#define READ(name, order) \
  static void name(void) { turn_wait(2), LOAD(order) ? use(x) : abort(); }

PUBLISH(store_release, release)
PUBLISH(store_seq_cst, seq_cst)
READ(load_acquire, acquire)
READ(load_consume, consume)
READ(load_seq_cst, seq_cst)

static void exchange_release(void) {
  x++, turn_wait(1), atomic_exchange_explicit(&flag, 1, memory_order_release), turn_done();
}
static void exchange_acquire(void) {
  turn_wait(2), atomic_exchange_explicit(&flag, 0, memory_order_acquire) ? use(x) : abort();
}
static void add_acq_rel(void) {
  x++, turn_wait(1), atomic_fetch_add_explicit(&flag, 1, memory_order_acq_rel), turn_done();
}
static void or_acq_rel(void) {
  turn_wait(2), atomic_fetch_or_explicit(&flag, 4, memory_order_acq_rel) ? use(x) : abort();
}

static void fence_release(void) {
  x++;
  atomic_thread_fence(memory_order_release);
  IN_TURN(1, STORE(relaxed));
}
static void fence_acquire(void) {
  turn_wait(2);
  if (!LOAD(relaxed)) abort();
  atomic_thread_fence(memory_order_acquire);
  use(x);
}
static void fence_seq_cst(void) {
  turn_wait(2);
  if (!LOAD(relaxed)) abort();
  atomic_thread_fence(memory_order_seq_cst);
  use(x);
}

/* A relaxed read-modify-write of another goroutine goes on with the release sequence. */
static void continue_sequence(void) { IN_TURN(2, atomic_fetch_add_explicit(&flag, 1, memory_order_relaxed)); }
static void begin_sequence(void) {
  gw_go(continue_sequence);
  x++;
  IN_TURN(1, STORE(release));
}
static void end_sequence(void) { turn_wait(3), LOAD(acquire) == 2 ? use(x) : abort(); }

/* A load that finds what it found the last time has nothing to acquire; then one that finds another value has. */
static void store_twice(void) {
  IN_TURN(1, STORE(release));
  turn_wait(3);
  x++;
  atomic_store_explicit(&flag, 2, memory_order_release);
  turn_done();
}
static void load_again(void) {
  turn_wait(2);
  for (int i = 0; i < 3; i++)
    if (LOAD(acquire) != 1) abort();
  turn_done();
  turn_wait(4), LOAD(acquire) == 2 ? use(x) : abort();
}

static void cas_fails_acquire(void) {
  int expected = 7;
  turn_wait(2);
  if (atomic_compare_exchange_strong_explicit(&flag, &expected, 2, memory_order_acq_rel, memory_order_acquire)) abort();
  use(x);
}
static void cas_succeeds_acquire(void) {
  int expected = 1;
  turn_wait(2);
  if (!atomic_compare_exchange_strong_explicit(&flag, &expected, 2, memory_order_acquire, memory_order_relaxed))
    abort();
  use(x);
}

static atomic_flag spin = ATOMIC_FLAG_INIT;
static void spin_locked(void) {
  for (int i = 0; i < 50; i++) {
    while (atomic_flag_test_and_set_explicit(&spin, memory_order_acquire)) gw_yield();
    x++;
    atomic_flag_clear_explicit(&spin, memory_order_release);
  }
}

/* All sizes and the old builtins; atomics don't race with one another, in whatever order. */
static struct {
  uint8_t a;
  uint16_t b;
  uint32_t c;
  uint64_t d;
  void *p;
} all;
static void every_size(void) {
  for (int i = 0; i < 50; i++) {
    __atomic_fetch_add(&all.a, 1, __ATOMIC_RELAXED);
    __atomic_fetch_xor(&all.b, 3, __ATOMIC_RELAXED);
    __sync_fetch_and_add(&all.c, 1);
    __atomic_fetch_nand(&all.d, 5, __ATOMIC_RELEASE);
    __atomic_store_n(&all.p, &all, __ATOMIC_RELAXED);
    use(__atomic_load_n(&all.p, __ATOMIC_RELAXED) != NULL);
    __sync_bool_compare_and_swap(&all.d, 1, 2);
    if (i % 10 == 0) gw_yield();
  }
}

static void with_new_flag(void (*a)(void), void (*b)(void)) {
  atomic_store(&flag, 0);
  both(a, b);
}

int main(void) {
  void (*const publish[])(void) = {store_release, store_seq_cst, exchange_release, add_acq_rel, fence_release};
  void (*const read[])(void) = {load_acquire,  load_consume,  load_seq_cst,      exchange_acquire,    or_acq_rel,
                                fence_acquire, fence_seq_cst, cas_fails_acquire, cas_succeeds_acquire};
  for (size_t i = 0; i < sizeof publish / sizeof *publish; i++)
    for (size_t j = 0; j < sizeof read / sizeof *read; j++) with_new_flag(publish[i], read[j]);
  with_new_flag(begin_sequence, end_sequence);
  with_new_flag(store_twice, load_again);
  with_new_flag(spin_locked, spin_locked);
  with_new_flag(every_size, every_size);
}
