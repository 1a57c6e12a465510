/* Switching stacks (ctx_x86_64.S). */
#ifndef GW_RUNTIME_CTX_H
#define GW_RUNTIME_CTX_H
#include <stdint.h>

/* Suspends the caller, its stack pointer saved in *save_sp, and goes on where the stack at load_sp was suspended. */
__attribute__((visibility("hidden"))) void ctx_switch(void **save_sp, void *load_sp);
__attribute__((visibility("hidden"))) void ctx_entry(void);

struct ctx_mark {
  uintptr_t rbx, rbp, r12, r13, r14, r15, rsp, rip; /* the assembly knows this layout */
};
__attribute__((visibility("hidden"), returns_twice)) int ctx_mark(struct ctx_mark *mark);
__attribute__((visibility("hidden"))) _Noreturn void ctx_jump(struct ctx_mark *mark);

/* Stack pointer of a new stack that ends at `top`; the first switch to it calls entry(), which never returns. */
static inline void *ctx_new(void *top, void (*entry)(void)) {
  uintptr_t *sp = (uintptr_t *)((uintptr_t)top & ~(uintptr_t)15);
  *--sp = 0; /* the end of the chain of frames */
  *--sp = 0;
  *--sp = (uintptr_t)ctx_entry;
  *--sp = 0;                /* rbp */
  *--sp = (uintptr_t)entry; /* rbx */
  for (int i = 0; i < 4; i++) *--sp = 0;
  uint32_t mxcsr;
  uint16_t fpucw;
  __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(fpucw)); /* the creator's, as a new thread has it */
  *--sp = mxcsr | (uintptr_t)fpucw << 32;
  return sp;
}

#endif
