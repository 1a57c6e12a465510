/* `godwit symbolize`: the child that a process with findings talks to (report_format.h, "Pipe").
 *
 * Whatever comes in is answered, or the process would wait for ever: a line that can't be read is given back as it
 * came.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/addresses.h"
#include "cli/command.h"
#include "cli/finding.h"
#include "cli/mem.h"
#include "cli/output.h"
#include "cli/resolve.h"
#include "cli/suppress.h"
#include "cli/timeline.h"

const char help_symbolize[] =
    "usage: godwit symbolize [--format text|json] [--style godwit|go|tsan|short] [--color auto|always|never]\n"
    "                        [--strip-path-prefix PREFIX]\n"
    "       godwit symbolize --addresses\n"
    "       godwit symbolize --timeline chrome|go\n"
    "\n"
    "Reads raw findings, one JSON object per line, on standard input.  For each it writes a line with a number,\n"
    "and then that many bytes: the finding with functions, lines and names.  Programs built with -race start it\n"
    "by themselves; to read a log, use `godwit report`.\n"
    "\n"
    "With --addresses it reads lines OFFSET BUILD-ID PATH (hex; - for an unknown build id) up to an empty line, and\n"
    "writes, after a number of bytes, for each: how many functions are inlined into one another there and the offset\n"
    "at which the outer one begins, and for each of them, innermost first, LINE FUNCTION<tab>FILE.\n"
    "\n"
    "With --timeline it reads a number and a raw timeline of that many bytes, and answers likewise with the timeline "
    "in\n"
    "that format.\n"
    "\n"
    "--color=auto looks at standard error, where a program's findings go.\n"
    "exit status: 0 at the end of its input, 64 bad usage.\n";

struct session {
  struct output output;
  struct suppressions suppressions;
  bool shown; /* a finding was rendered */
};

/* {"suppressions": [{"file", "text"}, ...]}: the answer is what is wrong with them. */
static void take_suppressions(struct session *s, json_object *files, struct buf *out) {
  for (size_t i = 0; i < json_object_array_length(files); i++) {
    json_object *f = json_object_array_get_idx(files, i);
    const char *name = member_string(f, "file"), *text = member_string(f, "text");
    suppressions_read(&s->suppressions, name ? name : "", text ? text : "", out);
  }
}

/* {"suppression_hits": [n, ...], "print": true}: the answer is the summary. */
static void summarize_suppressions(struct session *s, json_object *json, json_object *given, struct buf *out) {
  int *hits = mem_alloc((s->suppressions.n + 1) * sizeof *hits);
  for (size_t i = 0; i < s->suppressions.n && i < json_object_array_length(given); i++)
    hits[i] = json_object_get_int(json_object_array_get_idx(given, i));
  suppressions_summary(&s->suppressions, hits, member(json, "print", json_type_boolean) != NULL, out);
  free(hits);
}

/* True if the line was no finding but about suppressions. */
static bool answer_control(struct session *s, json_object *json, struct buf *out) {
  json_object *files = member(json, "suppressions", json_type_array);
  json_object *hits = member(json, "suppression_hits", json_type_array);
  if (files) take_suppressions(s, files, out);
  if (hits) summarize_suppressions(s, json, hits, out);
  return files || hits;
}

/* The rendered answer to one line; or the number of the suppression that hides it, else -1. */
static int answer(struct session *s, const char *line, size_t n, struct buf *out) {
  struct output *o = &s->output;
  const char *why = NULL;
  json_object *json = finding_parse(line, n, &why);
  if (json && answer_control(s, json, out)) return json_object_put(json), -1;
  if (json) resolve_finding(json);
  int hidden = json ? suppressions_match(&s->suppressions, json) : -1;
  if (hidden >= 0) return json_object_put(json), hidden;
  struct finding *f = json ? finding_decode(json, &why) : NULL;
  bool apart = !o->json && o->render.style == STYLE_GODWIT && s->shown;
  s->shown = true;
  if (apart) buf_str(out, "\n");
  if (f) {
    output_finding(o, f, out);
    finding_free(f);
    return -1;
  }
  if (!o->json) buf_format(out, "godwit: a finding that can't be shown (%s), as it is:\n", why);
  buf_add(out, line, n);
  buf_str(out, "\n");
  json_object_put(json);
  return -1;
}

/* A key that stops the program would stop its child as well, before the program's last findings: the end of the pipe
 * ends us instead. */
static void outlive_keys(void) {
  struct stat st;
  if (fstat(0, &st) != 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))) return;
  signal(SIGINT, SIG_IGN);
  signal(SIGQUIT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
}

int cmd_symbolize(int argc, char **argv) {
  struct output_flags flags = OUTPUT_FLAGS_DEFAULT;
  bool addresses = false;
  const char *timeline = NULL;
  struct option_spec specs[] = {
      OUTPUT_OPTIONS(flags), {"--addresses", NULL, &addresses}, {"--timeline", &timeline, NULL}};
  int n = parse_options(argc, argv, specs, sizeof specs / sizeof specs[0]);
  if (n < 0) return STATUS_USAGE;
  if (n > 1) return usage_error("symbolize", "no arguments, please: findings come on standard input");
  timeline_writer *write = timeline ? timeline_format(timeline) : NULL;
  if (timeline && !write) return usage_error("symbolize", "there is no format '%s': chrome or go", timeline);
  struct session s = {0};
  if (!output_init(&s.output, &flags, "symbolize", STDERR_FILENO)) return STATUS_USAGE;
  outlive_keys();
  if (addresses) return addresses_serve(), 0;
  if (write) return timeline_serve(write), 0;
  char *line = NULL;
  size_t cap = 0;
  for (ssize_t got; (got = getline(&line, &cap, stdin)) > 0;) {
    if (line[got - 1] == '\n') got--;
    struct buf out = {0};
    int hidden = answer(&s, line, (size_t)got, &out);
    if (hidden >= 0) buf_format(&out, "suppressed %d\n", hidden);
    printf("%zu\n", out.n);
    fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
    if (fflush(stdout) != 0) break; /* nobody listens any more */
  }
  suppressions_free(&s.suppressions);
  output_free(&s.output);
  free(line);
  return 0;
}
