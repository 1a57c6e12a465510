/* Atomic operations of compiled code (abi.inc).
 *
 * The operation is performed here, under its sync object's lock, so that the value and the clocks that belong to it
 * change together: a hook before or after the operation would let a reader see the new value with the old clock, or an
 * old value with a clock that was never published with it.
 *
 * Synchronises-with as C11 has it (5.1.2.4, 7.17.3): an object holds the release sequences that go on at its current
 * value. A store ends all but those that its own goroutine heads; a read-modify-write ends none; a release (or a
 * relaxed write after a release fence) heads one more.  An acquire takes all heads; a relaxed load lays them aside for
 * an acquire fence.
 *
 * An operation that is relaxed, with no fence pending, and a load of any order, take no lock where the line has no sync
 * object.  The load is right because a release marks the line before it stores: a value that was read before the line
 * was seen unmarked isn't a release's.
 */
#include "detector/detector.h"
#include "detector/epoch.h"
#include "detector/shadow.h"
#include "detector/sync.h"

static bool is_acquire(int mo) {
  return mo == __ATOMIC_ACQUIRE || mo == __ATOMIC_CONSUME || mo == __ATOMIC_ACQ_REL || mo == __ATOMIC_SEQ_CST;
}
static bool is_release(int mo) { return mo == __ATOMIC_RELEASE || mo == __ATOMIC_ACQ_REL || mo == __ATOMIC_SEQ_CST; }

static bool may_have_clock(const void *p) {
  uintptr_t a = (uintptr_t)p;
  return !shadow_covered(a) || __atomic_load_n(shadow_meta(a >> 6), __ATOMIC_ACQUIRE) & (META_SYNC | META_LOCK);
}

/* One operation, from entry to exit. */
struct op {
  struct det_thread *t;
  struct race_g *g;
  struct sync_bucket *b; /* locked, or NULL */
  struct sync_atomic *a; /* may be NULL */
};

static struct op op_begin(void) {
  struct op op = {.t = det_enter()};
  op.g = op.t->g ? op.t->g : race_self();
  return op;
}

static void op_lock(struct op *op, const void *p, bool make) {
  op->b = sync_bucket((uintptr_t)p);
  spin_lock(&op->b->lock);
  op->a = make ? sync_get_atomic_locked(op->b, (uintptr_t)p) : sync_find_atomic_locked(op->b, (uintptr_t)p);
}

/* Before a store or a read-modify-write is performed. */
static void op_lock_to_write(struct op *op, const void *p, bool rmw, int mo) {
  bool release = is_release(mo) || op->g->fence_release;
  if (release || (rmw && is_acquire(mo)) || may_have_clock(p)) op_lock(op, p, release);
}

/* A load's part: its heads are acquired, or laid aside for an acquire fence. */
static void op_acquire(struct op *op, int mo) {
  if (is_acquire(mo))
    det_acquire_clock(op->t, op->g, &op->a->all);
  else
    heads_lay_aside(op->t, op->a, op->g);
}

/* A store's part: heads a release sequence, if the order or an earlier fence says so. True if g must tick once the lock
 * is free. */
static bool op_release(struct op *op, bool rmw, int mo) {
  if (!rmw) heads_end_others(op->t, op->a, op->g);
  if (is_release(mo)) {
    heads_release(op->t, op->a, op->g, rmw && is_acquire(mo));
    return true;
  }
  if (op->g->fence_release) heads_release_fence(op->t, op->a, op->g);
  return false;
}

/* After it was performed: what it acquired comes before the access, and the access before what it releases. */
static void op_end(struct op *op, const void *p, size_t n, bool reads, bool writes, int mo, struct race_at at) {
  bool tick = false;
  struct det_races races;
  races.n = 0;
  if (reads && op->a) op_acquire(op, mo);
  if (!det_atomic_simply(op->t, op->g, (uintptr_t)p, n, writes, at))
    det_access_atomic(op->t, op->g, (uintptr_t)p, n, writes, at, &races);
  if (writes && op->a) tick = op_release(op, reads, mo);
  if (op->b) spin_unlock(&op->b->lock);
  det_tell_races(&races); /* a report takes its time, and other locations share the lock */
  if (tick) det_tick(op->t, op->g);
  det_exit(op->t);
}

