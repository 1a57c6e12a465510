/* The book of heap blocks: which block an address belongs to, for reports. */
#ifndef GW_DETECTOR_HEAP_H
#define GW_DETECTOR_HEAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_block {
  uintptr_t base;
  size_t size;        /* as it was asked for */
  uint64_t goroutine; /* that allocated it; 0: unknown */
  uint32_t stack;     /* of the allocation, in the depot; 0: unknown */
  bool freed;         /* and nothing was allocated there since, as far as we saw */
};

/* The block that holds addr (a live one rather than a freed one); false if none is known.  From any thread, at any
 * time, signal handlers included: takes no lock and reads no memory of the program. */
bool heap_find(uintptr_t addr, struct heap_block *out);

/* A block begins its life; `context` (depot.h) is the allocation's. */
void heap_born(uintptr_t base, size_t n, uint32_t context, uint64_t goroutine);
/* The block at base ends; false if none is known there, else its size in *n.  Before libc gets it back. */
bool heap_died(uintptr_t base, size_t *n);
/* [lo, hi) is no heap (any more). */
void heap_forget(uintptr_t lo, uintptr_t hi);

#endif
