/* JSON to struct finding.  A member that is absent or null leaves its field empty; one of the wrong type too, except
 * where nothing could be shown without it: kind and accesses. */
#include "cli/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"
#include "godwit/report_format.h"

static json_object *get(json_object *o, const char *name, json_type type) {
  json_object *v = NULL;
  if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &v)) return NULL;
  return json_object_is_type(v, type) ? v : NULL;
}
static const char *get_string(json_object *o, const char *name) {
  json_object *v = get(o, name, json_type_string);
  return v ? json_object_get_string(v) : NULL;
}
static int64_t get_int(json_object *o, const char *name) {
  json_object *v = get(o, name, json_type_int);
  return v ? json_object_get_int64(v) : 0;
}
static bool get_bool(json_object *o, const char *name) {
  json_object *v = get(o, name, json_type_boolean);
  return v && json_object_get_boolean(v);
}
static size_t array_length(json_object *a) { return a ? json_object_array_length(a) : 0; }

/* Offsets in a module are text, as JSON numbers hold 53 bits; offsets in a block are numbers. */
static int64_t get_offset(json_object *o) {
  const char *text = get_string(o, "offset");
  return text ? (int64_t)strtoull(text, NULL, 16) : get_int(o, "offset");
}

static struct frame decode_frame(json_object *o) {
  return (struct frame){.function = get_string(o, "function"),
                        .file = get_string(o, "file"),
                        .module = get_string(o, "module"),
                        .line = (int)get_int(o, "line"),
                        .column = (int)get_int(o, "column"),
                        .offset = (uint64_t)get_offset(o),
                        .inlined = get_bool(o, "inlined"),
                        .approximate = get_bool(o, "approximate")};
}

static struct stack decode_stack(json_object *owner, const char *name) {
  json_object *a = get(owner, name, json_type_array);
  struct stack s = {.n = array_length(a)};
  s.v = mem_alloc(s.n * sizeof *s.v);
  for (size_t i = 0; i < s.n; i++) s.v[i] = decode_frame(json_object_array_get_idx(a, i));
  return s;
}

static struct actor decode_actor(json_object *owner, const char *name) {
  json_object *o = get(owner, name, json_type_object);
  return (struct actor){.known = o != NULL,
                        .id = get_int(o, "id"),
                        .name = get_string(o, "name"),
                        .thread = get_bool(o, "thread"),
                        .main = get_bool(o, "main")};
}

static struct lock decode_lock(json_object *o) {
  const char *mode = get_string(o, "mode"), *address = get_string(o, "address");
  return (struct lock){.address = address ? address : "?",
                       .name = get_string(o, "name"),
                       .write = !mode || strcmp(mode, "read") != 0,
                       .stack = decode_stack(o, "stack")};
}

static struct access decode_access(json_object *o) {
  json_object *locks = get(o, "locks", json_type_array);
  const char *op = get_string(o, "op");
  struct access a = {.op = op ? op : "access",
                     .reason = get_string(o, "reason"),
                     .waited_ns = get_int(o, "waited_ns"),
                     .size = get_int(o, "size"),
                     .address = get_string(o, "address"),
                     .actor = decode_actor(o, "goroutine"),
                     .lock_count = array_length(locks),
                     .stack = decode_stack(o, "stack"),
                     .created_at = decode_stack(o, "created_at"),
                     .created_by = decode_actor(o, "created_by")};
  json_object *wanted = get(o, "wanted", json_type_object);
  if (wanted) a.wanted = decode_lock(wanted);
  a.locks = mem_alloc(a.lock_count * sizeof *a.locks);
  for (size_t i = 0; i < a.lock_count; i++) a.locks[i] = decode_lock(json_object_array_get_idx(locks, i));
  return a;
}

static struct memory decode_memory(json_object *owner) {
  json_object *o = get(owner, "memory", json_type_object);
  struct memory m = {.kind = get_string(o, "kind"),
                     .size = get_int(o, "size"),
                     .offset = get_offset(o),
                     .module = get_string(o, "module"),
                     .name = get_string(o, "name"),
                     .file = get_string(o, "file"),
                     .line = (int)get_int(o, "line"),
                     .actor = decode_actor(o, "goroutine"),
                     .stack = decode_stack(o, "stack")};
  json_object *frame = get(o, "frame", json_type_object);
  m.frame = (struct stack){.v = mem_alloc(sizeof *m.frame.v), .n = frame != NULL};
  if (frame) m.frame.v[0] = decode_frame(frame);
  return m;
}

