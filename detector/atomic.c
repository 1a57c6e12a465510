/* Atomic operations of compiled code (abi.inc).
 *
 * The operation is performed here, under the lock of its line (shadow.h), which guards the location's sync object
 * (atomic_table.h) and what is recorded of it, so that the value and the clocks that belong to it change together: a
 * hook before or after the operation would let a reader see the new value with the old clock, or an old value with a
 * clock that was never published with it.
 *
 * Synchronises-with as C11 has it (5.1.2.4, 7.17.3): an object holds the release sequences that go on at its current
 * value. A store ends all but those that its own goroutine heads; a read-modify-write ends none; a release (or a
 * relaxed write after a release fence) heads one more.  An acquire takes all heads; a relaxed load lays them aside for
 * an acquire fence.
 *
 * What is recorded in the open epoch already needs no lock if there is nothing to acquire or to release:
 *   - an operation that is relaxed, with no fence pending, or a load of any order, where the line has no sync object.
 *     The load is right because a release locks the line before it stores, and marks it before it unlocks: a value that
 *     was read before the line was seen unlocked and unmarked isn't a release's;
 *   - a load that finds what its goroutine acquired there last.  The object's version changes before the value does, so
 *     a value that was read before the version was seen to be the same is that version's, or none's: an operation that
 *     took no lock, as above, leaves nothing to acquire.
 *
 * If an operation faults, the handler may access the same line, and may never come back here: it is given up before
 * the handler runs (det_atomic_faulted).  Where the instruction is made again, it is without the lock.
 */
#include "detector/atomic_cell.h"
#include "detector/atomic_table.h"
#include "detector/depot.h"
#include "detector/detector.h"
#include "detector/epoch.h"
#include "detector/shadow.h"

static bool is_acquire(int mo) {
  return mo == __ATOMIC_ACQUIRE || mo == __ATOMIC_CONSUME || mo == __ATOMIC_ACQ_REL || mo == __ATOMIC_SEQ_CST;
}
static bool is_release(int mo) { return mo == __ATOMIC_RELEASE || mo == __ATOMIC_ACQ_REL || mo == __ATOMIC_SEQ_CST; }

static bool may_have_clock(uintptr_t a) {
  return !shadow_covered(a) || __atomic_load_n(shadow_meta(a >> 6), __ATOMIC_ACQUIRE) & (META_SYNC | META_LOCK);
}

/* One operation, from entry to exit. */
struct atomic_op {
  struct det_thread *t;
  struct race_g *g;
  struct atomic_access access; /* as it is recorded */
  struct atomic_guard guard;   /* none, or the location's */
  struct sync_atomic *a;       /* may be NULL */
};

static inline __attribute__((always_inline)) struct atomic_op op_begin(const void *p, uint32_t n, bool write,
                                                                       struct race_at at) {
  struct atomic_op op = {.t = det_enter(), .access = atomic_access_of((uintptr_t)p, n, write, at_tracked(at))};
  op.g = op.t->g ? op.t->g : race_self();
  return op;
}

/* Where the access isn't recorded yet: what can be done before the lock is taken, is, as others may want the line. */
static inline bool op_is_recorded(struct atomic_op *op) {
  if (atomic_look(op->t, op->g, &op->access)) return true;
  op->access.ctx = depot_context_plain(op->t, op->g, op->access.at);
  return false;
}

