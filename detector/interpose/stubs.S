/* The plain names of intercept.inc's GW_INTERPOSE lines, each a jump to its interceptor: so the interceptor sees its
 * caller's return address and frame.  Until gw__real is mended (next.c, wrap.c) a stub sees to that first.
 *
 * Assembled twice: for dynamic programs the names are malloc and so on, weak, so that a program may bring its own; for
 * static ones __wrap_malloc, to which the linker leads every reference (--wrap). */
.macro STUB name, target
  .p2align 4
#ifdef GW_WRAP
  .globl __wrap_\name
  .type __wrap_\name, @function
__wrap_\name:
#else
  .weak \name
  .type \name, @function
\name:
#endif
  .globl gw__stub_\name
  .hidden gw__stub_\name
gw__stub_\name:
  endbr64
  cmpb $0, gw__real_ready(%rip)
  je 1f
  jmp \target
1:
  leaq \target(%rip), %r11
  jmp stub_first
.endm

  .text
/* With the interceptor in %r11: mends gw__real, and goes on with the arguments as they were. */
  .p2align 4
stub_first:
  push %rbp
  push %rdi
  push %rsi
  push %rdx
  push %rcx
  push %r8
  push %r9
  push %rax
  push %r11
  call gw__real_mend
  pop %r11
  pop %rax
  pop %r9
  pop %r8
  pop %rcx
  pop %rdx
  pop %rsi
  pop %rdi
  pop %rbp
  jmp *%r11

#define GW_INTERCEPT(name)
#define GW_INTERPOSE(name) STUB name, __gw_i_##name
#define GW_INTERPOSE_QUIET(name) STUB name, __gw_q_##name
#include "godwit/intercept.inc"

  .section .note.GNU-stack, "", @progbits
