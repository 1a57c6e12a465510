/* unwind.h */
#define _GNU_SOURCE
#include "pprof/unwind.h"

#include <pthread.h>
#include <stdbool.h>
#include <ucontext.h>

#include "base/prim.h"
#include "godwit/inspect.h"

extern void *__libc_stack_end __attribute__((weak)); /* the first thread's stack ends there */

/* Above the stack that sp lies in; 0 if unknown. */
static uintptr_t stack_top(const struct inspect_g *g, uintptr_t sp) {
  if (g && g->hi && sp >= g->lo && sp < g->hi) return g->hi;
  uintptr_t thread = (uintptr_t)pthread_self(); /* glibc: the descriptor lies above the thread's stack */
  if (sp < thread && thread - sp < ((uintptr_t)1 << 30)) return thread;
  uintptr_t first = &__libc_stack_end ? (uintptr_t)__libc_stack_end : 0;
  return sp < first && first - sp < ((uintptr_t)1 << 30) ? first : 0;
}

struct reader {
  uintptr_t page; /* the page that was last seen to be readable */
};

static bool can_read(struct reader *r, uintptr_t at) {
  uintptr_t page = at & ~(uintptr_t)(PRIM_PAGE - 1);
  if (page == r->page) return true;
  if (!prim_readable((const void *)at)) return false;
  r->page = page;
  return true;
}

/* Frames lie in [sp, top); top 0: wherever there is memory. */
static int walk(uintptr_t fp, uintptr_t sp, uintptr_t top, uintptr_t *pcs, int max) {
  struct reader r = {0};
  int n = 0;
  while (n < max && fp >= sp && fp % 8 == 0 && (!top || fp + 16 <= top) && can_read(&r, fp) && can_read(&r, fp + 8)) {
    const uintptr_t *frame = (const uintptr_t *)fp;
    if (frame[1] < PRIM_PAGE || frame[1] >> 47) break;
    pcs[n++] = frame[1];
    if (frame[0] <= fp) break; /* callers' frames lie above */
    fp = frame[0];
  }
  return n;
}

extern const unsigned char __executable_start[] __attribute__((weak)); /* the linker's: the program's own code lies */
extern const unsigned char etext[] __attribute__((weak));              /* between the two */

static bool in_program(uintptr_t pc) {
  return __executable_start && etext && pc >= (uintptr_t)__executable_start && pc < (uintptr_t)etext;
}

/* Is there a call in front of this address of the program's? By the encodings of x86-64: E8 and four bytes, or FF /2.
 */
static bool follows_call(uintptr_t pc) {
  if (!in_program(pc) || !in_program(pc - 7)) return false;
  const unsigned char *at = (const unsigned char *)pc;
  if (at[-5] == 0xe8) return true;
  static const int lengths[] = {2, 3, 4, 6, 7};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
    if (at[-lengths[i]] == 0xff && (at[-lengths[i] + 1] & 0x38) == 0x10) return true;
  return false;
}

/* A library's leaf (memcpy, strlen) has neither a frame nor pushes: the frame that the register names is its caller's,
 * whose address lies at the stack pointer.  0 if that isn't so. */
static uintptr_t caller_of_leaf(uintptr_t pc, uintptr_t sp) {
  if (in_program(pc) || sp % 8 != 0 || !prim_readable((const void *)sp)) return 0;
  uintptr_t back = *(const uintptr_t *)sp;
  return follows_call(back) ? back : 0;
}

int unwind_interrupted(const void *context, const struct inspect_g *g, uintptr_t *pcs, int max) {
  const greg_t *regs = ((const ucontext_t *)context)->uc_mcontext.gregs;
  uintptr_t pc = (uintptr_t)regs[REG_RIP], fp = (uintptr_t)regs[REG_RBP], sp = (uintptr_t)regs[REG_RSP];
  if (max < 1) return 0;
  int n = 0;
  pcs[n++] = pc + 1;
  uintptr_t caller = n < max ? caller_of_leaf(pc, sp) : 0;
  if (caller) pcs[n++] = caller;
  return n + walk(fp, sp, stack_top(g, sp), pcs + n, max - n);
}

int unwind_from(uintptr_t fp, const struct inspect_g *g, uintptr_t *pcs, int max) {
  uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
  return walk(fp, sp, stack_top(g, sp), pcs, max);
}
