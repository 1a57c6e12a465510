/* Stacks in a finding's text, as a dump of goroutines has them: pairs of lines
 *
 *   worker(...)
 *   <tab>/path/program+0xb8cc +0x2c
 *
 * and likewise `created by ...`.  The second line becomes file and line; functions that were inlined get a pair of
 * their own.  The offset is a return address, so one less is the call.  Whatever looks different stays as it is: a
 * dump of a process that could ask for its lines has `<tab>/path/file.c:17 +0x2c` already.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/buf.h"
#include "cli/frames.h"
#include "cli/mem.h"
#include "cli/resolve.h"

struct place {
  char *module;              /* path; owned */
  unsigned long long offset; /* return address in it */
  const char *rest;          /* what follows on the line: " +0x2c", or nothing */
};

/* Takes "<tab>MODULE+0xOFFSET[ +0xN]" apart; false if the line is something else. */
static bool parse_place(const char *line, struct place *out) {
  const char *plus = line[0] == '\t' ? strstr(line, "+0x") : NULL;
  for (const char *next; plus && (next = strstr(plus + 1, "+0x"));) {
    if (next[-1] == ' ') break; /* the distance from the function's start */
    plus = next;
  }
  if (!plus || plus == line + 1 || plus[-1] == ' ') return false;
  char *end;
  out->offset = strtoull(plus + 1, &end, 16);
  if (out->offset == 0 || (*end && !has_prefix(end, " +0x"))) return false;
  out->module = mem_strndup(line + 1, (size_t)(plus - line - 1));
  out->rest = end;
  return true;
}

static void add_place_line(struct buf *b, const struct source_frame *f, const char *rest) {
  if (f->line)
    buf_format(b, "\t%s:%d%s\n", f->file, f->line, rest);
  else
    buf_format(b, "\t%s%s\n", f->file, rest);
}

/* `head` is the line before, which names the function. */
static void add_frames(struct buf *b, const char *head, const struct source_frame *at, size_t n, const char *rest) {
  static const char created[] = "created by ";
  if (has_prefix(head, created)) {
    const char *where = strstr(head, " in goroutine");
    buf_format(b, "%s%s%s\n", created, at[0].function, where ? where : "");
    return add_place_line(b, &at[0], rest);
  }
  for (size_t i = 0; i < n; i++) {
    buf_format(b, "%s(...)\n", at[i].function);
    add_place_line(b, &at[i], i + 1 == n ? rest : "");
  }
}

static bool all_known(const struct source_frame *at, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!at[i].function || !at[i].file) return false;
  return n > 0;
}

/* True if the two lines were a frame, which is then in `b`. */
static bool add_symbolised(json_object *finding, struct buf *b, const char *head, const char *line) {
  struct place p;
  if (!parse_place(line, &p)) return false;
  struct source_frame at[FRAMES_MAX];
  struct module *m = finding_module(finding, p.module);
  size_t n = frames_at(m, p.offset - 1, at);
  bool known = all_known(at, n);
  if (known) add_frames(b, head, at, n, p.rest);
  free(p.module);
  return known;
}

/* The next line of *text without its line break, owned by the caller; NULL at the end. */
static char *next_line(const char **text) {
  if (!**text) return NULL;
  size_t n = strcspn(*text, "\n");
  char *line = mem_strndup(*text, n);
  *text += n + ((*text)[n] == '\n');
  return line;
}

void resolve_text(json_object *finding) {
  const char *text = member_string(finding, "text");
  if (!text || !strstr(text, "+0x")) return;
  struct buf b = {0};
  char *head = next_line(&text), *line;
  for (; head; head = line) {
    line = next_line(&text);
    if (line && add_symbolised(finding, &b, head, line)) {
      free(line);
      line = next_line(&text);
    } else {
      buf_format(&b, "%s\n", head);
    }
    free(head);
  }
  json_object_object_add(finding, "text", json_object_new_string_len(b.p ? b.p : "", (int)b.n));
  buf_free(&b);
}
