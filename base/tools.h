/* Memory and stacks that other tools must be told of: AddressSanitizer and LeakSanitizer by their interfaces, which are
 * there only in a program built with them, valgrind by its client request, which is nothing elsewhere. */
#ifndef GW_BASE_TOOLS_H
#define GW_BASE_TOOLS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"
#include "prim.h"

#define TOOLS_WEAK __attribute__((weak))
TOOLS_WEAK void __lsan_register_root_region(const void *p, size_t n);
TOOLS_WEAK void __lsan_unregister_root_region(const void *p, size_t n);
TOOLS_WEAK void __asan_unpoison_memory_region(const volatile void *p, size_t n);
TOOLS_WEAK void __asan_handle_no_return(void);
TOOLS_WEAK void __sanitizer_start_switch_fiber(void **save_fake, const void *bottom, size_t n);
TOOLS_WEAK void __sanitizer_finish_switch_fiber(void *fake, const void **bottom_before, size_t *n_before);

static inline bool tools_asan(void) { return __builtin_expect(__sanitizer_start_switch_fiber != NULL, 0); }

/* Memory of ours that may hold the only pointer to a block of the program's. */
static inline void tools_memory_new(const void *p, size_t n) {
  if (__lsan_register_root_region) __lsan_register_root_region(p, n);
}
static inline void tools_memory_gone(const void *p, size_t n) {
  if (__lsan_unregister_root_region) __lsan_unregister_root_region(p, n);
}

/* A client request: a sequence of rotations that leaves everything as it was, and that valgrind recognises. */
static inline uint64_t tools_valgrind(uint64_t request, uint64_t a, uint64_t b) {
#if defined(__x86_64__)
  uint64_t args[6] = {request, a, b}, result = 0;
  __asm__ volatile(
      "rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
      "xchgq %%rbx, %%rbx"
      : "+d"(result)
      : "a"(args)
      : "cc", "memory");
  return result;
#endif
}
static inline bool tools_on_valgrind(void) {
  enum { RUNNING_ON_VALGRIND = 0x1001 };
  return tools_valgrind(RUNNING_ON_VALGRIND, 0, 0) != 0;
}

/* [lo, hi) is a stack from now on, for as long as the process lives. */
static inline void tools_stack_new(const void *lo, const void *hi) {
  enum { STACK_REGISTER = 0x1501 };
  tools_valgrind(STACK_REGISTER, (uintptr_t)lo, (uintptr_t)hi);
  tools_memory_new(lo, (size_t)((const char *)hi - (const char *)lo));
}
/* It is another goroutine's: what frames that were never left have fenced off is free again. */
static inline void tools_stack_reused(const void *lo, const void *hi) {
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(lo, (size_t)((const char *)hi - (const char *)lo));
}
/* Its goroutine has ended, and another one runs here: what it left there may not keep a leaked block reachable. */
static inline void tools_stack_dead(char *lo, char *hi) {
  if (!__lsan_register_root_region) return;
  char *page = (char *)((uintptr_t)hi & ~(uintptr_t)(PRIM_PAGE - 1));
  prim_discard(lo, (size_t)(page - lo));
  mem_zero(page, (size_t)(hi - page));
}
/* The frames above are left without returning. */
static inline void tools_no_return(void) {
  if (__asan_handle_no_return) __asan_handle_no_return();
}

#endif
