/* Instrumented: the word is the function's own wherever it looks, and the call's where it is called. */
#include "calls.h"

#include <setjmp.h>

#define LONE __attribute__((noinline))

void calls_sites(uint64_t *w) {
  w[0] = here();
  w[1] = word();
  w[2] = word();
  w[3] = word();
}

void calls_loop(uint64_t *w) {
#pragma clang loop unroll(disable)
  for (int i = 0; i < 3; i++) {
    w[2 * i] = here();
    w[2 * i + 1] = word();
    mess_up();
  }
}

void calls_pointer(uint64_t *w) {
  w[0] = here();
  w[1] = word_pointer();
  w[2] = word_pointer();
  w[3] = here();
}

static LONE uint64_t leaf(uint64_t *p) {
  *p = 0;
  return here();
}
static LONE uint64_t branch(uint64_t *p) {
  *p = word();
  return here();
}
void calls_leaf(uint64_t *w) {
  w[0] = here();
  w[1] = leaf(&w[1]);
  w[2] = leaf(&w[2]);
  w[3] = branch(&w[4]);
  w[4] = here();
}

static uint64_t called_back(void) { return here(); }
void calls_callback(uint64_t *w) {
  back(called_back, &w[0]);
  back(called_back, &w[1]);
}

static jmp_buf buffer;
static LONE void leap(int deep) {
  if (deep) {
    leap(deep - 1);
    mess_up();
  }
  longjmp(buffer, 1);
}
void calls_jump(uint64_t *w) {
  w[0] = here();
  if (!setjmp(buffer)) leap(3);
  w[1] = here();
  w[2] = word();
}

void calls_recursion(int depth, uint64_t *w) {
  w[depth] = here();
  if (depth) calls_recursion(depth - 1, w);
  if (w[depth] != here()) w[depth] = 0;
}

static void cleaned(uint64_t **w) { (*w)[1] = here(); }
void calls_unwound(uint64_t *w) {
  __attribute__((cleanup(cleaned))) uint64_t *kept = w;
  w[0] = here();
  unwind();
  kept[2] = word();
}

static LONE uint64_t tail_end(uint64_t *own) { return word() ? here() : *own; }
uint64_t calls_tail(uint64_t *own) {
  *own = here();
  __attribute__((musttail)) return tail_end(own);
}

int calls_early(int n) {
  if (!n) return 1;
  word();
  return 2;
}
