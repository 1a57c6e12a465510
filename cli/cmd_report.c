/* `godwit report`: reads logs of findings, folds what is the same, and renders the rest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/finding.h"
#include "cli/mem.h"
#include "cli/output.h"
#include "cli/resolve.h"

const char help_report[] =
    "usage: godwit report [--format text|json] [--style godwit|go|tsan|short] [--color auto|always|never]\n"
    "                     [--strip-path-prefix PREFIX] FILE...\n"
    "\n"
    "Reads logs that programs wrote with GODWIT=\"format=json log_path=PATH\" (- is standard input), merges them and\n"
    "writes each finding once, with how often it was seen.  Findings are the same if kind, variable, operations and\n"
    "functions are; other lines of theirs are listed with the first.  Raw findings are symbolised here.\n"
    "A damaged line gets a warning, and everything else is still shown.\n"
    "\n"
    "exit status: 66 if there is any finding; else 125 if a log couldn't be read or was damaged; else 0; 64 bad "
    "usage.\n";

struct folded {
  json_object *json;   /* the first record of its kind, with the sum of the counts */
  const char *key;     /* its fingerprint, in `json` */
  struct folded *next; /* in the order of the logs */
};
struct merge {
  struct folded *first, **end; /* the list and where it ends */
  bool damaged;                /* something couldn't be read */
};

/* Where its accesses are, smaller first, so that swapped ones look the same.  Owned by the caller. */
static char *places_of(json_object *finding) {
  json_object *accesses = member(finding, "accesses", json_type_array);
  char *place[2] = {NULL, NULL};
  for (size_t i = 0; accesses && i < 2 && i < json_object_array_length(accesses); i++) {
    json_object *stack = member(json_object_array_get_idx(accesses, i), "stack", json_type_array);
    json_object *frame = stack && json_object_array_length(stack) ? json_object_array_get_idx(stack, 0) : NULL;
    const char *file = member_string(frame, "file");
    if (file) place[i] = mem_format("%s:%d:%d", file, member_int(frame, "line", 0), member_int(frame, "column", 0));
  }
  bool swap = place[0] && place[1] && strcmp(place[0], place[1]) > 0;
  char *text = NULL;
  if (place[0]) text = mem_format("%s%s%s", place[swap], place[1] ? " and " : "", place[1] ? place[!swap] : "");
  free(place[0]);
  free(place[1]);
  return text;
}

static bool lists(json_object *array, const char *text) {
  for (size_t i = 0; array && i < json_object_array_length(array); i++)
    if (strcmp(json_object_get_string(json_object_array_get_idx(array, i)), text) == 0) return true;
  return false;
}

/* The same finding at other lines is one finding, but those lines are not lost. */
static void note_places(json_object *kept, json_object *other) {
  char *mine = places_of(kept), *theirs = places_of(other);
  json_object *also = member(kept, "also_at", json_type_array);
  if (mine && theirs && strcmp(mine, theirs) != 0 && !lists(also, theirs)) {
    if (!also) json_object_object_add(kept, "also_at", also = json_object_new_array());
    json_object_array_add(also, json_object_new_string(theirs));
  }
  free(mine);
  free(theirs);
}

static void fold(struct merge *m, json_object *finding) {
  const char *key = member_string(finding, "fingerprint");
  for (struct folded *k = m->first; k; k = k->next) {
    if (strcmp(k->key, key) != 0) continue;
    int count = member_int(k->json, "count", 1) + member_int(finding, "count", 1);
    json_object_object_add(k->json, "count", json_object_new_int(count));
    note_places(k->json, finding);
    json_object_put(finding);
    return;
  }
  struct folded *k = mem_alloc(sizeof *k);
  *k = (struct folded){finding, key, NULL};
  *m->end = k;
  m->end = &k->next;
}

/* True if the line is a finding, which is then in the list; else *why says what's wrong with it. */
static bool take_line(struct merge *m, const char *line, size_t n, const char **why) {
  json_object *json = finding_parse(line, n, why);
  if (!json) return false;
  struct finding *f = finding_decode(json_object_get(json), why);
  if (!f) {
    json_object_put(json), json_object_put(json);
    return false;
  }
  finding_free(f);
  resolve_finding(json);
  fold(m, json);
  return true;
}

static void warn_text_log(const char *name) {
  fprintf(
      stderr,
      "godwit report: %s: no log of findings in JSON; a program writes one with GODWIT=\"format=json log_path=PATH\"\n",
      name);
}

static void read_log(struct merge *m, FILE *f, const char *name) {
  char *line = NULL;
  size_t cap = 0, number = 0, taken = 0, bad = 0;
  struct buf warnings = {0};
  bool looks_like_text = false;
  for (ssize_t n; (n = getline(&line, &cap, f)) >= 0;) {
    const char *why = "damaged";
    number++;
    while (n > 0 && strchr(" \t\r\n", line[n - 1])) n--;
    if (n == 0) continue;
    if (taken + bad == 0) looks_like_text = line[0] != '{';
    if (take_line(m, line, (size_t)n, &why)) {
      taken++;
    } else {
      bad++;
      buf_format(&warnings, "%s:%zu: warning: %s\n", name, number, why);
    }
  }
  bool text = bad && !taken && looks_like_text;
  if (text)
    warn_text_log(name);
  else if (bad)
    fputs(warnings.p, stderr);
  if (bad || ferror(f)) m->damaged = true;
  if (ferror(f)) fprintf(stderr, "godwit report: can't read %s: %s\n", name, strerror(errno));
  buf_free(&warnings);
  free(line);
}

static void read_file(struct merge *m, const char *name) {
  if (strcmp(name, "-") == 0) return read_log(m, stdin, "standard input");
  FILE *f = fopen(name, "re");
  if (!f) {
    fprintf(stderr, "godwit report: can't open %s: %s\n", name, strerror(errno));
    m->damaged = true;
    return;
  }
  read_log(m, f, name);
  fclose(f);
}

static void write_all(const struct merge *m, struct output *o) {
  const char *why;
  for (struct folded *k = m->first; k; k = k->next) {
    struct buf out = {0};
    struct finding *f = finding_decode(json_object_get(k->json), &why);
    if (k != m->first && !o->json && o->render.style == STYLE_GODWIT) buf_str(&out, "\n");
    output_finding(o, f, &out);
    fwrite(out.p, 1, out.n, stdout);
    finding_free(f);
    buf_free(&out);
  }
}

static void merge_free(struct merge *m) {
  for (struct folded *k = m->first, *next; k; k = next) {
    next = k->next;
    json_object_put(k->json);
    free(k);
  }
}

int cmd_report(int argc, char **argv) {
  struct output_flags flags = OUTPUT_FLAGS_DEFAULT;
  struct option_spec specs[] = {OUTPUT_OPTIONS(flags)};
  int n = parse_options(argc, argv, specs, sizeof specs / sizeof specs[0]);
  if (n < 0) return STATUS_USAGE;
  struct output o;
  if (!output_init(&o, &flags, "report", 1)) return STATUS_USAGE;
  if (n == 1) return usage_error("report", "no log given");
  struct merge m = {.end = &m.first};
  for (int i = 1; i < n; i++) read_file(&m, argv[i]);
  write_all(&m, &o);
  int status = m.first ? STATUS_FINDINGS : m.damaged ? STATUS_FAILED : 0;
  merge_free(&m);
  output_free(&o);
  return status;
}
