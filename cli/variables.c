/* Finds a variable's DIE by its location and walks down its type to the accessed bytes.
 *
 * The walk stops where the bytes aren't one member's: in a union, in padding, across members, at bit-fields.  The name
 * up to there is still exact.  A location that isn't one plain place (a register, a list, pieces) names nothing.
 */
#include "cli/variables.h"

#include <stdlib.h>
#include <string.h>

#include "cli/frames.h"
#include "cli/mem.h"
#include "cli/paths.h"

enum { MAX_DIMENSIONS = 16, MAX_DEPTH = 64 /* of the walk; a guess beyond any program */ };

static bool number(Dwarf_Die *die, unsigned name, uint64_t *out) {
  Dwarf_Attribute a;
  Dwarf_Word v;
  if (dwarf_formudata(dwarf_attr_integrate(die, name, &a), &v) != 0) return false;
  *out = v;
  return true;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *out) {
  Dwarf_Attribute a;
  Dwarf_Die raw;
  if (!dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &a), &raw)) return false;
  return dwarf_peel_type(&raw, out) == 0;
}

static bool size_of(Dwarf_Die *type, uint64_t *out) {
  Dwarf_Word size;
  if (dwarf_aggregate_size(type, &size) != 0) return false;
  *out = size;
  return true;
}

static const char *name_of(Dwarf_Die *die) {
  Dwarf_Attribute a;
  return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &a));
}

/* Bytes [lo, hi) of a member within its structure; false for what has no such place. */
static bool member_bytes(Dwarf_Die *member, Dwarf_Die *type, uint64_t *lo, uint64_t *hi) {
  uint64_t bits, first_bit, size;
  if (number(member, DW_AT_bit_size, &bits)) {
    if (!number(member, DW_AT_data_bit_offset, &first_bit)) return false;
    *lo = first_bit / 8, *hi = (first_bit + bits + 7) / 8;
    return true;
  }
  if (!number(member, DW_AT_data_member_location, lo)) *lo = 0;
  if (!type_of(member, type)) return false;
  *hi = size_of(type, &size) && size > 0 ? *lo + size : UINT64_MAX; /* a flexible array has no end */
  return true;
}

/* The one member that holds [at, at+n); false if it's none, several, or a bit-field. */
static bool find_member(Dwarf_Die *record, uint64_t at, uint64_t n, Dwarf_Die *found, uint64_t *found_lo) {
  Dwarf_Die member, type;
  int touching = 0;
  bool whole = false;
  if (dwarf_child(record, &member) != 0) return false;
  do {
    uint64_t lo, hi;
    if (dwarf_tag(&member) != DW_TAG_member) continue;
    if (!member_bytes(&member, &type, &lo, &hi)) return false;
    if (at >= hi || at + n <= lo) continue;
    touching++;
    whole = at >= lo && at + n <= hi && !dwarf_hasattr(&member, DW_AT_bit_size);
    *found = member;
    *found_lo = lo;
  } while (dwarf_siblingof(&member, &member) == 0);
  return touching == 1 && whole;
}

static size_t dimensions(Dwarf_Die *array, uint64_t *counts) {
  Dwarf_Die child;
  size_t n = 0;
  if (dwarf_child(array, &child) != 0) return 0;
  do {
    uint64_t v;
    if (dwarf_tag(&child) != DW_TAG_subrange_type || n == MAX_DIMENSIONS) continue;
    if (number(&child, DW_AT_count, &v))
      counts[n++] = v;
    else
      counts[n++] = number(&child, DW_AT_upper_bound, &v) ? v + 1 : 0;
  } while (dwarf_siblingof(&child, &child) == 0);
  return n;
}

/* Adds the indices of the element that holds [*at, *at+n) and leaves the offset within it; false if it's several. */
static bool add_indices(Dwarf_Die *array, uint64_t element_size, uint64_t *at, uint64_t n, struct buf *name) {
  uint64_t counts[MAX_DIMENSIONS];
  size_t dims = dimensions(array, counts);
  if (dims == 0 || element_size == 0 || *at % element_size + n > element_size) return false;
  uint64_t index = *at / element_size;
  *at %= element_size;
  for (size_t d = 0; d < dims; d++) {
    uint64_t stride = 1;
    for (size_t k = d + 1; k < dims; k++) stride *= counts[k] ? counts[k] : 1;
    buf_format(name, "[%llu]", (unsigned long long)(index / stride));
    index %= stride;
  }
  return true;
}

