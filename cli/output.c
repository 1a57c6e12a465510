/* The choice of format, style and colour, and JSON as bytes. */
#include "cli/output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/mem.h"
#include "cli/source.h"

/* Index of `word` in a NULL-ended list, or -1 after a complaint that lists them. */
static int pick(const char *word, const char *const *words, const char *command, const char *what) {
  struct buf all = {0};
  for (int i = 0; words[i]; i++) {
    if (strcmp(words[i], word) == 0) return buf_free(&all), i;
    buf_format(&all, "%s%s", i ? ", " : "", words[i]);
  }
  usage_error(command, "unknown %s '%s': there are %s", what, word, all.p);
  buf_free(&all);
  return -1;
}

static bool wants_color(int choice, int fd) {
  enum { AUTO, ALWAYS, NEVER };
  if (choice != AUTO) return choice == ALWAYS;
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

bool output_init(struct output *o, const struct output_flags *flags, const char *command, int fd) {
  static const char *const formats[] = {"text", "json", NULL},
                           *const styles[] = {"godwit", "go", "tsan", "short", NULL},
                           *const colors[] = {"auto", "always", "never", NULL};
  int format = pick(flags->format, formats, command, "format");
  int style = format < 0 ? -1 : pick(flags->style, styles, command, "style");
  int color = style < 0 ? -1 : pick(flags->color, colors, command, "color");
  if (color < 0) return false;
  *o = (struct output){.json = format == 1,
                       .render = {.style = (enum render_style)style,
                                  .color = wants_color(color, fd),
                                  .strip_prefix = flags->strip_prefix,
                                  .cwd = get_current_dir_name(),
                                  .line = source_line}};
  return true;
}

static void strip_files(json_object *o, const char *prefix) {
  if (json_object_is_type(o, json_type_array)) {
    for (size_t i = 0; i < json_object_array_length(o); i++) strip_files(json_object_array_get_idx(o, i), prefix);
  } else if (json_object_is_type(o, json_type_object)) {
    json_object_object_foreach(o, key, value) {
      bool file = strcmp(key, "file") == 0 && json_object_is_type(value, json_type_string);
      const char *path = file ? json_object_get_string(value) : "";
      if (file && has_prefix(path, prefix) && path[strlen(prefix)]) {
        char *rest = mem_strdup(path + strlen(prefix));
        json_object_set_string(value, rest);
        free(rest);
      }
      strip_files(value, prefix);
    }
  }
}

/* Bytes of a valid UTF-8 character at p; 0 if it's none. */
static size_t utf8_length(const unsigned char *p, const unsigned char *end) {
  size_t n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : (*p & 0xf0) == 0xe0 ? 3 : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
  if (n > (size_t)(end - p)) return 0;
  for (size_t i = 1; i < n; i++)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if (n == 3 && ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0))) return 0;
  if (n == 4 && ((*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] >= 0x90))) return 0;
  return n;
}

/* JSON is UTF-8; file names needn't be: a byte that is none becomes U+FFFD. */
static void add_utf8(struct buf *out, const char *s, size_t n) {
  const unsigned char *p = (const unsigned char *)s, *end = p + n;
  while (p < end) {
    size_t k = utf8_length(p, end);
    buf_add(out, k ? (const char *)p : "\xef\xbf\xbd", k ? k : 3);
    p += k ? k : 1;
  }
}

static void output_text(struct output *o, const struct finding *f, struct buf *out) {
  const struct finding *before = o->render.style == STYLE_GODWIT ? shown_before(&o->shown, f) : NULL;
  if (before)
    render_godwit_again(f, before, &o->render, out);
  else
    render_text(f, &o->render, out);
}

void output_finding(struct output *o, const struct finding *f, struct buf *out) {
  if (!o->json) return output_text(o, f, out);
  if (*o->render.strip_prefix) strip_files(f->json, o->render.strip_prefix);
  size_t n;
  const char *s =
      json_object_to_json_string_length(f->json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
  add_utf8(out, s, n);
  buf_str(out, "\n");
}

void output_free(struct output *o) {
  shown_free(&o->shown);
  free((char *)o->render.cwd);
}
