/* Names of functions, for dumps: from the module's own symbol table, as static functions aren't exported. */
#ifndef GW_RUNTIME_SYMBOL_H
#define GW_RUNTIME_SYMBOL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
  const char *module;   /* path; never NULL */
  uintptr_t module_off; /* of the address from the module's load bias */
  char function[128];   /* "" if unknown */
  uintptr_t function_off;
};
/* Fills *s for the address pc; false if it is in no module. Not thread-safe: for who ends the process. */
bool symbol_find(uintptr_t pc, struct symbol *s) __attribute__((visibility("hidden")));

#endif