#define LOAD(N, T)                                                       \
  T __gw_atomic##N##_load(void *p, int mo) {                             \
    struct op op = op_begin();                                           \
    T v = __atomic_load_n((T *)p, __ATOMIC_SEQ_CST);                     \
    if (may_have_clock(p)) {                                             \
      op_lock(&op, p, false);                                            \
      v = __atomic_load_n((T *)p, __ATOMIC_SEQ_CST);                     \
    }                                                                    \
    op_end(&op, p, sizeof(T), true, false, mo, at_tracked(RACE_HERE())); \
    return v;                                                            \
  }

#define STORE(N, T)                                                      \
  void __gw_atomic##N##_store(void *p, T v, int mo) {                    \
    struct op op = op_begin();                                           \
    op_lock_to_write(&op, p, false, mo);                                 \
    if (mo == __ATOMIC_SEQ_CST)                                          \
      __atomic_store_n((T *)p, v, __ATOMIC_SEQ_CST);                     \
    else                                                                 \
      __atomic_store_n((T *)p, v, __ATOMIC_RELEASE);                     \
    op_end(&op, p, sizeof(T), false, true, mo, at_tracked(RACE_HERE())); \
  }

#define RMW(N, T, name, expr)                                           \
  T __gw_atomic##N##_##name(void *p, T v, int mo) {                     \
    struct op op = op_begin();                                          \
    op_lock_to_write(&op, p, true, mo);                                 \
    T old = (expr);                                                     \
    op_end(&op, p, sizeof(T), true, true, mo, at_tracked(RACE_HERE())); \
    return old;                                                         \
  }

