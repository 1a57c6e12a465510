/* What the programs here share: a check that ends the program, and the end of all goroutines but main's. */
#ifndef PATTERN_H
#define PATTERN_H
#include <godwit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(cond)                                                      \
  do {                                                                   \
    if (!(cond)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
      exit(1);                                                           \
    }                                                                    \
  } while (0)

/* A goroutine that has said its last word needs a moment to end; one that is still there later has leaked.  This orders
 * nothing: what a goroutine did last is known by a wait group, or by what was received from it. */
static inline void all_ended(void) {
  for (int64_t start = gw_now(); gw_num_goroutine() > 1; gw_yield()) CHECK(gw_now() - start < 100 * GW_S);
}

#endif
