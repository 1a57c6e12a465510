/* render.h */
#include "base/render.h"

#include <string.h>

#include "base/check.h"
#include "base/child.h"
#include "base/log.h"
#include "base/options.h"
#include "base/prim.h"
#include "base/suppress.h"

static struct child child = CHILD_NONE;

static void take(void *out, const char *part, size_t n) { text_add(out, "%.*s", (int)n, part); }

static bool ask(struct text *line, struct text *out) {
  const struct options *o = &gw__opts;
  bool colors = strcmp(o->color, "always") == 0 || (strcmp(o->color, "auto") == 0 && log_is_terminal());
  char *args[] = {"--format",
                  (char *)o->format,
                  "--style",
                  (char *)o->style,
                  "--color",
                  colors ? "always" : "never",
                  "--strip-path-prefix",
                  (char *)o->strip_path_prefix,
                  NULL};
  text_add(line, "\n");
  bool ok = child_ask(&child, args, line->at, line->n, take, out);
  line->at[--line->n] = 0;
  return ok;
}

/* What is wrong with suppressions is no part of the log. */
static bool tell_suppressions(void) {
  suppress_init();
  if (!suppress_any()) return true;
  struct text line = {0}, warnings = {0};
  suppress_tell(&line);
  bool ok = ask(&line, &warnings);
  if (warnings.n) prim_write_all(2, warnings.at, warnings.n);
  text_free(&line);
  text_free(&warnings);
  return ok;
}

bool render_ask(struct text *line, struct text *out) {
  if (child.given_up) return false;
  bool ok = (child_runs(&child) || tell_suppressions()) && ask(line, out);
  if (!ok)
    gw__warn(
        "no symbols: `godwit symbolize` can't be started (put godwit on PATH, or set GODWIT_CLI); "
        "log the findings with GODWIT=\"format=json log_path=FILE\" and render them with `godwit report FILE.*`");
  return ok;
}

/* The number in "suppressed I\n", or -1. */
static int suppressed(const struct text *answer) {
  static const char words[] = "suppressed ";
  size_t n = sizeof words - 1;
  if (answer->n <= n || memcmp(answer->at, words, n) != 0) return -1;
  int i = 0;
  for (const char *p = answer->at + n; *p >= '0' && *p <= '9'; p++) i = i * 10 + (*p - '0');
  return i;
}

int render_finding(struct text *raw, struct text *out) {
  if (!render_ask(raw, out)) return RENDER_FAILED;
  int i = suppressed(out);
  return i >= 0 ? i : RENDER_SHOWN;
}

void render_after_fork(void) { child_forget(&child); }
