/* What all styles share: places, actors, and what a finding is about in words. */
#include "cli/render.h"

#include <string.h>

#include "cli/mem.h"

void render_text(const struct finding *f, const struct render_options *o, struct buf *out) {
  static void (*const styles[])(const struct finding *, const struct render_options *, struct buf *) = {
      [STYLE_GODWIT] = render_godwit, [STYLE_GO] = render_go, [STYLE_TSAN] = render_tsan, [STYLE_SHORT] = render_short};
  styles[o->style](f, o, out);
}

const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

const char *shown_path(const struct render_options *o, const char *file) {
  if (o->strip_prefix && *o->strip_prefix && has_prefix(file, o->strip_prefix) && file[strlen(o->strip_prefix)])
    file += strlen(o->strip_prefix);
  size_t n = o->cwd ? strlen(o->cwd) : 0;
  if (n > 1 && has_prefix(file, o->cwd) && file[n] == '/' && file[n + 1]) file += n + 1;
  return file;
}

static void add_offset(struct buf *b, const struct frame *f) {
  buf_format(b, "%s+0x%llx", f->module ? base_name(f->module) : "?", (unsigned long long)f->offset);
}

void add_place(struct buf *b, const struct render_options *o, const struct frame *f) {
  if (!f->file) return add_offset(b, f);
  buf_str(b, shown_path(o, f->file));
  if (f->line) buf_format(b, ":%d", f->line);
  if (f->line && f->column) buf_format(b, ":%d", f->column);
}

void add_clean(struct buf *b, const char *s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    buf_add(b, (c < ' ' && c != '\t') || c == 0x7f ? "?" : &s[i], 1);
  }
}

void add_function(struct buf *b, const struct frame *f) { buf_str(b, f->function ? f->function : "??"); }

void add_actor(struct buf *b, const struct actor *a) {
  if (!a->known) return buf_str(b, "an unknown goroutine");
  if (a->main && !a->name) return buf_str(b, "main");
  buf_format(b, "%s %lld", a->thread ? "thread" : "goroutine", (long long)a->id);
  if (!a->name) return;
  buf_str(b, " \"");
  add_clean(b, a->name, strlen(a->name));
  buf_str(b, "\"");
}

static void add_size(struct buf *b, int64_t n) { buf_format(b, "%lld byte%s", (long long)n, n == 1 ? "" : "s"); }

void add_subject(struct buf *b, const struct finding *f) {
  const struct access *a = &f->accesses[0];
  const struct memory *m = &f->memory;
  const char *kind = m->kind ? m->kind : "unknown";
  if (f->variable) {
    buf_format(b, "'%s' (", f->variable);
    add_size(b, a->size);
    return buf_str(b, ")");
  }
  add_size(b, a->size);
  if (strcmp(kind, "heap") == 0 || strcmp(kind, "freed heap") == 0)
    buf_format(b, " at offset %lld of a %s block", (long long)m->offset, kind);
  else if (strcmp(kind, "global") == 0 && m->module)
    buf_format(b, " at %s+0x%llx", base_name(m->module), (unsigned long long)m->offset);
  else if (strcmp(kind, "stack") == 0)
    buf_str(b, " on the stack of "), add_actor(b, &m->actor);
  else if (strcmp(kind, "thread-local") == 0)
    buf_str(b, " of thread-local memory");
  else
    buf_format(b, " at %s", a->address ? a->address : "an unknown address");
}

void add_lock(struct buf *b, const struct lock *l) {
  if (l->name)
    buf_format(b, "'%s'", l->name);
  else if (lock_is_known(l))
    buf_str(b, l->address);
  else
    buf_str(b, "one of many");
}

bool lock_is_known(const struct lock *l) { return strcmp(l->address, "0x0") != 0; }

static bool confuses(const struct lock *a, const struct lock *b) {
  if (!a->name || !b->name || !lock_is_known(a) || !lock_is_known(b)) return false;
  return (strcmp(a->name, b->name) == 0) != (strcmp(a->address, b->address) == 0);
}

void add_circle_lock(struct buf *b, const struct finding *f, const struct lock *l) {
  bool clear = true;
  for (size_t i = 0; i < f->access_count; i++)
    clear = clear && !confuses(l, &f->accesses[i].locks[0]) && !confuses(l, &f->accesses[i].wanted);
  add_lock(b, l);
  if (!clear) buf_format(b, " (%s)", l->address);
}

/* The locks of the circle, in the order in which the later side comes by them. */
static void add_circle(struct buf *b, const struct finding *f) {
  buf_format(b, "%s of ", f->title);
  for (size_t i = 0; i < f->access_count; i++) {
    if (i) buf_str(b, i + 1 < f->access_count ? ", " : " and ");
    add_circle_lock(b, f, &f->accesses[i].locks[0]);
  }
}

void add_headline(struct buf *b, const struct finding *f) {
  if (finding_is_inversion(f)) return add_circle(b, f);
  bool race = finding_is_race(f);
  if (!race && f->message) return add_clean(b, f->message, strlen(f->message));
  buf_str(b, f->title);
  if (!race) return;
  buf_str(b, " on ");
  add_subject(b, f);
}
