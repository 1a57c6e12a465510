/* suppress.h. */
#include "cli/suppress.h"

#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/resolve.h"

enum where { ANY_FRAME, TOP_FRAME, TOP_MODULE, NOWHERE };

/* What a type says about kinds of finding. The first seven are ThreadSanitizer's; a kind itself (GW1006) is a type. */
static const struct suppression_type {
  const char *name, *kinds; /* kinds separated by blanks */
  enum where where;         /* NOWHERE: for what only ThreadSanitizer reports; never matches, never stale */
} types[] = {{"race", "GW1001 GW1007", ANY_FRAME},
             {"race_top", "GW1001 GW1007", TOP_FRAME},
             {"called_from_lib", "GW1001 GW1007", TOP_MODULE},
             {"deadlock", "GW1002 GW1005", ANY_FRAME},
             {"mutex", "GW1006 GW1008", ANY_FRAME},
             {"thread", "GW1004", ANY_FRAME},
             {"signal", "", NOWHERE},
             {"leak", "GW1004", ANY_FRAME}};

static const struct suppression_type *type_of(const char *name) {
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (strcmp(types[i].name, name) == 0) return &types[i];
  return NULL;
}

static bool is_kind(const char *name) {
  return has_prefix(name, "GW1") && strlen(name) == 6 && strspn(name + 2, "0123456789") == 4;
}

/* Patterns. `p` ends at `end`; both ends are open unless anchored, so a star is put there. */
static bool glob(const char *p, const char *end, const char *s, bool front, bool back) {
  const char *star = front ? NULL : p, *again = s;
  for (;;) {
    if (p < end && *p == '*') {
      star = ++p;
      again = s;
    } else if (p == end && (!*s || !back)) {
      return true;
    } else if (p < end && *s && *p == *s) {
      p++, s++;
    } else if (star && *again) {
      p = star;
      s = ++again;
    } else {
      return false;
    }
  }
}

bool suppression_pattern_fits(const char *pattern, const char *text) {
  if (!text || !*text) return false;
  const char *end = pattern + strlen(pattern);
  bool front = *pattern == '^', back = end > pattern + front && end[-1] == '$';
  return glob(pattern + front, end - back, text, front, back);
}

static char *trimmed(const char *p, size_t n) {
  while (n && strchr(" \t\r", *p)) p++, n--;
  while (n && strchr(" \t\r", p[n - 1])) n--;
  return mem_strndup(p, n);
}

static void add_place(struct buf *b, const char *file, int line) {
  if (*file)
    buf_format(b, "%s:%d", file, line);
  else
    buf_format(b, "__tsan_default_suppressions:%d", line);
}

static void read_line(struct suppressions *s, const char *file, int number, char *text, struct buf *warnings) {
  if (!*text || *text == '#') return;
  char *colon = strchr(text, ':');
  const char *wrong = NULL;
  if (colon) *colon = 0;
  if (!colon)
    wrong = "no `type:pattern`";
  else if (!type_of(text) && !is_kind(text))
    wrong = "unknown type";
  else if (!colon[1])
    wrong = "nothing after the colon (`*` is all)";
  if (wrong) {
    buf_str(warnings, "godwit: warning: ");
    add_place(warnings, file, number);
    buf_format(warnings, ": %s: '%s%s%s' suppresses nothing; types are", wrong, text, colon ? ":" : "",
               colon ? colon + 1 : "");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) buf_format(warnings, " %s", types[i].name);
    buf_str(warnings, " and GWnnnn\n");
    return;
  }
  s->v = mem_grow(s->v, (s->n + 1) * sizeof *s->v);
  s->v[s->n++] = (struct suppression){mem_strdup(text), mem_strdup(colon + 1), mem_strdup(file), number};
}

void suppressions_read(struct suppressions *s, const char *file, const char *text, struct buf *warnings) {
  for (int number = 1; *text; number++) {
    size_t n = strcspn(text, "\n");
    char *line = trimmed(text, n);
    read_line(s, file, number, line, warnings);
    free(line);
    text += n + (text[n] == '\n');
  }
}

static bool frame_fits(const char *pattern, json_object *frame, enum where where) {
  bool module = suppression_pattern_fits(pattern, member_string(frame, "module"));
  if (where == TOP_MODULE || module) return module;
  return suppression_pattern_fits(pattern, member_string(frame, "function")) ||
         suppression_pattern_fits(pattern, member_string(frame, "file"));
}

static bool frames_fit(const char *pattern, json_object *stack, enum where where) {
  size_t n = stack ? json_object_array_length(stack) : 0;
  if (where != ANY_FRAME && n > 1) n = 1;
  for (size_t i = 0; i < n; i++)
    if (frame_fits(pattern, json_object_array_get_idx(stack, i), where)) return true;
  return false;
}