/* Whatever faults from here to its end is the operation itself. */
static inline void op_under_way(struct atomic_op *op) {
  op->t->atomic = op;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void op_lock(struct atomic_op *op, bool make) {
  op_under_way(op);
  op->guard = atomic_guard_take(op->access.p);
  if (make)
    op->a = atomic_get(op->access.p, &op->guard);
  else if (!op->guard.line.at || op->guard.line.meta & META_SYNC)
    op->a = atomic_find(op->access.p);
}

/* The value changes next. */
static inline void op_lock_to_change(struct atomic_op *op, bool make) {
  op_lock(op, make);
  /* release: pairs with the acquire in op_knows; the value is stored later */
  if (op->a) __atomic_store_n(&op->a->version, op->a->version + 1, __ATOMIC_RELEASE);
}

/* Before a store or a read-modify-write is performed.  The line's lock will be wanted for the record if for nothing
 * else. */
static void op_lock_to_write(struct atomic_op *op, bool rmw, int mo) {
  const bool release = is_release(mo) || op->g->fence_release;
  if (op_is_recorded(op) && !release && !(rmw && is_acquire(mo)) && !may_have_clock(op->access.p))
    op_under_way(op);
  else
    op_lock_to_change(op, release);
}

static void op_lock_to_exchange(struct atomic_op *op, int success) {
  op_is_recorded(op);
  op_lock_to_change(op, is_release(success) || op->g->fence_release);
}

void det_atomic_faulted(void) {
  struct atomic_op *op = det_self ? det_self->atomic : NULL;
  if (!op) return;
  op->t->atomic = NULL;
  atomic_guard_give(&op->guard);
  det_exit(op->t);
}

/* It has been performed; once more under the lock if it had been given up. */
static inline void op_performed(struct atomic_op *op) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (UNLIKELY(op->t->atomic != op)) {
    op->t = det_enter();
    op_lock_to_change(op, true);
  }
  op->t->atomic = NULL;
}

/* After an acquire that took all of the object's heads, under its lock. */
static inline void op_note_seen(const struct atomic_op *op) {
  op->g->seen.from = op->a;
  op->g->seen.addr = op->access.p;
  op->g->seen.version = op->a->version;
}

/* The value was loaded before: is it one whose heads the goroutine has acquired? */
static inline bool op_knows(const struct atomic_op *op) {
  if (op->g->seen.addr != op->access.p) return false;
  /* acquire: pairs with the release in op_lock_to_change */
  return __atomic_load_n(&op->g->seen.from->version, __ATOMIC_ACQUIRE) == op->g->seen.version;
}

/* A load that was made without a lock stands if there was nothing to record, and nothing to acquire. */
static inline bool op_is_done(struct atomic_op *op) {
  return op_is_recorded(op) && (op_knows(op) || !may_have_clock(op->access.p));
}

/* A load's part: its heads are acquired, or laid aside for an acquire fence. */
static inline void op_acquire(struct atomic_op *op, int mo) {
  if (is_acquire(mo)) {
    det_acquire_clock(op->t, op->g, &op->a->all);
    heads_know_epoch(op->t, op->g, op->a);
    op_note_seen(op);
  } else {
    heads_lay_aside(op->t, op->a, op->g);
  }
}

/* A store's part: heads a release sequence, if the order or an earlier fence says so. True if g must tick once the lock
 * is free. */
static inline bool op_release(struct atomic_op *op, bool rmw, int mo) {
  if (!rmw) heads_end_others(op->t, op->a, op->g);
  if (is_release(mo)) {
    heads_release(op->t, op->a, op->g, rmw && is_acquire(mo));
    return true;
  }
  if (op->g->fence_release) heads_release_fence(op->t, op->a, op->g);
  return false;
}

static inline __attribute__((always_inline)) void op_end_as(struct atomic_op *op, bool reads, bool writes, int mo) {
  op_performed(op);
  bool tick = false;
  struct det_races races;
  races.n = 0;
  if (reads && op->a) op_acquire(op, mo);
  const struct atomic_access *access = &op->access;
  if (UNLIKELY(!atomic_record(op->t, op->g, access, &op->guard.line)))
    det_access_atomic(op->t, op->g, access->p, access->n, writes, access->at, &op->guard.line, &races);
  if (writes && op->a) tick = op_release(op, reads, mo);
  atomic_guard_give(&op->guard);
  det_tell_races(&races); /* a report takes its time, and others want the line */
  if (tick) det_tick(op->t, op->g);
  det_exit(op->t);
}

