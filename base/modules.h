/* The program and its shared libraries, to turn addresses into module and offset. */
#ifndef GW_BASE_MODULES_H
#define GW_BASE_MODULES_H
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

struct module {
  char path[512];
  uintptr_t bias;   /* of the addresses in its symbol table */
  uintptr_t lo, hi; /* of its segments */
  unsigned char build_id[32];
  unsigned build_id_n;
  int used; /* a frame of the current finding names it */
};

/* Looks at what is loaded now. */
void modules_refresh(void);
struct module *module_at(uintptr_t addr);
/* {"path": "build id", ...} of those used. */
void modules_json(struct text *t);
const char *program_path(void);

#endif
