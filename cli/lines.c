/* Addresses to compile units, lines and functions, from the units themselves: clang writes no .debug_aranges. */
#include <stdlib.h>

#include "cli/mem.h"
#include "cli/module.h"
#include "cli/paths.h"

static void add_range(struct module *m, size_t *cap, uint64_t lo, uint64_t hi, size_t unit) {
  if (lo == 0 || lo >= hi || lo >= UINT64_MAX - 1) return; /* what linkers leave of discarded functions */
  if (m->range_count == *cap) m->ranges = mem_grow(m->ranges, (*cap = 2 * *cap + 64) * sizeof *m->ranges);
  m->ranges[m->range_count++] = (struct unit_range){lo, hi, unit};
}

static int range_order(const void *a, const void *b) {
  const struct unit_range *x = a, *y = b;
  return x->lo < y->lo ? -1 : x->lo > y->lo;
}

void module_read_units(struct module *m) {
  if (m->has_units) return;
  m->has_units = true;
  if (m->elf) m->dwarf = dwarf_begin_elf(m->debug_elf ? m->debug_elf : m->elf, DWARF_C_READ, NULL);
  if (!m->dwarf) return;
  size_t unit_cap = 0, range_cap = 0;
  Dwarf_CU *cu = NULL;
  Dwarf_Die die, sub;
  uint8_t type;
  while (dwarf_get_units(m->dwarf, cu, &cu, NULL, &type, &die, &sub) == 0) {
    if (type != DW_UT_compile && type != DW_UT_skeleton) continue;
    if (m->unit_count == unit_cap) m->units = mem_grow(m->units, (unit_cap = 2 * unit_cap + 16) * sizeof *m->units);
    bool split = type == DW_UT_skeleton && dwarf_tag(&sub) == DW_TAG_compile_unit;
    m->units[m->unit_count] = (struct unit){.die = die, .tree = split ? sub : die};
    Dwarf_Addr base, lo, hi;
    for (ptrdiff_t at = 0; (at = dwarf_ranges(&die, at, &base, &lo, &hi)) > 0;)
      add_range(m, &range_cap, lo, hi, m->unit_count);
    m->unit_count++;
  }
  if (m->range_count) qsort(m->ranges, m->range_count, sizeof *m->ranges, range_order);
}

struct unit *module_unit(struct module *m, uint64_t address) {
  module_read_units(m);
  size_t lo = 0, hi = m->range_count; /* first range that begins beyond the address */
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (m->ranges[mid].lo <= address)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo > 0 && address < m->ranges[lo - 1].hi ? &m->units[m->ranges[lo - 1].unit] : NULL;
}

static bool row_at(Dwarf_Lines *lines, size_t i, Dwarf_Addr *address, bool *ends) {
  return dwarf_lineaddr(dwarf_onesrcline(lines, i), address) == 0 &&
         dwarf_lineendsequence(dwarf_onesrcline(lines, i), ends) == 0;
}

/* Last row at or before the address, or -1.  Rows are sorted by address. */
static ptrdiff_t find_row(Dwarf_Lines *lines, size_t n, uint64_t address) {
  size_t lo = 0, hi = n;
  Dwarf_Addr at;
  bool ends;
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (!row_at(lines, mid, &at, &ends)) return -1;
    if (at <= address)
      lo = mid + 1;
    else
      hi = mid;
  }
  if (lo == 0 || !row_at(lines, lo - 1, &at, &ends) || ends) return -1;
  return (ptrdiff_t)lo - 1;
}

bool module_find_line(struct module *m, uint64_t address, struct module_line *out) {
  struct unit *u = module_unit(m, address);
  Dwarf_Lines *lines;
  size_t n;
  if (!u || dwarf_getsrclines(&u->die, &lines, &n) != 0) return false;
  ptrdiff_t row = find_row(lines, n, address);
  *out = (struct module_line){0};
  if (row < 0) return false;
  Dwarf_Line *line = dwarf_onesrcline(lines, (size_t)row);
  out->file = whole_path(&u->die, dwarf_linesrc(line, NULL, NULL));
  dwarf_lineno(line, &out->line);
  if (out->line) dwarf_linecol(line, &out->column);
  return out->file != NULL;
}

static void add_functions(struct unit *u, Dwarf_Die *parent, size_t *cap) {
  Dwarf_Die die;
  if (dwarf_child(parent, &die) != 0) return;
  do {
    int tag = dwarf_tag(&die);
    if (tag == DW_TAG_namespace || tag == DW_TAG_structure_type || tag == DW_TAG_class_type)
      add_functions(u, &die, cap);
    if (tag != DW_TAG_subprogram) continue;
    Dwarf_Addr base, lo, hi;
    for (ptrdiff_t at = 0; (at = dwarf_ranges(&die, at, &base, &lo, &hi)) > 0;) {
      if (lo == 0 || lo >= hi) continue;
      if (u->function_count == *cap)
        u->functions = mem_grow(u->functions, (*cap = 2 * *cap + 32) * sizeof *u->functions);
      u->functions[u->function_count++] = (struct unit_function){lo, hi, die};
    }
  } while (dwarf_siblingof(&die, &die) == 0);
}

static int function_order(const void *a, const void *b) {
  const struct unit_function *x = a, *y = b;
  return x->lo < y->lo ? -1 : x->lo > y->lo;
}

const struct unit_function *module_function(struct module *m, uint64_t address) {
  struct unit *u = module_unit(m, address);
  if (!u) return NULL;
  if (!u->has_functions) {
    size_t cap = 0;
    add_functions(u, &u->tree, &cap);
    if (u->function_count) qsort(u->functions, u->function_count, sizeof *u->functions, function_order);
    u->has_functions = true;
  }
  for (size_t lo = 0, hi = u->function_count; lo < hi;) {
    size_t mid = (lo + hi) / 2;
    const struct unit_function *f = &u->functions[mid];
    if (address < f->lo)
      hi = mid;
    else if (address >= f->hi)
      lo = mid + 1;
    else
      return f;
  }
  return NULL;
}
