/* The chain of inlined functions around an address.  The innermost position is the line table's; each further one is
 * where the function inside it was called. */
#include "cli/frames.h"
#include "cli/paths.h"

/* The child of `scope` that holds the address and may hold others. */
static bool inner_scope(Dwarf_Die *scope, uint64_t address, Dwarf_Die *out) {
  if (dwarf_child(scope, out) != 0) return false;
  do {
    int tag = dwarf_tag(out);
    bool holds = tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
                 tag == DW_TAG_catch_block;
    if (holds && dwarf_haspc(out, address) > 0) return true;
  } while (dwarf_siblingof(out, out) == 0);
  return false;
}

size_t scopes_at(struct module *m, uint64_t address, Dwarf_Die *out, size_t max) {
  const struct unit_function *f = module_function(m, address);
  if (!f || max == 0) return 0;
  size_t n = 0;
  out[n++] = f->die;
  while (n < max && inner_scope(&out[n - 1], address, &out[n])) n++;
  return n;
}

static const char *die_name(Dwarf_Die *die) {
  Dwarf_Attribute a;
  return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &a));
}

static int die_number(Dwarf_Die *die, unsigned name) {
  Dwarf_Attribute a;
  Dwarf_Word v;
  return dwarf_formudata(dwarf_attr(die, name, &a), &v) == 0 ? (int)v : 0;
}

/* Where an inlined function was called. */
static void set_call_position(struct source_frame *f, Dwarf_Die *inlined) {
  Dwarf_Die unit;
  Dwarf_Files *files;
  size_t n;
  f->line = die_number(inlined, DW_AT_call_line);
  f->column = die_number(inlined, DW_AT_call_column);
  if (!dwarf_diecu(inlined, &unit, NULL, NULL) || dwarf_getsrcfiles(&unit, &files, &n) != 0) return;
  f->file = whole_path(&unit, dwarf_filesrc(files, (size_t)die_number(inlined, DW_AT_call_file), NULL, NULL));
}

/* Code that the optimiser merged or moved has no line of its own: all that's certain is the function. */
static void set_declaration(struct source_frame *f, Dwarf_Die *function) {
  Dwarf_Die unit;
  Dwarf_Files *files;
  Dwarf_Attribute a;
  Dwarf_Word file, line;
  size_t n;
  if (dwarf_formudata(dwarf_attr_integrate(function, DW_AT_decl_file, &a), &file) != 0) return;
  if (dwarf_formudata(dwarf_attr_integrate(function, DW_AT_decl_line, &a), &line) != 0) return;
  if (!dwarf_diecu(function, &unit, NULL, NULL) || dwarf_getsrcfiles(&unit, &files, &n) != 0) return;
  f->file = whole_path(&unit, dwarf_filesrc(files, file, NULL, NULL));
  f->line = (int)line;
  f->approximate = true;
}

static bool is_function(Dwarf_Die *die) {
  return dwarf_tag(die) == DW_TAG_subprogram || dwarf_tag(die) == DW_TAG_inlined_subroutine;
}

size_t frames_at(struct module *m, uint64_t address, struct source_frame *out) {
  Dwarf_Die scopes[2 * FRAMES_MAX];
  size_t depth = scopes_at(m, address, scopes, sizeof scopes / sizeof scopes[0]);
  struct module_line line;
  struct source_frame next = {0}; /* position of the frame that comes next on the way out */
  if (module_find_line(m, address, &line))
    next = (struct source_frame){.file = line.file, .line = line.line, .column = line.column};
  size_t n = 0;
  for (size_t i = depth; i-- > 0 && n < FRAMES_MAX;) {
    if (!is_function(&scopes[i])) continue;
    next.function = die_name(&scopes[i]);
    next.inlined = dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine;
    if (!next.line) set_declaration(&next, &scopes[i]);
    out[n++] = next;
    next = (struct source_frame){0};
    if (out[n - 1].inlined) set_call_position(&next, &scopes[i]);
  }
  if (n == 0) out[n++] = next;
  struct source_frame *outer = &out[n - 1]; /* the compiler's own functions may have no name but the symbol's */
  if (outer->function) return n;
  const struct module_symbol *symbol = module_find_symbol(m, address, false);
  outer->function = symbol ? symbol->name : NULL;
  return outer->function || outer->file ? n : 0;
}
