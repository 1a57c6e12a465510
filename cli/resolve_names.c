/* What the accessed variable and the locks are called.
 *
 * A global has its name by address, a local by its place in the frame; both come from debug information and are exact.
 * Memory on the heap is named by the type and field that the pass saw at an access: if both accesses have such a name,
 * they must agree.  Locks are named as globals, or by the argument that stands in the source at the locking call.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/names.h"
#include "cli/resolve.h"
#include "cli/source.h"
#include "cli/variables.h"

static json_object *first_frame(json_object *owner) {
  json_object *stack = member(owner, "stack", json_type_array);
  return stack && json_object_array_length(stack) ? json_object_array_get_idx(stack, 0) : NULL;
}

static char op_letter(const char *op) {
  if (!op) return 0;
  if (has_prefix(op, "atomic")) return 'a';
  return strcmp(op, "read") == 0 ? 'r' : strcmp(op, "write") == 0 ? 'w' : 0;
}

/* What the pass recorded for an access; false if nothing. */
static bool recorded_name(json_object *finding, json_object *access, struct gw_name *out) {
  json_object *frame = first_frame(access);
  unsigned long long offset;
  struct module *m = frame ? frame_module(finding, frame, &offset) : NULL;
  char op = op_letter(member_string(access, "op"));
  int line = member_int(frame, "line", 0), column = member_int(frame, "column", 0);
  return m && op && line && names_find(m, member_string(frame, "file"), line, column, op, out);
}

static void set_variable(json_object *finding, const char *name, const char *source) {
  json_object *v = json_object_new_object();
  json_object_object_add(v, "name", name ? json_object_new_string(name) : NULL);
  json_object_object_add(v, "name_source", json_object_new_string(source));
  json_object_object_add(finding, "variable", v);
}

/* The recorded name with this source that the accesses agree on.  `goroutine` limits it to one goroutine's accesses:
 * only the owner of a stack calls a local by its name. */
static bool agreed_name(json_object *finding, const char *source, json_object *goroutine, struct gw_name *out) {
  json_object *accesses = member(finding, "accesses", json_type_array);
  bool found = false;
  for (size_t i = 0; accesses && i < json_object_array_length(accesses); i++) {
    json_object *access = json_object_array_get_idx(accesses, i);
    struct gw_name name;
    if (goroutine &&
        member_int(member(access, "goroutine", json_type_object), "id", -1) != member_int(goroutine, "id", -2))
      continue;
    if (!recorded_name(finding, access, &name) || strcmp(name.source, source) != 0) continue;
    if (found && strcmp(out->name, name.name) != 0) return false;
    *out = name;
    found = true;
  }
  return found;
}

/* The bytes in question, from the memory's offset on: the smaller access, as that offset is where both have begun. */
static uint64_t shared_size(json_object *finding) {
  json_object *accesses = member(finding, "accesses", json_type_array);
  int smallest = 0;
  for (size_t i = 0; accesses && i < json_object_array_length(accesses); i++) {
    int size = member_int(json_object_array_get_idx(accesses, i), "size", 0);
    if (size > 0 && (smallest == 0 || size < smallest)) smallest = size;
  }
  return smallest ? (uint64_t)smallest : 1;
}

static void add_declaration(json_object *memory, const char *name, const struct variable *v) {
  json_object_object_add(memory, "name", json_object_new_string(name));
  if (v->file) json_object_object_add(memory, "file", json_object_new_string(v->file));
  if (v->file && v->line) json_object_object_add(memory, "line", json_object_new_int(v->line));
}

typedef bool find_variable(struct module *m, uint64_t address, uint64_t size, struct variable *out);

static bool name_global(json_object *finding, json_object *memory, find_variable *find) {
  unsigned long long offset;
  struct variable v = {0};
  struct module *m = frame_module(finding, memory, &offset);
  bool found = m && find(m, offset, shared_size(finding), &v);
  if (found) {
    set_variable(finding, v.name.p, "global");
    add_declaration(memory, v.name.p, &v);
  }
  buf_free(&v.name);
  return found;
}

static bool name_local(json_object *finding, json_object *memory) {
  json_object *frame = member(memory, "frame", json_type_object), *at = member(memory, "frame_offset", json_type_int);
  unsigned long long offset;
  struct variable v = {0};
  struct module *m = frame ? frame_module(finding, frame, &offset) : NULL;
  bool found = m && at && variable_local(m, offset, json_object_get_int64(at), shared_size(finding), &v);
  if (found) {
    set_variable(finding, v.name.p, "local");
    add_declaration(memory, v.name.p, &v);
  }
  buf_free(&v.name);
  return found;
}

static void name_heap(json_object *finding) {
  struct gw_name name;
  bool found = agreed_name(finding, "heap type", NULL, &name);
  set_variable(finding, found ? name.name : NULL, found ? "heap type" : "none");
}

static void name_stack(json_object *finding, json_object *memory) {
  struct gw_name name;
  if (name_local(finding, memory)) return;
  if (agreed_name(finding, "local", member(memory, "goroutine", json_type_object), &name))
    set_variable(finding, name.name, "local");
  else
    name_heap(finding);
}

/* The pass's name comes before the symbol table's: where the optimiser took a variable apart, the symbol is its own. */
static void name_static(json_object *finding, json_object *memory, bool by_address) {
  struct gw_name name;
  if (by_address && name_global(finding, memory, variable_global)) return;
  if (agreed_name(finding, "global", NULL, &name)) return set_variable(finding, name.name, "global");
  if (!by_address || !name_global(finding, memory, variable_symbol)) name_heap(finding);
}

static void name_variable(json_object *finding) {
  json_object *memory = member(finding, "memory", json_type_object);
  const char *kind = member_string(memory, "kind");
  if (!kind || member(finding, "variable", json_type_object)) return;
  if (has_suffix(kind, "heap"))
    name_heap(finding);
  else if (strcmp(kind, "stack") == 0)
    name_stack(finding, memory);
  else
    name_static(finding, memory, strcmp(kind, "global") == 0);
}

static void set_lock_name(json_object *lock, const char *name, const char *source) {
  json_object_object_add(lock, "name", json_object_new_string(name));
  json_object_object_add(lock, "name_source", json_object_new_string(source));
}

static void name_lock(json_object *finding, json_object *lock) {
  unsigned long long offset;
  struct variable v = {0};
  struct module *m = frame_module(finding, lock, &offset);
  if (member_string(lock, "name")) return;
  if (m && (variable_global(m, offset, 1, &v) || variable_symbol(m, offset, 1, &v)))
    set_lock_name(lock, v.name.p, "global");
  buf_free(&v.name);
  json_object *frame = first_frame(lock);
  const char *file = member_string(frame, "file");
  size_t n;
  const char *line = file ? source_line(file, member_int(frame, "line", 0), &n) : NULL;
  char *argument = line ? source_argument(line, n, member_int(frame, "column", 0)) : NULL;
  if (argument && !member_string(lock, "name")) set_lock_name(lock, argument, "source");
  free(argument);
}

void resolve_names(json_object *finding) {
  name_variable(finding);
  json_object *accesses = member(finding, "accesses", json_type_array);
  for (size_t i = 0; accesses && i < json_object_array_length(accesses); i++) {
    json_object *access = json_object_array_get_idx(accesses, i), *wanted = member(access, "wanted", json_type_object);
    json_object *locks = member(access, "locks", json_type_array);
    if (wanted) name_lock(finding, wanted);
    for (size_t k = 0; locks && k < json_object_array_length(locks); k++)
      name_lock(finding, json_object_array_get_idx(locks, k));
  }
}
