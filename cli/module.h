/* An ELF file that frames point into: its symbols, its debug information, the names that the pass wrote.
 *
 * Everything is read on demand and kept: debug information (which may have to be decompressed) and the list of compile
 * units' ranges at the first look-up, a unit's lines and functions when an address falls into it.  A module that isn't
 * there, is stripped or is another build answers "unknown".
 */
#ifndef GW_CLI_MODULE_H
#define GW_CLI_MODULE_H
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_range {
  uint64_t lo, hi; /* addresses of one piece of a unit */
  size_t unit;     /* index into module.units */
};

struct unit_function {
  uint64_t lo, hi; /* one piece of it */
  Dwarf_Die die;   /* its DW_TAG_subprogram */
};

struct unit {
  Dwarf_Die die;                   /* lines come from here (a skeleton, if the rest is in a .dwo) */
  Dwarf_Die tree;                  /* functions and variables come from here */
  bool has_functions;              /* `functions` is filled */
  struct unit_function *functions; /* sorted by lo */
  size_t function_count;           /* in `functions` */
};

struct module_symbol {
  uint64_t lo, hi;  /* its addresses; hi is lo for a symbol without a size */
  const char *name; /* in the ELF's string table */
  bool object;      /* data, not code */
};

struct gw_names;      /* names.c */
struct module_global; /* variables.c */

struct module {
  char *path;                    /* as the process named it */
  char *build_id;                /* asked for; NULL if not known */
  Elf *elf, *debug_elf;          /* NULL if not there; debug_elf is a separate file's */
  Dwarf *dwarf;                  /* of either; NULL without debug information, and until units are read */
  bool has_units;                /* units and ranges are filled */
  struct unit *units;            /* all compile units */
  size_t unit_count;             /* in `units` */
  struct unit_range *ranges;     /* sorted by lo */
  size_t range_count;            /* in `ranges` */
  bool has_symbols;              /* symbols are filled */
  struct module_symbol *symbols; /* sorted by lo */
  size_t symbol_count;           /* in `symbols` */
  bool has_globals;              /* globals are filled (variables.c) */
  struct module_global *globals; /* variables in memory, sorted by address */
  size_t global_count;           /* in `globals` */
  bool has_names;                /* names were looked for */
  struct gw_names *names;        /* NULL if there are none */
  struct module *next;           /* in the list of all modules */
};

/* The module at `path` in process `pid` (0 if unknown), with that build id (hex; NULL takes any).  Never NULL; kept
 * until the end. */
struct module *module_open(const char *path, const char *build_id, int64_t pid);

/* The unit and its line-table row for an address; false if unknown. */
struct module_line {
  const char *file; /* as in the line table; lives as long as the module */
  int line, column; /* 0 if unknown */
};
struct unit *module_unit(struct module *m, uint64_t address);
bool module_find_line(struct module *m, uint64_t address, struct module_line *out);
const struct unit_function *module_function(struct module *m, uint64_t address);
/* The symbol that covers an address (of data if `object`), NULL if none does. */
const struct module_symbol *module_find_symbol(struct module *m, uint64_t address, bool object);
/* Fills units and ranges. */
void module_read_units(struct module *m);
/* Contents of a section by name, from the file itself or its debug file; NULL if absent. */
Elf_Data *module_section(struct module *m, const char *name);

#endif