static bool stack_fits(const char *pattern, json_object *owner, enum where where) {
  return frames_fit(pattern, member(owner, "stack", json_type_array), where);
}

/* The stacks of locks count where the locks are what it is about, the creator of a goroutine where that is leaked. */
static bool access_fits(const char *pattern, json_object *access, enum where where, bool locks_too, bool creator_too) {
  if (stack_fits(pattern, access, where)) return true;
  if (creator_too && frames_fit(pattern, member(access, "created_at", json_type_array), where)) return true;
  json_object *locks = locks_too ? member(access, "locks", json_type_array) : NULL;
  for (size_t i = 0; locks && i < json_object_array_length(locks); i++)
    if (stack_fits(pattern, json_object_array_get_idx(locks, i), where)) return true;
  return false;
}

static bool variable_fits(const char *pattern, json_object *finding) {
  json_object *memory = member(finding, "memory", json_type_object);
  const char *kind = member_string(memory, "kind");
  if (!kind || strcmp(kind, "global") != 0) return false;
  const char *name = member_string(memory, "name");
  char *whole = name ? mem_strndup(name, strcspn(name, ".[")) : NULL; /* the variable that the member is in */
  bool fits = suppression_pattern_fits(pattern, name) || suppression_pattern_fits(pattern, whole) ||
              suppression_pattern_fits(pattern, member_string(memory, "module"));
  free(whole);
  return fits;
}

static bool finding_fits(const struct suppression *s, json_object *finding, const char *kind) {
  const struct suppression_type *type = type_of(s->type);
  enum where where = type ? type->where : ANY_FRAME;
  if (type ? !strstr(type->kinds, kind) : strcmp(s->type, kind) != 0) return false;
  json_object *accesses = member(finding, "accesses", json_type_array);
  for (size_t i = 0; accesses && i < json_object_array_length(accesses); i++)
    if (access_fits(s->pattern, json_object_array_get_idx(accesses, i), where, strcmp(kind, "GW1002") == 0,
                    strcmp(kind, "GW1004") == 0))
      return true;
  return where == ANY_FRAME && variable_fits(s->pattern, finding);
}

int suppressions_match(const struct suppressions *s, json_object *finding) {
  const char *kind = member_string(finding, "kind");
  for (size_t i = 0; kind && i < s->n; i++)
    if (finding_fits(&s->v[i], finding, kind)) return (int)i;
  return -1;
}

static bool is_stale(const struct suppression *s, int hits) {
  const struct suppression_type *type = type_of(s->type);
  return hits == 0 && *s->file && (!type || type->where != NOWHERE);
}

static void add_matched(const struct suppressions *s, const int *hits, struct buf *out) {
  size_t matched = 0;
  for (size_t i = 0; i < s->n; i++) matched += hits[i] > 0;
  buf_format(out, "godwit: %zu of %zu suppression%s matched%s\n", matched, s->n, s->n == 1 ? "" : "s",
             matched ? ":" : "");
  for (size_t i = 0; i < s->n; i++)
    if (hits[i]) {
      buf_format(out, "%8d %s:%s (", hits[i], s->v[i].type, s->v[i].pattern);
      add_place(out, s->v[i].file, s->v[i].line);
      buf_str(out, ")\n");
    }
}

static void add_stale(const struct suppressions *s, const int *hits, struct buf *out) {
  size_t stale = 0, shown = 0;
  enum { SHOWN = 8 };
  for (size_t i = 0; i < s->n; i++) stale += is_stale(&s->v[i], hits[i]);
  if (!stale) return;
  buf_format(out, "godwit: warning: %zu suppression%s matched nothing in this run:", stale, stale == 1 ? "" : "s");
  for (size_t i = 0; i < s->n && shown < SHOWN; i++)
    if (is_stale(&s->v[i], hits[i])) {
      buf_format(out, "%s %s:%s (", shown++ ? "," : "", s->v[i].type, s->v[i].pattern);
      add_place(out, s->v[i].file, s->v[i].line);
      buf_str(out, ")");
    }
  buf_str(out, stale > SHOWN ? ", ...\n" : "\n");
}

void suppressions_summary(const struct suppressions *s, const int *hits, bool print, struct buf *out) {
  if (print) add_matched(s, hits, out);
  add_stale(s, hits, out);
}

void suppressions_free(struct suppressions *s) {
  for (size_t i = 0; i < s->n; i++) free(s->v[i].type), free(s->v[i].pattern), free(s->v[i].file);
  free(s->v);
  *s = (struct suppressions){0};
}
