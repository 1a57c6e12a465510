/* C11 atomics, their orders, fences and release sequences. */
#define CONFORMANCE_THREADS
#include "conformance.h"

/* clang-format off */
static FAR int value(int n) { __asm__ volatile("" : "+r"(n)); return n; }
#define AWAIT(cond) while (!(cond)) turn__pause()

/* --- publication --- */
EDGE(release_acquire, static atomic_int f1; static int x1, , { x1 = 1; atomic_store_explicit(&f1, 1, memory_order_release); }, { AWAIT(atomic_load_explicit(&f1, memory_order_acquire)); use(x1); })
EDGE(seq_cst, static atomic_int f2; static int x2, , { x2 = 1; f2 = 1; }, { AWAIT(f2); use(x2); })
OPEN(relaxed_store, static atomic_int f3; static int x3, , IN_TURN(1, x3 = 1; atomic_store_explicit(&f3, 1, memory_order_relaxed)), IN_TURN(2, use(atomic_load_explicit(&f3, memory_order_acquire)); use(x3)))
OPEN(relaxed_load, static atomic_int f4; static int x4, , IN_TURN(1, x4 = 1; atomic_store_explicit(&f4, 1, memory_order_release)), IN_TURN(2, use(atomic_load_explicit(&f4, memory_order_relaxed)); use(x4)))
OPEN(other_location, static atomic_int f5; static atomic_int g5; static int x5, , IN_TURN(1, x5 = 1; f5 = 1), IN_TURN(2, use(g5); use(x5)))
OPEN(after_the_release, static atomic_int f6; static int x6, , IN_TURN(1, f6 = 1; x6 = 1), IN_TURN(2, use(f6); use(x6)))
EDGE(consume_is_acquire, static atomic_int f7; static int x7, , { x7 = 1; atomic_store_explicit(&f7, 1, memory_order_release); }, { AWAIT(atomic_load_explicit(&f7, memory_order_consume)); use(x7); })
OPEN(acquire_before_release, static atomic_int f8; static int x8, , { turn_wait(1); x8 = 1; turn_done(); turn_wait(3); f8 = 1; turn_done(); }, { turn_wait(2); use(f8); use(x8); turn_done(); })

/* --- read-modify-write --- */
EDGE(fetch_add_acq_rel, static atomic_int r1; static int y1, , { y1 = 1; atomic_fetch_add(&r1, 1); }, { AWAIT(atomic_fetch_add(&r1, 0)); use(y1); })
EDGE(exchange, static atomic_int r2; static int y2, , { y2 = 1; atomic_exchange_explicit(&r2, 1, memory_order_release); }, { AWAIT(atomic_exchange_explicit(&r2, 0, memory_order_acquire)); use(y2); })
EDGE(compare_exchange, static atomic_int r3; static int y3, , { int e = 0; y3 = 1; atomic_compare_exchange_strong(&r3, &e, 1); }, { int e; do { e = 1; turn__pause(); } while (!atomic_compare_exchange_strong(&r3, &e, 2)); use(y3); })
OPEN(failed_compare_exchange_releases_nothing, static atomic_int r4 = 5; static int y4, , IN_TURN(1, y4 = 1; int e = 0; atomic_compare_exchange_strong(&r4, &e, 1)), IN_TURN(2, use(r4); use(y4)))
EDGE(failed_compare_exchange_acquires, static atomic_int r5; static int y5, , { y5 = 1; atomic_store(&r5, 7); }, { int e; do { e = 99; turn__pause(); atomic_compare_exchange_strong(&r5, &e, 1); } while (e != 7); use(y5); })
OPEN(failed_compare_exchange_relaxed, static atomic_int r6; static int y6, , IN_TURN(1, y6 = 1; r6 = 7), IN_TURN(2, int e = 99; atomic_compare_exchange_strong_explicit(&r6, &e, 1, memory_order_seq_cst, memory_order_relaxed); use(y6)))
EDGE(flag, static atomic_flag r7 = ATOMIC_FLAG_INIT; static int y7, , { while (atomic_flag_test_and_set(&r7)) turn__pause(); y7++; atomic_flag_clear(&r7); }, { while (atomic_flag_test_and_set(&r7)) turn__pause(); y7++; atomic_flag_clear(&r7); })
SAFE(counter, static atomic_int r8, r8++, r8++)
SAFE(relaxed_counter, static atomic_int r9, atomic_fetch_add_explicit(&r9, 1, memory_order_relaxed), atomic_fetch_add_explicit(&r9, 1, memory_order_relaxed))
OPEN(relaxed_counter_orders_nothing, static atomic_int ra; static int ya, , IN_TURN(1, ya = 1; atomic_fetch_add_explicit(&ra, 1, memory_order_relaxed)), IN_TURN(2, atomic_fetch_add_explicit(&ra, 1, memory_order_relaxed); use(ya)))
EDGE(last_one_frees, static atomic_int rb = 2; static int yb[2], , { yb[0] = 1; if (atomic_fetch_sub(&rb, 1) == 1) use(yb[1]); }, { yb[1] = 1; if (atomic_fetch_sub(&rb, 1) == 1) use(yb[0]); })
EDGE(spin_lock_of_ours, static atomic_int rc; static int yc, , { for (int i = 0; i < 30; i++) { while (atomic_exchange_explicit(&rc, 1, memory_order_acquire)) turn__pause(); yc++; atomic_store_explicit(&rc, 0, memory_order_release); } }, { for (int i = 0; i < 30; i++) { while (atomic_exchange_explicit(&rc, 1, memory_order_acquire)) turn__pause(); yc++; atomic_store_explicit(&rc, 0, memory_order_release); } })