/* After it was performed: what it acquired comes before the access, and the access before what it releases. */
static void op_end_load(struct atomic_op *op, int mo) { op_end_as(op, true, false, mo); }
static void op_end_store(struct atomic_op *op, int mo) { op_end_as(op, false, true, mo); }
static void op_end_rmw(struct atomic_op *op, int mo) { op_end_as(op, true, true, mo); }

/* The first look is made outside the detector, as it may fault. */
#define LOAD(N, T)                                                    \
  T __gw_atomic##N##_load(void *p, int mo) {                          \
    T v = __atomic_load_n((T *)p, __ATOMIC_SEQ_CST);                  \
    struct atomic_op op = op_begin(p, sizeof(T), false, RACE_HERE()); \
    if (!op_is_done(&op)) {                                           \
      op_lock(&op, false);                                            \
      v = __atomic_load_n((T *)p, __ATOMIC_SEQ_CST);                  \
      op_end_load(&op, mo);                                           \
    } else {                                                          \
      det_exit(op.t);                                                 \
    }                                                                 \
    return v;                                                         \
  }

#define STORE(N, T)                                                  \
  void __gw_atomic##N##_store(void *p, T v, int mo) {                \
    struct atomic_op op = op_begin(p, sizeof(T), true, RACE_HERE()); \
    op_lock_to_write(&op, false, mo);                                \
    if (mo == __ATOMIC_SEQ_CST)                                      \
      __atomic_store_n((T *)p, v, __ATOMIC_SEQ_CST);                 \
    else                                                             \
      __atomic_store_n((T *)p, v, __ATOMIC_RELEASE);                 \
    op_end_store(&op, mo);                                           \
  }

#define RMW(N, T, name, expr)                                        \
  T __gw_atomic##N##_##name(void *p, T v, int mo) {                  \
    struct atomic_op op = op_begin(p, sizeof(T), true, RACE_HERE()); \
    op_lock_to_write(&op, true, mo);                                 \
    T old = (expr);                                                  \
    op_end_rmw(&op, mo);                                             \
    return old;                                                      \
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
static void op_end_exchange(struct atomic_op *op, bool ok, int success, int failure) {
  op->access.write = ok;
  if (ok)
    op_end_rmw(op, success);
  else
    op_end_load(op, failure);
}

#define CAS(N, T)                                                                                            \
  T __gw_atomic##N##_compare_exchange(void *p, T expected, T desired, int success, int failure) {            \
    struct atomic_op op = op_begin(p, sizeof(T), true, RACE_HERE());                                         \
    op_lock_to_exchange(&op, success);                                                                       \
    T old = expected;                                                                                        \
    bool ok = __atomic_compare_exchange_n((T *)p, &old, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    op_end_exchange(&op, ok, success, failure);                                                              \
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
  struct atomic_op op = op_begin(p, sizeof(u128), false, RACE_HERE());
  op_lock(&op, false);
  u128 v = cas16(p, 0, 0);
  op_end_load(&op, mo);
  return v;
}

void __gw_atomic128_store(void *p, u128 v, int mo) {
  struct atomic_op op = op_begin(p, sizeof v, true, RACE_HERE());
  op_lock_to_write(&op, false, mo);
  loop128_exchange(p, v);
  op_end_store(&op, mo);
}

u128 __gw_atomic128_compare_exchange(void *p, u128 expected, u128 desired, int success, int failure) {
  struct atomic_op op = op_begin(p, sizeof(u128), true, RACE_HERE());
  op_lock_to_exchange(&op, success);
  u128 old = cas16(p, expected, desired);
  op_end_exchange(&op, old == expected, success, failure);
  return old;
}

/* A release fence keeps what it publishes for the relaxed writes that follow; an acquire fence takes what relaxed loads
 * before it saw. */
