/* Stacks: each raw frame becomes one frame for the function and one for each that was inlined there; then the runtime's
 * own frames go from both ends, so that a stack begins and ends in the user's code.
 */
#include "cli/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "cli/frames.h"
#include "cli/mem.h"
#include "cli/module.h"

json_object *member(json_object *o, const char *name, json_type type) {
  json_object *v = NULL;
  if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &v)) return NULL;
  return json_object_is_type(v, type) ? v : NULL;
}
const char *member_string(json_object *o, const char *name) {
  json_object *v = member(o, name, json_type_string);
  return v ? json_object_get_string(v) : NULL;
}
int member_int(json_object *o, const char *name, int otherwise) {
  json_object *v = member(o, name, json_type_int);
  return v ? json_object_get_int(v) : otherwise;
}

struct module *finding_module(json_object *finding, const char *path) {
  const char *build_id = member_string(member(finding, "modules", json_type_object), path);
  return module_open(path, build_id && *build_id ? build_id : NULL, member_int(finding, "pid", 0));
}

struct module *frame_module(json_object *finding, json_object *frame, unsigned long long *offset) {
  const char *path = member_string(frame, "module"), *text = member_string(frame, "offset");
  if (!path || !text) return NULL;
  *offset = strtoull(text, NULL, 16);
  return finding_module(finding, path);
}

static json_object *copy_of(json_object *frame) {
  json_object *copy = NULL;
  json_object_deep_copy(frame, &copy, NULL);
  return copy;
}

static void fill_frame(json_object *frame, const struct source_frame *s) {
  if (s->function) json_object_object_add(frame, "function", json_object_new_string(s->function));
  if (s->file) json_object_object_add(frame, "file", json_object_new_string(s->file));
  if (s->line) json_object_object_add(frame, "line", json_object_new_int(s->line));
  if (s->column) json_object_object_add(frame, "column", json_object_new_int(s->column));
  if (s->approximate) json_object_object_add(frame, "approximate", json_object_new_boolean(true));
  if (s->inlined) json_object_object_add(frame, "inlined", json_object_new_boolean(true));
}

/* The return address of nowhere, less one. */
static bool is_no_frame(json_object *frame) {
  const char *module = member_string(frame, "module"), *offset = member_string(frame, "offset");
  return module && offset && strcmp(module, "?") == 0 && strtoull(offset, NULL, 16) == UINT64_MAX;
}

/* Adds what one raw frame stands for to `out`. */
static void expand_frame(json_object *finding, json_object *frame, json_object *out) {
  if (is_no_frame(frame)) return;
  unsigned long long offset;
  struct module *m = NULL;
  if (!member_string(frame, "function") && !member_string(frame, "file")) m = frame_module(finding, frame, &offset);
  struct source_frame at[FRAMES_MAX];
  size_t n = m ? frames_at(m, offset, at) : 0;
  if (n == 0) json_object_array_add(out, copy_of(frame));
  for (size_t i = 0; i < n; i++) {
    json_object *copy = copy_of(frame);
    fill_frame(copy, &at[i]);
    json_object_array_add(out, copy);
  }
}

static bool begins_like_ours(const char *f) { return has_prefix(f, "gw_") || has_prefix(f, "__gw_"); }

/* Inside this project's own libraries, by the folder that they were built from. */
static bool in_our_rooms(const char *file) {
  static const char *const rooms[] = {"/runtime/", "/detector/", "/base/", "/pprof/"};
  if (!has_prefix(file, GODWIT_SOURCE_DIR)) return false;
  for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++)
    if (has_prefix(file + strlen(GODWIT_SOURCE_DIR), rooms[i])) return true;
  return false;
}

static bool is_internal(json_object *frame) {
  const char *function = member_string(frame, "function"), *file = member_string(frame, "file");
  return (function && begins_like_ours(function)) || (file && in_our_rooms(file));
}

static bool is_start(const char *function) {
  static const char *const names[] = {"_start",  "start_thread", "clone",       "clone3",
                                      "__clone", "__clone3",     "thread_start"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(function, names[i]) == 0) return true;
  return has_prefix(function, "__libc_start");
}

static bool is_libc(const char *module) {
  static const char *const names[] = {"libc.so", "libc-", "libpthread", "ld-linux"};
  const char *slash = strrchr(module, '/');
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (has_prefix(slash ? slash + 1 : module, names[i])) return true;
  return false;
}

