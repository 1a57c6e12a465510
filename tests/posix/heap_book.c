/* The book of heap blocks by itself: reads commands, answers each `f`.
 *
 *   b BASE SIZE CONTEXT GOROUTINE     a block is born          d BASE     it dies; prints its size, or -
 *   x LO HI                           no heap any more         f ADDRESS  prints base, size, context, goroutine, freed
 *   e LO HI                           prints base, size, freed of each block that begins there, and a .
 */
#include <inttypes.h>
#include <stdio.h>

#include "detector/depot.h"
#include "detector/heap.h"
#include "godwit/race.h"

/* Contexts stand for themselves here. */
uint32_t depot_stack_of(uint32_t context) { return context; }

static void print_one(uintptr_t base, size_t size, bool freed, void *arg) {
  (void)arg;
  printf("%zu %zu %d, ", (size_t)base, size, freed);
}

int main(void) {
  char op;
  uint64_t a, b, c, d;
  struct heap_block k;
  while (scanf(" %c %" SCNu64, &op, &a) == 2) {
    size_t n = 0;
    if (op == 'b' && scanf("%" SCNu64 " %" SCNu64 " %" SCNu64, &b, &c, &d) == 3) heap_born(a, b, (uint32_t)c, d);
    if (op == 'x' && scanf("%" SCNu64, &b) == 1) heap_forget(a, b);
    if (op == 'e' && scanf("%" SCNu64, &b) == 1) {
      race_heap_each(a, b, print_one, NULL);
      puts(".");
    }
    if (op == 'd') printf(heap_died(a, &n) ? "%zu\n" : "-\n", n);
    if (op == 'f' && heap_find(a, &k))
      printf("%zu %zu %u %" PRIu64 " %d\n", (size_t)k.base, k.size, k.stack, k.goroutine, k.freed);
    else if (op == 'f')
      puts("-");
  }
}