/* For what has no builtin: `next` computes the new value from `old` and v. */
#define RMW_LOOP(N, T, name, next)                                                                             \
  static T loop##N##_##name(T *p, T v) {                                                                       \
    T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                                              \
    while (!__atomic_compare_exchange_n(p, &old, (next), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) continue; \
    return old;                                                                                                \
  }                                                                                                            \
  RMW(N, T, name, loop##N##_##name(p, v))

/* A compare-exchange that fails is a load. */
#define CAS(N, T)                                                                                            \
  T __gw_atomic##N##_compare_exchange(void *p, T expected, T desired, int success, int failure) {            \
    struct op op = op_begin();                                                                               \
    op_lock(&op, p, is_release(success) || op.g->fence_release);                                             \
    T old = expected;                                                                                        \
    bool ok = __atomic_compare_exchange_n((T *)p, &old, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    op_end(&op, p, sizeof(T), true, ok, ok ? success : failure, at_tracked(RACE_HERE()));                    \
    return old;                                                                                              \
  }

#define ALL(N, T, S)                                                      \
  LOAD(N, T)                                                              \
  STORE(N, T)                                                             \
  CAS(N, T)                                                               \
  RMW(N, T, exchange, __atomic_exchange_n((T *)p, v, __ATOMIC_SEQ_CST))   \
  RMW(N, T, fetch_add, __atomic_fetch_add((T *)p, v, __ATOMIC_SEQ_CST))   \
  RMW(N, T, fetch_sub, __atomic_fetch_sub((T *)p, v, __ATOMIC_SEQ_CST))   \
  RMW(N, T, fetch_and, __atomic_fetch_and((T *)p, v, __ATOMIC_SEQ_CST))   \
  RMW(N, T, fetch_or, __atomic_fetch_or((T *)p, v, __ATOMIC_SEQ_CST))     \
  RMW(N, T, fetch_xor, __atomic_fetch_xor((T *)p, v, __ATOMIC_SEQ_CST))   \
  RMW(N, T, fetch_nand, __atomic_fetch_nand((T *)p, v, __ATOMIC_SEQ_CST)) \
  RMW_LOOP(N, T, fetch_max, (T)((S)old > (S)v ? old : v))                 \
  RMW_LOOP(N, T, fetch_min, (T)((S)old < (S)v ? old : v))                 \
  RMW_LOOP(N, T, fetch_umax, old > v ? old : v)                           \
  RMW_LOOP(N, T, fetch_umin, old < v ? old : v)

ALL(8, uint8_t, int8_t)
ALL(16, uint16_t, int16_t)
ALL(32, uint32_t, int32_t)
ALL(64, uint64_t, int64_t)

/* 16 bytes: cmpxchg16b is all that there is (the file is built with -mcx16); the __atomic builtins would call
 * libatomic. */
typedef unsigned __int128 u128;
static u128 cas16(u128 *p, u128 expected, u128 desired) { return __sync_val_compare_and_swap(p, expected, desired); }

#define RMW16(name, next)                                     \
  static u128 loop128_##name(u128 *p, u128 v) {               \
    u128 old = cas16(p, 0, 0), seen;                          \
    (void)v;                                                  \
    while ((seen = cas16(p, old, (next))) != old) old = seen; \
    return old;                                               \
  }                                                           \
  RMW(128, u128, name, loop128_##name(p, v))
RMW16(exchange, v)
RMW16(fetch_add, old + v)
RMW16(fetch_sub, old - v)
RMW16(fetch_and, old &v)
RMW16(fetch_or, old | v)
RMW16(fetch_xor, old ^ v)
RMW16(fetch_nand, ~(old &v))
RMW16(fetch_max, (__int128)old > (__int128)v ? old : v)
RMW16(fetch_min, (__int128)old < (__int128)v ? old : v)
RMW16(fetch_umax, old > v ? old : v)
RMW16(fetch_umin, old < v ? old : v)

u128 __gw_atomic128_load(void *p, int mo) {
  struct op op = op_begin();
  op_lock(&op, p, false);
  u128 v = cas16(p, 0, 0);
  op_end(&op, p, sizeof v, true, false, mo, at_tracked(RACE_HERE()));
  return v;
}

void __gw_atomic128_store(void *p, u128 v, int mo) {
  struct op op = op_begin();
  op_lock_to_write(&op, p, false, mo);
  loop128_exchange(p, v);
  op_end(&op, p, sizeof v, false, true, mo, at_tracked(RACE_HERE()));
}

u128 __gw_atomic128_compare_exchange(void *p, u128 expected, u128 desired, int success, int failure) {
  struct op op = op_begin();
  op_lock(&op, p, is_release(success) || op.g->fence_release);
  u128 old = cas16(p, expected, desired);
  bool ok = old == expected;
  op_end(&op, p, sizeof old, true, ok, ok ? success : failure, at_tracked(RACE_HERE()));
  return old;
}

/* A release fence keeps what it publishes for the relaxed writes that follow; an acquire fence takes what relaxed loads
 * before it saw. */
void __gw_atomic_thread_fence(int mo) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  struct op op = op_begin();
  struct race_g *g = op.g;
  if (is_acquire(mo) && g->fence_acquire) {
    struct clock_ref pending = {.tree = g->pending_acquire, .slot = CLOCK_NONE};
    det_acquire_clock(op.t, g, &pending);
    clock_drop(op.t, g->pending_acquire);
    g->pending_acquire = NULL;
    g->fence_acquire = false;
  }
  if (is_release(mo)) {
    clock_drop(op.t, g->fence.tree);
    det_publish(g, &g->fence);
    g->fence_release = true;
    det_tick(op.t, g);
  }
  det_exit(op.t);
}

void __gw_atomic_signal_fence(int mo) {
  (void)mo;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
