/* Variables by address, from debug information: exact, or nothing. */
#ifndef GW_CLI_VARIABLES_H
#define GW_CLI_VARIABLES_H
#include "cli/buf.h"
#include "cli/module.h"

struct variable {
  struct buf name;  /* "var.field[3]"; owned by the caller */
  const char *file; /* where it is declared; NULL if unknown; lives as long as the module */
  int line;         /* 0 if unknown */
};
/* The global (or static local) whose bytes [address, address+size) are. */
bool variable_global(struct module *m, uint64_t address, uint64_t size, struct variable *out);
/* The same from the symbol table, which knows no types: `name+offset`. */
bool variable_symbol(struct module *m, uint64_t address, uint64_t size, struct variable *out);
/* The local variable at `frame_offset` from the frame pointer of the function that `address` is in. */
bool variable_local(struct module *m, uint64_t address, int64_t frame_offset, uint64_t size, struct variable *out);

#endif
