/* The source positions of one address: itself, and what it was inlined into. */
#ifndef GW_CLI_FRAMES_H
#define GW_CLI_FRAMES_H
#include "cli/module.h"

struct source_frame {
  const char *function; /* NULL if unknown; lives as long as the module */
  const char *file;     /* likewise */
  int line, column;     /* 0 if unknown */
  bool inlined;         /* into the next one */
  bool approximate;     /* line is where the function begins: the compiler gave this code no line */
};
enum { FRAMES_MAX = 64 }; /* inlined into one another at one address; a guess far beyond use */
/* Fills out[], innermost first; returns how many, 0 if nothing is known. */
size_t frames_at(struct module *m, uint64_t address, struct source_frame *out);

/* The scopes (function, blocks, inlined functions) around an address, outermost first; returns how many. */
size_t scopes_at(struct module *m, uint64_t address, Dwarf_Die *out, size_t max);

#endif
