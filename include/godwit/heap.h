/* The heap profile's door: whoever stands before malloc (the detector, or the interposer of plain programs) tells it of
 * each block.  One allocation in so many bytes is looked at; the others cost a subtraction. */
#ifndef GODWIT_HEAP_H
#define GODWIT_HEAP_H
#include <stddef.h>
#include <stdint.h>

/* Bytes until this thread's next sample. */
extern _Thread_local int64_t gw__heap_left;
/* Is a block whose address has this hash sampled? Atomic, relaxed: who frees a block has been given it by who got it.
 */
enum { HEAP_FILTER_BITS = 16 };
extern uint16_t gw__heap_filter[1 << HEAP_FILTER_BITS];

static inline uint32_t heap_hash(const void *p) {
  return (uint32_t)(((uintptr_t)p >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> (64 - HEAP_FILTER_BITS));
}

void gw__heap_sample(const void *p, size_t n, uintptr_t pc, uintptr_t fp);
void gw__heap_forget(const void *p);

/* p, of n bytes, is new: by the call that returns to pc, in the frame fp. */
static inline void heap_note_new(const void *p, size_t n, uintptr_t pc, uintptr_t fp) {
  gw__heap_left -= (int64_t)n;
  if (__builtin_expect(gw__heap_left < 0, 0)) gw__heap_sample(p, n, pc, fp);
}
/* p is about to be freed. */
static inline void heap_note_end(const void *p) {
  if (__builtin_expect(__atomic_load_n(&gw__heap_filter[heap_hash(p)], __ATOMIC_RELAXED) != 0, 0)) gw__heap_forget(p);
}

/* Defined by who tells: without it the profile is unavailable. */
extern const char gw__heap_told __attribute__((weak));

#endif