/* What a lock is made of is nobody's business: its name ends at the lock. */
static bool holds_lock(Dwarf_Die *holder) {
  static const char *const locks[] = {"gw_mutex",         "gw_rwmutex",         "gw_sema", "pthread_mutex_t",
                                      "pthread_rwlock_t", "pthread_spinlock_t", "mtx_t",   "sem_t"};
  Dwarf_Attribute a;
  Dwarf_Die type;
  if (!dwarf_formref_die(dwarf_attr_integrate(holder, DW_AT_type, &a), &type)) return false;
  do {
    const char *name = name_of(&type);
    for (size_t i = 0; name && i < sizeof locks / sizeof locks[0]; i++)
      if (strcmp(name, locks[i]) == 0) return true;
    int tag = dwarf_tag(&type);
    if (tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type) return false;
  } while (dwarf_formref_die(dwarf_attr_integrate(&type, DW_AT_type, &a), &type));
  return false;
}

/* `holder` is the variable, then the member or the array that the bytes are in. */
static void walk_type(Dwarf_Die holder, uint64_t at, uint64_t n, struct buf *name) {
  for (int depth = 0; depth < MAX_DEPTH; depth++) {
    Dwarf_Die type, element;
    if (holds_lock(&holder) || !type_of(&holder, &type)) return;
    int tag = dwarf_tag(&type);
    if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type) {
      uint64_t lo = 0;
      Dwarf_Die member;
      if (!find_member(&type, at, n, &member, &lo)) return;
      const char *member_name = name_of(&member);
      if (member_name) buf_format(name, ".%s", member_name);
      at -= lo;
      holder = member;
    } else if (tag == DW_TAG_array_type) {
      uint64_t element_size;
      if (!type_of(&type, &element) || !size_of(&element, &element_size)) return;
      if (!add_indices(&type, element_size, &at, n, name)) return;
      holder = type;
    } else {
      return;
    }
  }
}

/* libdw's own dwarf_decl_file refuses file 0, which DWARF 5 allows. */
static void set_declaration(Dwarf_Die *die, struct variable *out) {
  Dwarf_Die unit;
  Dwarf_Files *files;
  size_t n;
  uint64_t file, line;
  if (!number(die, DW_AT_decl_file, &file) || !number(die, DW_AT_decl_line, &line)) return;
  if (!dwarf_diecu(die, &unit, NULL, NULL) || dwarf_getsrcfiles(&unit, &files, &n) != 0) return;
  out->file = whole_path(&unit, dwarf_filesrc(files, file, NULL, NULL));
  out->line = (int)line;
}

/* Writes the name if the variable at `start` holds the bytes. */
static bool name_bytes(Dwarf_Die *die, uint64_t start, uint64_t address, uint64_t n, struct variable *out) {
  Dwarf_Die type;
  uint64_t size;
  const char *name = name_of(die);
  if (!name || address < start || !type_of(die, &type) || !size_of(&type, &size)) return false;
  if (address - start >= size || n > size - (address - start)) return false;
  buf_str(&out->name, name);
  walk_type(*die, address - start, n, &out->name);
  set_declaration(die, out);
  return true;
}

static bool op_address(Dwarf_Attribute *a, const Dwarf_Op *op, Dwarf_Addr *out) {
  Dwarf_Attribute indirect;
  if (op->atom == DW_OP_addr) return *out = op->number, true;
  return (op->atom == DW_OP_addrx || op->atom == DW_OP_GNU_addr_index) &&
         dwarf_getlocation_attr(a, op, &indirect) == 0 && dwarf_formaddr(&indirect, out) == 0;
}

struct module_global {
  uint64_t lo, hi; /* its bytes, or those of one piece of it */
  uint64_t begin;  /* where it would begin if all of it lay around this piece */
  Dwarf_Die die;   /* its DW_TAG_variable */
};

static void add_global(struct module *m, Dwarf_Die *die, uint64_t lo, uint64_t size, uint64_t begin) {
  if (lo == 0 || size == 0) return;                   /* what linkers leave of discarded variables */
  if ((m->global_count & (m->global_count + 1)) == 0) /* the count is a power of two less one: time to grow */
    m->globals = mem_grow(m->globals, (2 * m->global_count + 1) * sizeof *m->globals);
  m->globals[m->global_count++] = (struct module_global){lo, lo + size, begin, *die};
}

/* Notes a variable that has a place in memory; one that the compiler took apart piece by piece. */
static void note_global(struct module *m, Dwarf_Die *die) {
  Dwarf_Attribute a;
  Dwarf_Op *ops;
  size_t n;
  Dwarf_Addr at;
  Dwarf_Die type;
  uint64_t size;
  if (!dwarf_attr(die, DW_AT_location, &a) || dwarf_getlocation(&a, &ops, &n) != 0) return;
  bool whole = n == 1 || (n == 2 && ops[1].atom == DW_OP_plus_uconst);
  if (whole && op_address(&a, &ops[0], &at) && type_of(die, &type) && size_of(&type, &size)) {
    if (n == 2) at += ops[1].number;
    return add_global(m, die, at, size, at);
  }
  uint64_t before = 0; /* bytes in the pieces that came already */
  for (size_t i = 0; i < n; i++) {
    if (ops[i].atom != DW_OP_piece) continue;
    bool alone = i > 0 && (i == 1 || ops[i - 2].atom == DW_OP_piece); /* nothing but an address before it */
    if (alone && op_address(&a, &ops[i - 1], &at)) add_global(m, die, at, ops[i].number, at - before);
    before += ops[i].number;
  }
}