const char *kind_title(const char *kind) {
  static const struct {
    const char *kind, *title;
  } table[] = {
#define GW_FINDING(code, id, title) {"GW" #code, title},
#include "godwit/findings.inc"
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (strcmp(table[i].kind, kind) == 0) return table[i].title;
  return "finding";
}

static bool kind_is_race(const char *kind) { return strcmp(kind, "GW1001") == 0 || strcmp(kind, "GW1007") == 0; }

bool finding_is_race(const struct finding *f) { return kind_is_race(f->kind) && f->access_count == 2; }

bool finding_is_inversion(const struct finding *f) {
  bool fits = strcmp(f->kind, "GW1002") == 0 && f->access_count > 1;
  for (size_t i = 0; fits && i < f->access_count; i++)
    fits = f->accesses[i].wanted.address && f->accesses[i].lock_count > 0;
  return fits;
}

static bool check_record(json_object *json, const char **why) {
  const char *schema = get_string(json, "schema");
  if (!schema || !get_string(json, "kind")) return *why = "no finding: it has no \"schema\" and \"kind\"", false;
  if (strcmp(schema, GW_FINDING_SCHEMA) != 0)
    return *why = "a finding of another version: this godwit reads " GW_FINDING_SCHEMA, false;
  if (kind_is_race(get_string(json, "kind")) && array_length(get(json, "accesses", json_type_array)) < 2)
    return *why = "a data race without its two accesses", false;
  return true;
}

struct finding *finding_decode(json_object *json, const char **why) {
  if (!check_record(json, why)) return NULL;
  json_object *accesses = get(json, "accesses", json_type_array);
  struct finding *f = mem_alloc(sizeof *f);
  *f = (struct finding){.json = json,
                        .kind = get_string(json, "kind"),
                        .title = kind_title(get_string(json, "kind")),
                        .message = get_string(json, "message"),
                        .text = get_string(json, "text"),
                        .program = get_string(json, "program"),
                        .fingerprint = get_string(json, "fingerprint"),
                        .schedule = get_string(json, "schedule"),
                        .also_at = get(json, "also_at", json_type_array),
                        .pid = get_int(json, "pid"),
                        .count = get_int(json, "count"),
                        .variable = get_string(get(json, "variable", json_type_object), "name"),
                        .access_count = array_length(accesses),
                        .memory = decode_memory(json)};
  if (f->count < 1) f->count = 1;
  f->accesses = mem_alloc(f->access_count * sizeof *f->accesses);
  for (size_t i = 0; i < f->access_count; i++) f->accesses[i] = decode_access(json_object_array_get_idx(accesses, i));
  return f;
}

void finding_free(struct finding *f) {
  if (!f) return;
  for (size_t i = 0; i < f->access_count; i++) {
    struct access *a = &f->accesses[i];
    for (size_t k = 0; k < a->lock_count; k++) free(a->locks[k].stack.v);
    free(a->locks);
    free(a->wanted.stack.v);
    free(a->stack.v);
    free(a->created_at.v);
  }
  free(f->accesses);
  free(f->memory.stack.v);
  free(f->memory.frame.v);
  json_object_put(f->json);
  free(f);
}

json_object *finding_parse(const char *line, size_t n, const char **why) {
  enum { MAX_NESTING = 32 };
  struct json_tokener *t = json_tokener_new_ex(MAX_NESTING);
  if (!t) return *why = "out of memory", NULL;
  json_object *o = n < INT32_MAX ? json_tokener_parse_ex(t, line, (int)n) : NULL;
  enum json_tokener_error e = json_tokener_get_error(t);
  size_t used = json_tokener_get_parse_end(t);
  json_tokener_free(t);
  if (e == json_tokener_continue) *why = "cut off in the middle of a finding";
  if (e != json_tokener_success && e != json_tokener_continue) *why = json_tokener_error_desc(e);
  while (used < n && (line[used] == ' ' || line[used] == '\t' || line[used] == '\r')) used++;
  if (e == json_tokener_success && used < n) *why = "something follows the finding on its line";
  if (e == json_tokener_success && used == n && json_object_is_type(o, json_type_object)) return o;
  if (e == json_tokener_success && used == n) *why = "no JSON object";
  json_object_put(o);
  return NULL;
}

const struct frame *finding_place(const struct finding *f) {
  return f->access_count && f->accesses[0].stack.n ? &f->accesses[0].stack.v[0] : NULL;
}
