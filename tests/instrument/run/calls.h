/* Functions that call, and tell what the word of calls under way is where they are. */
#ifndef CALLS_H
#define CALLS_H
#include <stdint.h>

/* The word where this stands; no call. */
static inline __attribute__((always_inline)) uint64_t here(void) {
  uint64_t word;
  __asm__ volatile("movq __gw_tls@GOTTPOFF(%%rip), %0\n\tmovq %%fs:16(%0), %0" : "=r"(word));
  return word;
}

/* Not instrumented. */
uint64_t word(void);
void back(uint64_t (*f)(void), uint64_t *result);
extern uint64_t (*word_pointer)(void);
void unwind(void);
void mess_up(void); /* leaves another word behind */

/* Instrumented; `w` gets what each says it does. */
void calls_sites(uint64_t *w);    /* the own word, three sites' */
void calls_loop(uint64_t *w);     /* the own word and a site's, three times */
void calls_pointer(uint64_t *w);  /* the own word, two sites', the own word */
void calls_leaf(uint64_t *w);     /* the own word, a leaf's twice, a function's that calls, the own word */
void calls_callback(uint64_t *w); /* what is called back says, from two sites */
void calls_jump(uint64_t *w);     /* the own word before and after a setjmp that returns twice, and its callee's */
void calls_recursion(int depth, uint64_t *w);
void calls_unwound(uint64_t *w); /* the own word; a cleanup's, once unwind() goes through */
uint64_t calls_tail(uint64_t *own);
int calls_early(int n); /* calls only if n */
#endif
