/* The program and its shared libraries, to turn addresses into module and offset. */
#ifndef GW_BASE_MODULES_H
#define GW_BASE_MODULES_H
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

enum { MODULES_MAX = 512 };

struct module {
  char path[512];
  uintptr_t bias;             /* of the addresses in its symbol table */
  uintptr_t lo, hi;           /* of its segments */
  uintptr_t text_lo, text_hi; /* of its first executable segment, by pages as they are mapped; 0 without one */
  uint64_t text_offset;       /* where that begins in the file */
  unsigned char build_id[32];
  unsigned build_id_n;
  int used; /* the owner's mark: somebody named it */
};

/* Owned, and guarded, by who has it.  The program itself is the first. */
struct modules {
  unsigned n;
  struct module at[MODULES_MAX];
};

/* Looks at what is loaded now; `used` is 0 in all. */
void modules_read(struct modules *m);
/* NULL if the address is in none. */
struct module *modules_find(struct modules *m, uintptr_t addr);

/* The same on the list that findings use, guarded by log_lock. */
void modules_refresh(void);
struct module *module_at(uintptr_t addr);
/* {"path": "build id", ...} of those used. */
void modules_json(struct text *t);

/* Path of the executable; "?" without /proc. */
const char *program_path(void);

#endif
