/* The fingerprint: what stays of a finding when lines shift, addresses move and the accesses swap: its kind, the
 * variable, and for each access the operation and the functions of its stack, each once, as how deep a recursion was
 * makes no other finding.  Sixteen hex digits of FNV-1a.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/buf.h"
#include "cli/mem.h"
#include "cli/resolve.h"

/* Without symbols it's the offset, which at least holds for one build. */
static char *frame_name(json_object *frame) {
  const char *function = member_string(frame, "function"), *module = member_string(frame, "module");
  const char *offset = member_string(frame, "offset");
  if (function) return mem_strdup(function);
  const char *slash = module ? strrchr(module, '/') : NULL;
  return mem_format("%s+%s", slash ? slash + 1 : module ? module : "?", offset ? offset : "?");
}

/* A finding without a stack, as a deadlock of all, is what its text says: whose lines begin with what is done and
 * where, without numbers, and go on with places, which begin with a tab. */
static void add_text(struct buf *b, json_object *finding) {
  const char *message = member_string(finding, "message"), *text = member_string(finding, "text");
  buf_format(b, "|%s|", message ? message : "");
  for (bool line_start = true, place = false; text && *text; text++) {
    if (line_start) place = *text == '\t';
    line_start = *text == '\n';
    if (!place && !(*text >= '0' && *text <= '9')) buf_add(b, text, 1);
  }
}

static size_t frame_count(json_object *accesses) {
  size_t frames = 0;
  for (size_t i = 0; accesses && i < json_object_array_length(accesses); i++) {
    json_object *stack = member(json_object_array_get_idx(accesses, i), "stack", json_type_array);
    if (stack) frames += json_object_array_length(stack);
  }
  return frames;
}

static char *access_text(json_object *access) {
  struct buf b = {0};
  json_object *stack = member(access, "stack", json_type_array);
  const char *op = member_string(access, "op");
  buf_format(&b, "%s|", op ? op : "");
  size_t n = stack ? json_object_array_length(stack) : 0;
  char **names = mem_alloc(n * sizeof *names);
  for (size_t i = 0; i < n; i++) {
    names[i] = frame_name(json_object_array_get_idx(stack, i));
    size_t first = 0;
    while (strcmp(names[first], names[i]) != 0) first++;
    if (first == i) buf_format(&b, "%s;", names[i]);
  }
  for (size_t i = 0; i < n; i++) free(names[i]);
  free(names);
  return buf_take(&b);
}

/* Which element of an array it was differs from run to run. */
static void add_variable(struct buf *b, const char *name) {
  for (; *name; name++) {
    buf_add(b, name, 1);
    if (*name == '[') name += strspn(name + 1, "0123456789");
  }
}

static int text_order(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char *identity(json_object *finding) {
  struct buf b = {0};
  const char *kind = member_string(finding, "kind");
  const char *variable = member_string(member(finding, "variable", json_type_object), "name");
  json_object *accesses = member(finding, "accesses", json_type_array);
  size_t n = accesses ? json_object_array_length(accesses) : 0;
  size_t frames = frame_count(accesses);
  char **texts = mem_alloc(n * sizeof *texts);
  for (size_t i = 0; i < n; i++) texts[i] = access_text(json_object_array_get_idx(accesses, i));
  if (n > 1) qsort(texts, n, sizeof *texts, text_order);
  buf_format(&b, "%s|", kind ? kind : "");
  if (variable) add_variable(&b, variable);
  for (size_t i = 0; i < n; i++) {
    buf_format(&b, "|%s", texts[i]);
    free(texts[i]);
  }
  free(texts);
  if (frames == 0) add_text(&b, finding);
  return buf_take(&b);
}

void resolve_fingerprint(json_object *finding) {
  if (member_string(finding, "fingerprint")) return;
  char *text = identity(finding), hex[17];
  unsigned long long h = 0xcbf29ce484222325u;
  for (const char *p = text; *p; p++) h = (h ^ (unsigned char)*p) * 0x100000001b3u;
  free(text);
  snprintf(hex, sizeof hex, "%016llx", h);
  json_object_object_add(finding, "fingerprint", json_object_new_string(hex));
}