static void note_globals(struct module *m, Dwarf_Die *parent, int depth) {
  Dwarf_Die die;
  if (depth > MAX_DEPTH || dwarf_child(parent, &die) != 0) return;
  do {
    int tag = dwarf_tag(&die);
    if (tag == DW_TAG_variable) note_global(m, &die);
    if (tag == DW_TAG_namespace || tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block)
      note_globals(m, &die, depth + 1);
  } while (dwarf_siblingof(&die, &die) == 0);
}

static int global_order(const void *a, const void *b) {
  const struct module_global *x = a, *y = b;
  return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static void read_globals(struct module *m) {
  m->has_globals = true;
  module_read_units(m);
  for (size_t i = 0; i < m->unit_count; i++) note_globals(m, &m->units[i].tree, 0);
  if (m->global_count) qsort(m->globals, m->global_count, sizeof *m->globals, global_order);
}

bool variable_global(struct module *m, uint64_t address, uint64_t size, struct variable *out) {
  if (!m->has_globals) read_globals(m);
  size_t lo = 0, hi = m->global_count; /* first one beyond the address */
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (m->globals[mid].lo <= address)
      lo = mid + 1;
    else
      hi = mid;
  }
  enum { LOOK_BACK = 16 }; /* several units may describe one variable; a guess */
  for (size_t i = lo; i > 0 && lo - i < LOOK_BACK; i--) {
    struct module_global *g = &m->globals[i - 1];
    if (address < g->hi && name_bytes(&g->die, g->begin, address, size, out)) return true;
  }
  return false;
}

bool variable_symbol(struct module *m, uint64_t address, uint64_t size, struct variable *out) {
  const struct module_symbol *s = module_find_symbol(m, address, true);
  if (!s || size > s->hi - address) return false;
  buf_str(&out->name, s->name);
  if (address != s->lo) buf_format(&out->name, "+%llu", (unsigned long long)(address - s->lo));
  return true;
}

/* Where the function's frame base is, seen from the frame pointer. */
static bool frame_base(Dwarf_Die *function, uint64_t address, int64_t *out) {
  enum { RBP = 6, CFA_FROM_RBP = 16 /* return address and saved rbp */ };
  Dwarf_Attribute a;
  Dwarf_Op *ops;
  size_t n;
  if (!dwarf_attr_integrate(function, DW_AT_frame_base, &a)) return false;
  if (dwarf_getlocation_addr(&a, address, &ops, &n, 1) != 1 || n != 1) return false;
  if (ops[0].atom == DW_OP_reg0 + RBP) return *out = 0, true;
  if (ops[0].atom == DW_OP_breg0 + RBP) return *out = (int64_t)ops[0].number, true;
  if (ops[0].atom == DW_OP_call_frame_cfa) return *out = CFA_FROM_RBP, true;
  return false;
}

static bool frame_place(Dwarf_Die *die, uint64_t address, bool has_base, int64_t base, int64_t *out) {
  enum { RBP = 6 };
  Dwarf_Attribute a;
  Dwarf_Op *ops;
  size_t n;
  if (!dwarf_attr(die, DW_AT_location, &a)) return false;
  if (dwarf_getlocation_addr(&a, address, &ops, &n, 1) != 1 || n != 1) return false;
  if (ops[0].atom == DW_OP_fbreg && has_base) return *out = base + (int64_t)ops[0].number, true;
  if (ops[0].atom == DW_OP_breg0 + RBP) return *out = (int64_t)ops[0].number, true;
  return false;
}

bool variable_local(struct module *m, uint64_t address, int64_t frame_offset, uint64_t size, struct variable *out) {
  Dwarf_Die scopes[FRAMES_MAX];
  size_t depth = scopes_at(m, address, scopes, FRAMES_MAX);
  int64_t base = 0, place;
  bool has_base = depth > 0 && frame_base(&scopes[0], address, &base);
  const uint64_t bias = (uint64_t)1 << 62; /* keeps differences of signed offsets unsigned */
  for (size_t i = depth; i-- > 0;) {
    Dwarf_Die die;
    if (dwarf_child(&scopes[i], &die) != 0) continue;
    do {
      int tag = dwarf_tag(&die);
      if (tag != DW_TAG_variable && tag != DW_TAG_formal_parameter) continue;
      if (!frame_place(&die, address, has_base, base, &place)) continue;
      if (name_bytes(&die, bias + (uint64_t)place, bias + (uint64_t)frame_offset, size, out)) return true;
    } while (dwarf_siblingof(&die, &die) == 0);
  }
  return false;
}