/* --- release sequences --- */
EDGE(sequence_of_one_rmw, static atomic_int s1; static int z1, , { z1 = 1; atomic_store_explicit(&s1, 1, memory_order_release); turn_done(); }, { turn_wait(2); atomic_fetch_add_explicit(&s1, 1, memory_order_relaxed); AWAIT(atomic_load_explicit(&s1, memory_order_acquire)); use(z1); })
OPEN(sequence_broken_by_a_store, static atomic_int s2; static int z2, , IN_TURN(1, z2 = 1; atomic_store_explicit(&s2, 1, memory_order_release)), IN_TURN(2, atomic_store_explicit(&s2, 2, memory_order_relaxed); use(atomic_load_explicit(&s2, memory_order_acquire)); use(z2)))

/* --- fences --- */
EDGE(fence_fence, static atomic_int n1; static int t1, , { t1 = 1; atomic_thread_fence(memory_order_release); atomic_store_explicit(&n1, 1, memory_order_relaxed); }, { AWAIT(atomic_load_explicit(&n1, memory_order_relaxed)); atomic_thread_fence(memory_order_acquire); use(t1); })
EDGE(fence_atomic, static atomic_int n2; static int t2, , { t2 = 1; atomic_thread_fence(memory_order_release); atomic_store_explicit(&n2, 1, memory_order_relaxed); }, { AWAIT(atomic_load_explicit(&n2, memory_order_acquire)); use(t2); })
EDGE(atomic_fence, static atomic_int n3; static int t3, , { t3 = 1; atomic_store_explicit(&n3, 1, memory_order_release); }, { AWAIT(atomic_load_explicit(&n3, memory_order_relaxed)); atomic_thread_fence(memory_order_acquire); use(t3); })
OPEN(no_acquire_fence, static atomic_int n4; static int t4, , IN_TURN(1, t4 = 1; atomic_thread_fence(memory_order_release); atomic_store_explicit(&n4, 1, memory_order_relaxed)), IN_TURN(2, use(atomic_load_explicit(&n4, memory_order_relaxed)); use(t4)))
OPEN(no_release_fence, static atomic_int n5; static int t5, , IN_TURN(1, t5 = 1; atomic_store_explicit(&n5, 1, memory_order_relaxed)), IN_TURN(2, use(atomic_load_explicit(&n5, memory_order_relaxed)); atomic_thread_fence(memory_order_acquire); use(t5)))
OPEN(release_fence_too_early, static atomic_int n6; static int t6, , IN_TURN(1, atomic_thread_fence(memory_order_release); t6 = 1; atomic_store_explicit(&n6, 1, memory_order_relaxed)), IN_TURN(2, use(atomic_load_explicit(&n6, memory_order_acquire)); use(t6)))
OPEN(acquire_fence_too_early, static atomic_int n7; static int t7, , IN_TURN(1, t7 = 1; atomic_store_explicit(&n7, 1, memory_order_release)), IN_TURN(2, atomic_thread_fence(memory_order_acquire); use(atomic_load_explicit(&n7, memory_order_relaxed)); use(t7)))
OPEN(signal_fence, static atomic_int n8; static int t8, , IN_TURN(1, t8 = 1; atomic_signal_fence(memory_order_release); atomic_store_explicit(&n8, 1, memory_order_relaxed)), IN_TURN(2, use(atomic_load_explicit(&n8, memory_order_relaxed)); atomic_signal_fence(memory_order_acquire); use(t8)))
OPEN(fences_without_atomics, static int t9, , IN_TURN(1, t9 = 1; atomic_thread_fence(memory_order_seq_cst)), IN_TURN(2, atomic_thread_fence(memory_order_seq_cst); use(t9)))

