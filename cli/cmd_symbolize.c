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
#include "cli/output.h"
#include "cli/resolve.h"

const char help_symbolize[] =
    "usage: godwit symbolize [--format text|json] [--style godwit|go|tsan|short] [--color auto|always|never]\n"
    "                        [--strip-path-prefix PREFIX]\n"
    "       godwit symbolize --addresses\n"
    "\n"
    "Reads raw findings, one JSON object per line, on standard input.  For each it writes a line with a number,\n"
    "and then that many bytes: the finding with functions, lines and names.  Programs built with -race start it\n"
    "by themselves; to read a log, use `godwit report`.\n"
    "\n"
    "With --addresses it reads lines OFFSET BUILD-ID PATH (hex; - for an unknown build id) up to an empty line, and\n"
    "writes, after a number of bytes, for each: how many functions are inlined into one another there and the offset\n"
    "at which the outer one begins, and for each of them, innermost first, LINE FUNCTION<tab>FILE.\n"
    "\n"
    "--color=auto looks at standard error, where a program's findings go.\n"
    "exit status: 0 at the end of its input, 64 bad usage.\n";

/* The rendered answer to one line. */
static void answer(const struct output *o, const char *line, size_t n, bool first, struct buf *out) {
  const char *why = NULL;
  json_object *json = finding_parse(line, n, &why);
  if (json) resolve_finding(json);
  struct finding *f = json ? finding_decode(json, &why) : NULL;
  bool apart = !o->json && o->render.style == STYLE_GODWIT && !first;
  if (apart) buf_str(out, "\n");
  if (f) {
    output_finding(o, f, out);
    finding_free(f);
    return;
  }
  if (!o->json) buf_format(out, "godwit: a finding that can't be shown (%s), as it is:\n", why);
  buf_add(out, line, n);
  buf_str(out, "\n");
  json_object_put(json);
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
  struct option_spec specs[] = {OUTPUT_OPTIONS(flags), {"--addresses", NULL, &addresses}};
  int n = parse_options(argc, argv, specs, sizeof specs / sizeof specs[0]);
  if (n < 0) return STATUS_USAGE;
  if (n > 1) return usage_error("symbolize", "no arguments, please: findings come on standard input");
  struct output o;
  if (!output_init(&o, &flags, "symbolize", STDERR_FILENO)) return STATUS_USAGE;
  outlive_keys();
  if (addresses) return addresses_serve(), 0;
  char *line = NULL;
  size_t cap = 0;
  bool first = true;
  for (ssize_t got; (got = getline(&line, &cap, stdin)) > 0; first = false) {
    if (line[got - 1] == '\n') got--;
    struct buf out = {0};
    answer(&o, line, (size_t)got, first, &out);
    printf("%zu\n", out.n);
    fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
    if (fflush(stdout) != 0) break; /* nobody listens any more */
  }
  free(line);
  return 0;
}
