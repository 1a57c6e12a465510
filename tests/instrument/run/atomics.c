/* Compiled twice, instrumented with RUN=checked_run and not with RUN=plain_run. */
#include "atomics.h"

#include <stdatomic.h>
#include <stdbool.h>

__attribute__((noinline, disable_sanitizer_instrumentation)) static void keep(struct outcome *out, u128 value) {
  out->values[out->count++ % 64] += value * (u128)(out->count + 1);
}

#define INTEGERS(T)                                                                                   \
  static void integers_##T(struct outcome *out) {                                                     \
    static _Atomic T object;                                                                          \
    object = (T)0x1122334455667788;                                                                   \
    keep(out, atomic_load_explicit(&object, memory_order_relaxed));                                   \
    keep(out, atomic_load_explicit(&object, memory_order_acquire));                                   \
    atomic_store_explicit(&object, (T)77, memory_order_release);                                      \
    keep(out, atomic_exchange_explicit(&object, (T)200, memory_order_acq_rel));                       \
    keep(out, atomic_fetch_add_explicit(&object, (T)100, memory_order_relaxed));                      \
    keep(out, atomic_fetch_sub(&object, (T)3));                                                       \
    keep(out, atomic_fetch_and_explicit(&object, (T)0xf5, memory_order_acquire));                     \
    keep(out, atomic_fetch_or_explicit(&object, (T)0x1a, memory_order_release));                      \
    keep(out, atomic_fetch_xor(&object, (T)0x7c));                                                    \
    keep(out, __atomic_fetch_nand((T *)&object, (T)0x33, __ATOMIC_SEQ_CST));                          \
    keep(out, __atomic_fetch_min((T *)&object, (T)0x55, __ATOMIC_SEQ_CST));                           \
    keep(out, __atomic_fetch_max((T *)&object, (T)0x99, __ATOMIC_SEQ_CST));                           \
    keep(out, __atomic_add_fetch((T *)&object, (T)5, __ATOMIC_SEQ_CST));                              \
    T expected = (T)1;                                                                                \
    keep(out, atomic_compare_exchange_strong(&object, &expected, (T)9));                              \
    keep(out, expected);                                                                              \
    keep(out, atomic_compare_exchange_strong_explicit(&object, &expected, (T)9, memory_order_release, \
                                                      memory_order_relaxed));                         \
    keep(out, expected);                                                                              \
    expected = (T)9;                                                                                  \
    while (!atomic_compare_exchange_weak_explicit(&object, &expected, (T)11, memory_order_seq_cst,    \
                                                  memory_order_acquire)) {                            \
    }                                                                                                 \
    keep(out, expected);                                                                              \
    keep(out, object++);                                                                              \
    keep(out, object *= (T)3);                                                                        \
  }
INTEGERS(u8)
INTEGERS(u16)
INTEGERS(u32)
INTEGERS(u64)
#ifdef __GCC_HAVE_SYNC_COMPARE_AND_SWAP_16
INTEGERS(u128)
#else
static void integers_u128(struct outcome *out) { (void)out; }
#endif

static void reals(struct outcome *out) {
  static _Atomic double number = 1.5;
  static _Atomic float small;
  out->reals[0] = number;
  number = 2.25;
  out->reals[1] = number += 3;
  out->reals[2] = atomic_exchange(&number, 8);
  double expected = 8;
  out->reals[3] = atomic_compare_exchange_strong(&number, &expected, 9) ? 1 : 0;
  small = 0.5f;
  out->reals[4] = small -= 2;
  static double target = 4;
  out->reals[5] = __atomic_fetch_add(&target, 2.5, __ATOMIC_SEQ_CST);
  out->reals[6] = target;
}

static void pointers(struct outcome *out) {
  static const char text[] = "abc";
  static const char *_Atomic pointer = text;
  out->pointers[0] = (const void *)(pointer - text);
  pointer = text + 1;
  out->pointers[1] = (const void *)(atomic_exchange(&pointer, text + 2) - text);
  const char *expected = text + 2;
  if (atomic_compare_exchange_strong(&pointer, &expected, text + 3)) out->pointers[2] = (const void *)(pointer - text);
  out->pointers[3] = (const void *)(atomic_fetch_sub(&pointer, 2) - text);
}

void RUN(struct outcome *out) {
  integers_u8(out);
  integers_u16(out);
  integers_u32(out);
  integers_u64(out);
  integers_u128(out);
  reals(out);
  pointers(out);
  static atomic_flag flag = ATOMIC_FLAG_INIT;
  keep(out, atomic_flag_test_and_set_explicit(&flag, memory_order_acquire));
  atomic_flag_clear_explicit(&flag, memory_order_release);
  atomic_thread_fence(memory_order_seq_cst);
  keep(out, 1); /* else the optimiser merges the fences */
  atomic_thread_fence(memory_order_acquire);
  keep(out, 2);
  atomic_thread_fence(memory_order_release);
  atomic_signal_fence(memory_order_seq_cst);
}