/* --- atomic beside plain --- */
OPEN(atomic_store_plain_load, static atomic_int p1, , IN_TURN(1, p1 = 1), IN_TURN(2, use(*(int *)&p1)))
OPEN(plain_store_atomic_load, static atomic_int p2, , IN_TURN(1, *(int *)&p2 = 1), IN_TURN(2, use((int)p2)))
OPEN(plain_init_is_no_atomic, static atomic_int p3, , IN_TURN(1, atomic_init(&p3, 1)), IN_TURN(2, use((int)p3)))
SAFE(atomic_load_plain_load, static atomic_int p4, use((int)p4), use(*(int *)&p4))
SAFE(atomic_store_atomic_load, static atomic_int p5, atomic_store_explicit(&p5, 1, memory_order_relaxed), use((int)p5))
OPEN(atomic_part_of_plain, static union { atomic_char c[8]; long l; } p6, , IN_TURN(1, p6.c[3] = 1), IN_TURN(2, use(p6.l)))
OPEN(volatile_is_no_atomic, static volatile int p7; static int q7, , IN_TURN(1, q7 = 1; __atomic_store_n(&p7, 1, __ATOMIC_RELAXED)), IN_TURN(2, use(__atomic_load_n(&p7, __ATOMIC_RELAXED)); use(q7)))
SAFE(wide_atomic, static _Atomic long p8, p8++, p8--)
SAFE(byte_atomic, static _Atomic unsigned char p9, p9 |= 1, p9 |= 2)
SAFE(atomic_pointer, static _Atomic(int *) pa, pa = NULL, use(pa == NULL))
EDGE(published_block, static _Atomic(int *) pb __attribute__((used)), , { int *n = malloc(8); n[1] = 5; pb = n; }, { int *n; AWAIT(n = pb); use(n[1]); })
OPEN(published_relaxed, static _Atomic(int *) pc, , IN_TURN(1, int *n = malloc(8); n[1] = 5; atomic_store_explicit(&pc, n, memory_order_relaxed)), IN_TURN(2, use(atomic_load_explicit(&pc, memory_order_relaxed)[1])))
EDGE(builtin_sync, static int pd; static int qd, , { qd = 1; __sync_fetch_and_add(&pd, 1); }, { AWAIT(__sync_fetch_and_add(&pd, 0)); use(qd); })
EDGE(double_checked, static _Atomic(int *) pe; static pthread_mutex_t me = PTHREAD_MUTEX_INITIALIZER, , { int *n = pe; if (!n) { pthread_mutex_lock(&me); if (!(n = pe)) { n = malloc(4); *n = 3; pe = n; } pthread_mutex_unlock(&me); } use(*n); }, { int *n = pe; if (!n) { pthread_mutex_lock(&me); if (!(n = pe)) { n = malloc(4); *n = 3; pe = n; } pthread_mutex_unlock(&me); } use(*n); })
OPEN(double_checked_plain, static int *pf; static pthread_mutex_t mf = PTHREAD_MUTEX_INITIALIZER, , IN_TURN(1, pthread_mutex_lock(&mf); pf = malloc(4); pthread_mutex_unlock(&mf)), IN_TURN(2, use(pf != NULL)))

/* clang-format on */
/* --- through several threads --- */
/* A release sequence goes on through other threads' read-modify-writes; and a third one acquires. */
static atomic_int chain;
static int linked;
static void *link_relaxed(void *p) {
  IN_TURN(2, atomic_fetch_add_explicit(&chain, 1, memory_order_relaxed));
  return p;
}
static void *link_end(void *p) {
  turn_wait(3);
  use(atomic_load_explicit(&chain, memory_order_acquire));
  use(linked);
  return p;
}
CASE(sequence_through_a_third_norace) {
  pthread_t a, b;
  pthread_create(&a, NULL, link_relaxed, NULL);
  pthread_create(&b, NULL, link_end, NULL);
  IN_TURN(1, linked = 1; atomic_store_explicit(&chain, 1, memory_order_release));
  pthread_join(a, NULL);
  pthread_join(b, NULL);
}

/* What the thread in the middle did isn't part of it. */
static atomic_int chain2;
static int middle;
static void *middle_relaxed(void *p) {
  IN_TURN(2, middle = 1; atomic_fetch_add_explicit(&chain2, 1, memory_order_relaxed)); /* RACE */
  return p;
}
static void *middle_end(void *p) {
  turn_wait(3);
  use(atomic_load_explicit(&chain2, memory_order_acquire));
  use(middle); /* RACE */
  return p;
}
CASE(sequence_without_the_middle_race) {
  pthread_t a, b;
  pthread_create(&a, NULL, middle_relaxed, NULL);
  pthread_create(&b, NULL, middle_end, NULL);
  IN_TURN(1, atomic_store_explicit(&chain2, 1, memory_order_release));
  pthread_join(a, NULL);
  pthread_join(b, NULL);
}

/* Message passing through two hops of acquire and release. */
static atomic_int hop1, hop2;
static int carried;
static void *carry(void *p) {
  AWAIT(atomic_load_explicit(&hop1, memory_order_acquire));
  atomic_store_explicit(&hop2, 1, memory_order_release);
  return p;
}
static void *arrive(void *p) {
  AWAIT(atomic_load_explicit(&hop2, memory_order_acquire));
  use(carried);
  return p;
}
CASE(two_hops_norace) {
  pthread_t a, b;
  pthread_create(&a, NULL, carry, NULL);
  pthread_create(&b, NULL, arrive, NULL);
  carried = 1;
  atomic_store_explicit(&hop1, 1, memory_order_release);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
}
