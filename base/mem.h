/* Filling and copying with general registers only: code that runs on a detector slow path may not touch vector
 * registers (the caller's are live there), and libc's memset and memcpy do. */
#ifndef GW_BASE_MEM_H
#define GW_BASE_MEM_H
#include <stddef.h>
#include <stdint.h>

static inline void mem_zero(void *p, size_t n) {
#if defined(__x86_64__)
  __asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(0) : "memory");
#else
  for (volatile char *c = p; n > 0; n--) *c++ = 0;
#endif
}

static inline void mem_copy(void *to, const void *from, size_t n) {
#if defined(__x86_64__)
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
#else
  for (volatile char *t = to; n > 0; n--) *t++ = *(const char *)from, from = (const char *)from + 1;
#endif
}

#endif
