/* paths.h: each relative name is joined once and kept, found again by libdw's own pointer to it. */
#include "cli/paths.h"

#include <dwarf.h>

#include "cli/mem.h"

struct joined {
  const char *file;    /* libdw's string, which lives as long as its module */
  char *whole;         /* what it means */
  struct joined *next; /* the one joined before */
};
static struct joined *all;

static const char *join(const char *folder, const char *file) {
  struct joined *j = mem_alloc(sizeof *j);
  *j = (struct joined){.file = file, .whole = mem_format("%s/%s", folder, file), .next = all};
  all = j;
  return j->whole;
}

const char *whole_path(Dwarf_Die *unit, const char *file) {
  Dwarf_Attribute a;
  if (!file || *file == '/') return file;
  for (struct joined *j = all; j; j = j->next)
    if (j->file == file) return j->whole;
  const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &a));
  return folder ? join(folder, file) : file;
}
