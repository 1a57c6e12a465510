/* suppress.h */
#include "base/suppress.h"

#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/prim.h"
#include "base/render.h"

/* ThreadSanitizer's name, so that programs which define it need no change. Called once; the text must stay. */
extern const char *__tsan_default_suppressions(void) __attribute__((weak));

static struct {
  struct text file;    /* what suppressions= names */
  const char *program; /* the program's own, or NULL */
  uint32_t *hits;      /* by number */
  uint32_t n;          /* room in hits */
  bool read;           /* what stands above is all */
  bool forked;         /* a parent warns of stale ones */
} own;

static void read_file(const char *path) {
  int fd = prim_open_read(path);
  int64_t got = fd;
  char part[4096];
  if (fd >= 0) {
    while ((got = prim_read(fd, part, sizeof part)) > 0) text_add(&own.file, "%.*s", (int)got, part);
    prim_close(fd);
  }
  if (got < 0)
    gw__warn(
        "cannot read the suppressions %s (%s): nothing of it is suppressed; give the full path in "
        "GODWIT=suppressions=FILE",
        path, strerror((int)-got));
}

void suppress_init(void) {
  if (own.read) return;
  own.read = true;
  if (*gw__opts.suppressions) read_file(gw__opts.suppressions);
  if (__tsan_default_suppressions) own.program = __tsan_default_suppressions();
}

bool suppress_any(void) { return own.file.n || (own.program && *own.program); }

static void tell_one(struct text *out, const char *file, const char *text, const char *separator) {
  text_add(out, "%s{\"file\":", separator);
  text_json(out, file);
  text_add(out, ",\"text\":");
  text_json(out, text);
  text_add(out, "}");
}

void suppress_tell(struct text *out) {
  text_add(out, "{\"suppressions\":[");
  if (own.file.n) tell_one(out, gw__opts.suppressions, own.file.at, "");
  if (own.program) tell_one(out, "", own.program, own.file.n ? "," : "");
  text_add(out, "]}");
}

void suppress_hit(unsigned i) {
  if (i >= own.n) {
    uint32_t n = (i + 64) * 2;
    uint32_t *grown = arena_alloc(n * sizeof *grown);
    if (own.n) {
      mem_copy(grown, own.hits, own.n * sizeof *grown);
      arena_free(own.hits, own.n * sizeof *grown);
    }
    own.hits = grown;
    own.n = n;
  }
  own.hits[i]++;
}

void suppress_summary(void) {
  if (!suppress_any() || (own.forked && !gw__opts.print_suppressions)) return;
  if (!own.file.n && !gw__opts.print_suppressions) return; /* the program's own aren't called stale */
  struct text line = {0}, out = {0};
  text_add(&line, "{\"suppression_hits\":[");
  for (uint32_t i = 0; i < own.n; i++) text_add(&line, "%s%u", i ? "," : "", own.hits[i]);
  text_add(&line, "]%s}", gw__opts.print_suppressions ? ",\"print\":true" : "");
  if (render_ask(&line, &out) && out.n) prim_write_all(2, out.at, out.n);
  text_free(&line);
  text_free(&out);
}

void suppress_after_fork(void) {
  own.forked = true;
  for (uint32_t i = 0; i < own.n; i++) own.hits[i] = 0;
}