void __gw_atomic_thread_fence(int mo) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  struct atomic_op op = op_begin(NULL, 0, false, RACE_HERE());
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

/* Inline assembler performs its operation itself, between two calls, under the same lock; handlers wait meanwhile, as
 * the thread is inside the detector.  It synchronises as a sequentially consistent read-modify-write; the access isn't
 * recorded (instrument/assembler.cpp says why).  One that may fail has failed if the value is as it was: then it
 * publishes nothing.  If it has replaced the value by the same one that is an edge too few: a race may be told that is
 * none, in a program that knows from elsewhere (a relaxed flag, say) that this one came first, as the value doesn't
 * show it. */
static __attribute__((tls_model("initial-exec"))) _Thread_local struct {
  struct atomic_op op;
  size_t n; /* bytes to compare; 0: it certainly writes */
  unsigned char before[16];
} assembler;

static void assembler_lock(void *p, struct race_at at) {
  assembler.op = op_begin(p, 1, true, at);
  op_lock_to_change(&assembler.op, true);
}

void __gw_assembler_begin(void *p, size_t n, int may_fail) {
  assembler_lock(p, RACE_HERE());
  assembler.n = may_fail ? n : 0;
  for (size_t i = 0; i < assembler.n; i++) assembler.before[i] = ((const volatile unsigned char *)p)[i];
}

void __gw_assembler_end(void *p) {
  struct atomic_op *op = &assembler.op;
  /* given up: a handler's may have come between */
  if (UNLIKELY(det_self->atomic != op)) assembler_lock(p, RACE_HERE());
  op_performed(op);
  bool writes = !assembler.n, tick = false;
  for (size_t i = 0; i < assembler.n; i++) writes |= assembler.before[i] != ((const volatile unsigned char *)p)[i];
  op_acquire(op, __ATOMIC_SEQ_CST);
  if (writes) tick = op_release(op, true, __ATOMIC_SEQ_CST);
  atomic_guard_give(&op->guard);
  if (tick) det_tick(op->t, op->g);
  det_exit(op->t);
}

/* A move of inline assembler's from memory or to it is a load that acquires, or a store that releases, and not recorded
 * either.  Where nothing is to be acquired, as in most turns of a loop that waits, it takes no lock: the head of this
 * file says why.  A load that faults does so outside the detector, as programs probe addresses by it. */
#define MOVE(N, T)                                                    \
  T __gw_assembler##N##_load(void *p) {                               \
    (void)*(volatile T *)p;                                           \
    struct atomic_op op = op_begin(p, sizeof(T), false, RACE_HERE()); \
    T v = __atomic_load_n((T *)p, __ATOMIC_SEQ_CST);                  \
    if (!op_knows(&op) && may_have_clock(op.access.p)) {              \
      op_lock(&op, false);                                            \
      v = __atomic_load_n((T *)p, __ATOMIC_SEQ_CST);                  \
      op_performed(&op);                                              \
      if (op.a) op_acquire(&op, __ATOMIC_ACQUIRE);                    \
      atomic_guard_give(&op.guard);                                   \
    }                                                                 \
    det_exit(op.t);                                                   \
    return v;                                                         \
  }                                                                   \
  void __gw_assembler##N##_store(void *p, T v) {                      \
    struct atomic_op op = op_begin(p, sizeof(T), true, RACE_HERE());  \
    op_lock_to_change(&op, true);                                     \
    __atomic_store_n((T *)p, v, __ATOMIC_RELEASE);                    \
    op_performed(&op);                                                \
    op_release(&op, false, __ATOMIC_RELEASE);                         \
    atomic_guard_give(&op.guard);                                     \
    det_tick(op.t, op.g);                                             \
    det_exit(op.t);                                                   \
  }
MOVE(8, uint8_t)
MOVE(16, uint16_t)
MOVE(32, uint32_t)
MOVE(64, uint64_t)