/* A program may call functions of its own so: what has a place in a source is libc's in libc only. */
static bool is_system_start(json_object *frame) {
  const char *function = member_string(frame, "function"), *module = member_string(frame, "module");
  bool of_libc = module && is_libc(module);
  return function ? is_start(function) && (of_libc || !member_string(frame, "file")) : of_libc;
}

/* Does its symbol say already that trim_stack will drop it, at a stack's outer end?  libc's debug information takes
 * longer to read than the program's. */
static bool is_raw_start(json_object *finding, json_object *frame) {
  unsigned long long offset;
  if (is_no_frame(frame)) return true;
  const char *module = member_string(frame, "module");
  if (!module || !is_libc(module) || member_string(frame, "function") || member_string(frame, "file")) return false;
  struct module *m = frame_module(finding, frame, &offset);
  const struct module_symbol *s = m ? module_find_symbol(m, offset, false) : NULL;
  return s && is_start(s->name);
}

static size_t outer_end(json_object *stack) {
  size_t n = json_object_array_length(stack);
  for (size_t i = n; i-- > 0;) {
    const char *function = member_string(json_object_array_get_idx(stack, i), "function");
    if (function && strcmp(function, "main") == 0) return i + 1;
  }
  while (n > 0) {
    json_object *frame = json_object_array_get_idx(stack, n - 1);
    if (!is_internal(frame) && !is_system_start(frame)) break;
    n--;
  }
  return n;
}

/* False for a stack that is the runtime's through and through: it stays whole. */
static bool trim_stack(json_object *stack) {
  size_t n = json_object_array_length(stack), end = outer_end(stack), begin = 0;
  while (begin < end && is_internal(json_object_array_get_idx(stack, begin))) begin++;
  if (begin == end) return false;
  if (end < n) json_object_array_del_idx(stack, end, n - end);
  if (begin > 0) json_object_array_del_idx(stack, 0, begin);
  return true;
}

static void resolve_stack(json_object *finding, json_object *owner, const char *name) {
  json_object *raw = member(owner, name, json_type_array);
  if (!raw) return;
  json_object *out = json_object_new_array();
  size_t n = json_object_array_length(raw), inner = n;
  while (inner > 0 && is_raw_start(finding, json_object_array_get_idx(raw, inner - 1))) inner--;
  for (size_t i = 0; i < inner; i++) expand_frame(finding, json_object_array_get_idx(raw, i), out);
  resolve_openmp(out);
  if (!trim_stack(out))
    for (size_t i = inner; i < n; i++) expand_frame(finding, json_object_array_get_idx(raw, i), out);
  json_object_object_add(owner, name, out);
}

/* A finding that isn't about memory has calls: an address of nothing is none. */
static void resolve_call(json_object *finding, json_object *access) {
  const char *kind = member_string(finding, "kind");
  if (!kind || strcmp(kind, "GW1001") == 0 || strcmp(kind, "GW1007") == 0 || member_int(access, "size", 1) != 0) return;
  json_object_object_add(access, "op", json_object_new_string("call"));
  json_object_object_del(access, "size");
  json_object_object_add(access, "address", NULL);
}

static void resolve_access(json_object *finding, json_object *access) {
  resolve_call(finding, access);
  resolve_stack(finding, access, "stack");
  resolve_stack(finding, access, "created_at");
  json_object *locks = member(access, "locks", json_type_array), *wanted = member(access, "wanted", json_type_object);
  if (wanted) resolve_stack(finding, wanted, "stack");
  for (size_t i = 0; locks && i < json_object_array_length(locks); i++)
    resolve_stack(finding, json_object_array_get_idx(locks, i), "stack");
}

/* A single frame keeps its function's own position: what is inlined there doesn't own the stack frame. */
static void resolve_frame(json_object *finding, json_object *owner) {
  json_object *frame = member(owner, "frame", json_type_object);
  if (!frame) return;
  json_object *expanded = json_object_new_array();
  expand_frame(finding, frame, expanded);
  size_t n = json_object_array_length(expanded);
  if (n) json_object_object_add(owner, "frame", copy_of(json_object_array_get_idx(expanded, n - 1)));
  json_object_put(expanded);
}

void resolve_finding(json_object *finding) {
  json_object *accesses = member(finding, "accesses", json_type_array);
  for (size_t i = 0; accesses && i < json_object_array_length(accesses); i++)
    resolve_access(finding, json_object_array_get_idx(accesses, i));
  json_object *memory = member(finding, "memory", json_type_object);
  if (memory) {
    resolve_stack(finding, memory, "stack");
    resolve_frame(finding, memory);
  }
  resolve_text(finding);
  resolve_names(finding);
  resolve_fingerprint(finding);
}
