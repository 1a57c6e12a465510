/* Functions and lines of addresses, for dumps: from a `godwit symbolize` child, else from symbol.h, which knows no
 * lines. Allocates nothing, so that a signal handler may ask.  Not thread-safe: for who ends the process. */
#ifndef GW_RUNTIME_WHERE_H
#define GW_RUNTIME_WHERE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WHERE_MAX = 65 };

struct where {
  const char *function; /* "?" if unknown */
  const char *file;     /* NULL if unknown */
  int line;
  bool inlined;         /* into the next */
  const char *module;   /* NULL if the address is in none; else its path, ... */
  uintptr_t module_off; /* ... and the address in it */
  uintptr_t off;        /* from the function's beginning; 0 if unknown */
};

/* Is this address in the executable, not in a library? */
__attribute__((visibility("hidden"))) bool where_in_program(uintptr_t pc);
/* Looks up n return addresses, at most WHERE_MAX: the calls before them. */
__attribute__((visibility("hidden"))) void where_ask(const uintptr_t *pcs, int n);
/* The next frame of the address numbered i, innermost first; false after its last one. Addresses in their order. */
__attribute__((visibility("hidden"))) bool where_next(int i, struct where *w);

#endif
