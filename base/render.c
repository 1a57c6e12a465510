/* render.h */
#include "base/render.h"

#include <string.h>

#include "base/check.h"
#include "base/child.h"
#include "base/log.h"
#include "base/options.h"

static struct child child = CHILD_NONE;

static void take(void *out, const char *part, size_t n) { text_add(out, "%.*s", (int)n, part); }

bool render_finding(struct text *raw, struct text *out) {
  if (child.given_up) return false;
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
  text_add(raw, "\n");
  bool ok = child_ask(&child, args, raw->at, raw->n, take, out);
  raw->at[--raw->n] = 0;
  if (!ok)
    gw__warn(
        "no symbols: `godwit symbolize` can't be started (put godwit on PATH, or set GODWIT_CLI); "
        "log the findings with GODWIT=\"format=json log_path=FILE\" and render them with `godwit report FILE.*`");
  return ok;
}

void render_after_fork(void) { child_forget(&child); }
