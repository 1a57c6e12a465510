/* The default style.  Its first line is one that editors parse; the later access comes first, as it is where the
 * program was when the race was seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/render.h"
#include "cli/shown.h"
#include "cli/source.h"

#define RESET "\033[0m"
#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define GREEN "\033[1;32m"
#define CYAN "\033[36m"

static const char *paint(const struct render_options *o, const char *code) { return o->color ? code : ""; }

static const char *done_word(const char *op) {
  static const struct {
    const char *op, *word;
  } words[] = {{"read", "read"},   {"write", "written"},   {"atomic read", "atomically read"},
               {"free", "freed"},  {"alloc", "allocated"}, {"atomic write", "atomically written"},
               {"call", "called"}, {"wait", "waits"},      {"lock", "wanted"}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcmp(op, words[i].op) == 0) return words[i].word;
  return "accessed";
}

static void add_locks(struct buf *b, const struct render_options *o, const struct access *a) {
  if (a->lock_count == 0) return buf_str(b, "no lock held");
  for (size_t i = 0; i < a->lock_count; i++) {
    const struct lock *l = &a->locks[i];
    buf_str(b, i ? ", " : "holding ");
    buf_str(b, l->write ? "mutex " : "read lock ");
    add_lock(b, l);
    if (l->stack.n == 0) continue;
    buf_str(b, " (locked at ");
    add_place(b, o, &l->stack.v[0]);
    buf_str(b, ")");
  }
}

static void add_access_words(struct buf *b, const struct render_options *o, const struct access *a, bool place) {
  buf_format(b, "%s ", done_word(a->op));
  if (place && a->stack.n) {
    buf_str(b, "at ");
    add_place(b, o, &a->stack.v[0]);
  } else {
    buf_str(b, a->stack.n && a->stack.v[0].approximate ? "in this function" : "here");
  }
  if (strcmp(a->op, "wait") == 0) return; /* which locks it holds isn't known */
  buf_str(b, ", ");
  add_locks(b, o, a);
}

/* What stands before the token, as blanks of the same width. */
static void add_indent(struct buf *b, const char *line, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (line[i] == '\t')
      buf_str(b, "\t");
    else if (((unsigned char)line[i] & 0xc0) != 0x80) /* not the rest of a UTF-8 character */
      buf_str(b, " ");
}

static size_t shown_width(const char *s, size_t n) {
  size_t width = 0;
  for (size_t i = 0; i < n; i++) width += ((unsigned char)s[i] & 0xc0) != 0x80;
  return width ? width : 1;
}

struct excerpt {
  const char *line; /* what is shown of the source line */
  size_t n;         /* bytes of it */
  size_t column;    /* of the token in it, from 1; 0 for none */
  bool cut_front, cut_end;
};

/* Generated code may stand on one endless line: what's around the token is enough. */
static void cut_excerpt(struct excerpt *e) {
  enum { BEFORE = 100, AFTER = 100 };
  size_t at = e->column ? e->column - 1 : 0;
  size_t begin = at > BEFORE ? at - BEFORE : 0, end = e->n - at > AFTER ? at + AFTER : e->n;
  while (begin > 0 && begin < at && ((unsigned char)e->line[begin] & 0xc0) == 0x80) begin++; /* a whole character */
  while (end < e->n && ((unsigned char)e->line[end] & 0xc0) == 0x80) end++;
  e->cut_front = begin > 0;
  e->cut_end = end < e->n;
  e->line += begin;
  e->n = end - begin;
  if (e->column) e->column -= begin;
}

static bool get_excerpt(struct excerpt *e, const struct render_options *o, const struct frame *f) {
  if (!f->file || !f->line || !o->line) return false;
  *e = (struct excerpt){.n = 0};
  e->line = o->line(f->file, f->line, &e->n);
  if (!e->line) return false;
  e->column = f->column > 0 && (size_t)f->column <= e->n ? (size_t)f->column : 0;
  cut_excerpt(e);
  return true;
}

/* The source line with its mark; false if there is no source. */
static bool add_excerpt(struct buf *b, const struct render_options *o, const struct access *a, char mark) {
  if (a->stack.n == 0) return false;
  const struct frame *f = &a->stack.v[0];
  struct excerpt e;
  if (!get_excerpt(&e, o, f)) return false;
  size_t before = b->n;
  buf_format(b, " > %d | ", f->line);
  size_t gutter = b->n - before;
  if (e.cut_front) buf_str(b, "...");
  add_clean(b, e.line, e.n);
  buf_str(b, e.cut_end ? "...\n" : "\n");
  buf_repeat(b, ' ', gutter - 2);
  buf_str(b, "| ");
  if (e.column) {
    if (e.cut_front) buf_str(b, "   ");
    add_indent(b, e.line, e.column - 1);
    buf_str(b, paint(o, mark == '^' ? GREEN : CYAN));
    buf_repeat(b, mark, shown_width(e.line + e.column - 1, source_token(e.line, e.n, (int)e.column)));
    buf_str(b, " ");
  }
  add_access_words(b, o, a, false);
  buf_format(b, "%s\n", paint(o, e.column ? RESET : ""));
  return true;
}

enum { NAME_MIN = 10 /* "created at" */, NAME_MAX_PAD = 32 };

static size_t name_width(const struct stack *s) {
  size_t width = NAME_MIN;
  for (size_t i = 0; i < s->n; i++) {
    size_t n = s->v[i].function ? strlen(s->v[i].function) : 2;
    if (n > width && n <= NAME_MAX_PAD) width = n;
  }
  return width;
}

static void add_stack(struct buf *b, const struct render_options *o, const struct stack *s, const char *indent) {
  size_t width = name_width(s);
  for (size_t i = 0; i < s->n; i++) {
    const struct frame *f = &s->v[i];
    buf_format(b, "%s%-*s ", indent, (int)width, f->function ? f->function : "??");
    add_place(b, o, f);
    buf_str(b, f->inlined ? " (inlined)\n" : "\n");
  }
}

static void add_creation(struct buf *b, const struct render_options *o, const struct access *a) {
  if (a->created_at.n == 0) return;
  const struct frame *f = &a->created_at.v[0];
  buf_format(b, "        %-*s ", (int)name_width(&a->stack), "created at");
  add_place(b, o, f);
  if (f->function) buf_format(b, " in %s", f->function);
  bool said = a->created_by.known && a->created_by.name;
  if (said) buf_str(b, " by "), add_actor(b, &a->created_by);
  buf_str(b, "\n");
}

/* What a goroutine waits for, and from a second on, for how long. */
static void add_wait(struct buf *b, const struct access *a) {
  buf_str(b, " ");
  add_actor(b, &a->actor);
  buf_format(b, " waits [%s", a->reason ? a->reason : "?");
  long long seconds = a->waited_ns / 1000000000;
  if (seconds >= 60)
    buf_format(b, ", %lld minute%s", seconds / 60, seconds < 120 ? "" : "s");
  else if (seconds > 0)
    buf_format(b, ", %lld second%s", seconds, seconds == 1 ? "" : "s");
  buf_str(b, "]\n");
}

static void add_access(struct buf *b, const struct render_options *o, const struct finding *f, const struct access *a,
                       const char *label, char mark) {
  bool circle = finding_is_inversion(f);
  if (strcmp(a->op, "wait") == 0) {
    add_wait(b, a);
  } else {
    buf_format(b, " %s%s", label, strcmp(a->op, "alloc") == 0 ? "allocation" : a->op);
    if (circle) buf_str(b, " of "), add_circle_lock(b, f, &a->wanted);
    buf_str(b, " by ");
    add_actor(b, &a->actor);
    buf_str(b, "\n");
  }
  if (!add_excerpt(b, o, a, mark)) {
    buf_str(b, "        ");
    add_access_words(b, o, a, true);
    buf_str(b, "\n");
  }
  add_stack(b, o, &a->stack, "        ");
  add_creation(b, o, a);
  if (!circle) return;
  buf_str(b, "   "), add_circle_lock(b, f, &a->locks[0]), buf_str(b, " was locked at\n");
  add_stack(b, o, &a->locks[0].stack, "        ");
}

/* `(2) `, `(1) earlier `; of a longer circle `(3) `, `(2) earlier `, ... */
static void add_side(struct buf *b, const struct render_options *o, const struct finding *f, size_t i) {
  char label[32] = "";
  if (f->access_count > 1) snprintf(label, sizeof label, "(%zu) %s", f->access_count - i, i ? "earlier " : "");
  add_access(b, o, f, &f->accesses[i], label, i == 0 ? '^' : '-');
}

static void add_memory(struct buf *b, const struct render_options *o, const struct memory *m) {
  if (!m->kind || strcmp(m->kind, "unknown") == 0) return;
  buf_str(b, "   memory: ");
  if (strcmp(m->kind, "heap") == 0 || strcmp(m->kind, "freed heap") == 0) {
    buf_format(b, "%s block of %lld byte%s, offset %lld", m->kind, (long long)m->size, m->size == 1 ? "" : "s",
               (long long)m->offset);
    if (m->stack.n) buf_str(b, ", allocated at "), add_place(b, o, &m->stack.v[0]);
    if (m->stack.n && m->actor.known) buf_str(b, " by "), add_actor(b, &m->actor);
  } else if (strcmp(m->kind, "global") == 0) {
    buf_str(b, "global variable");
    if (m->name) buf_format(b, " '%s'", m->name);
    if (m->file) buf_format(b, ", declared at %s:%d", shown_path(o, m->file), m->line);
    if (!m->file && m->module) buf_format(b, " in %s+0x%llx", base_name(m->module), (unsigned long long)m->offset);
  } else if (strcmp(m->kind, "stack") == 0) {
    buf_str(b, "on the stack of "), add_actor(b, &m->actor);
    if (m->frame.n && m->frame.v[0].function) buf_format(b, ", in the frame of %s", m->frame.v[0].function);
    if (m->file) buf_format(b, ", declared at %s:%d", shown_path(o, m->file), m->line);
  } else {
    buf_format(b, "%s%s", m->kind, strcmp(m->kind, "thread-local") == 0 ? " memory" : "");
    if (m->actor.known) buf_str(b, " of "), add_actor(b, &m->actor);
  }
  buf_str(b, "\n");
}

/* A long line goes on below its first word. */
static void add_wrapped(struct buf *b, struct buf *text) {
  enum { WIDTH = 110, INDENT = 8 };
  char *line = buf_take(text);
  size_t width = WIDTH;
  for (const char *p = line; *p;) {
    size_t n = strlen(p), cut = n;
    if (n > width)
      for (cut = width; cut > 0 && p[cut] != ' '; cut--) continue;
    if (cut == 0) cut = n;
    buf_add(b, p, cut);
    p += cut;
    if (*p != ' ') break;
    p++;
    buf_str(b, "\n");
    buf_repeat(b, ' ', INDENT);
    width = WIDTH - INDENT;
  }
  free(line);
}

static void add_suppression(struct buf *b, const struct finding *f) {
  static const char *const types[][2] = {{"GW1001", "race"},     {"GW1002", "deadlock"}, {"GW1004", "leak"},
                                         {"GW1005", "deadlock"}, {"GW1006", "mutex"},    {"GW1007", "race"},
                                         {"GW1008", "mutex"}};
  enum { MORE_COLUMN = 58 };
  const struct frame *place = finding_place(f);
  size_t begin = b->n;
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (strcmp(types[i][0], f->kind) == 0 && place && (place->function || place->module))
      buf_format(b, "   suppress: %s:%s", types[i][1], place->function ? place->function : base_name(place->module));
  size_t used = b->n - begin;
  if (used) buf_repeat(b, ' ', used < MORE_COLUMN ? MORE_COLUMN - used : 2);
  buf_format(b, "%smore: godwit explain %s\n", used ? "" : "   ", f->kind);
}

static void add_first_line(struct buf *b, const struct render_options *o, const struct finding *f) {
  const struct frame *place = finding_place(f);
  buf_str(b, paint(o, BOLD));
  if (place)
    add_place(b, o, place);
  else
    buf_str(b, f->program ? base_name(f->program) : "godwit");
  buf_format(b, ": %serror:%s%s ", paint(o, RED), paint(o, RESET), paint(o, BOLD));
  add_headline(b, f);
  buf_format(b, " [%s]%s\n", f->kind, paint(o, RESET));
}

/* Go's own words: what reads Go's output reads this. */
static void add_all_asleep(struct buf *b) { buf_str(b, "fatal error: all goroutines are asleep - deadlock!\n"); }

static void add_also(struct buf *b, const struct render_options *o, const struct finding *f) {
  for (size_t i = 0; f->also_at && i < json_object_array_length(f->also_at); i++) {
    const char *place = json_object_get_string(json_object_array_get_idx(f->also_at, i));
    if (!place) continue;
    const char *second = strstr(place, " and ");
    buf_str(b, "   also: ");
    if (second) {
      const char *first = shown_path(o, place);
      buf_format(b, "%.*s and %s\n", (int)(second - first), first, shown_path(o, second + strlen(" and ")));
    } else {
      buf_format(b, "%s\n", shown_path(o, place));
    }
  }
}

static void add_text(struct buf *b, const struct finding *f) {
  if (!f->text || !*f->text) return;
  buf_str(b, f->text);
  if (b->p[b->n - 1] != '\n') buf_str(b, "\n");
}

void render_godwit(const struct finding *f, const struct render_options *o, struct buf *b) {
  bool asleep = strcmp(f->kind, "GW1003") == 0;
  if (asleep)
    add_all_asleep(b);
  else
    add_first_line(b, o, f);
  for (size_t i = 0; !asleep && i < f->access_count; i++) add_side(b, o, f, i);
  if (asleep && f->text && f->text[0] != '\n') buf_str(b, "\n");
  add_text(b, f);
  size_t before = b->n;
  struct buf text = {0};
  add_why(&text, o, f);
  add_wrapped(b, &text);
  add_memory(b, o, &f->memory);
  add_help(&text, o, f);
  add_wrapped(b, &text);
  if (f->schedule)
    buf_format(b, "   repeat: godwit replay %s -- %s\n", f->schedule, f->program ? f->program : "PROGRAM");
  add_also(b, o, f);
  if (f->count > 1) buf_format(b, "   seen: %lld times\n", (long long)f->count);
  if (asleep && b->n == before) buf_str(b, "\n");
  add_suppression(b, f);
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool same_frame(const struct frame *a, const struct frame *b) {
  return same_text(a->function, b->function) && same_text(a->file, b->file) && a->line == b->line &&
         a->column == b->column && (a->file || (same_text(a->module, b->module) && a->offset == b->offset));
}

/* The calls by which `s` differs from `before`: not those at either end that are the same.  Of one that begins further
 * inside it's where it begins. */
static struct stack other_calls(const struct stack *s, const struct stack *before) {
  size_t from = 0, to = s->n, least = s->n < before->n ? s->n : before->n;
  while (from < least && same_frame(&s->v[from], &before->v[from])) from++;
  if (from == s->n) return s->n == before->n ? (struct stack){NULL, 0} : (struct stack){s->v + s->n - 1, 1};
  for (size_t end = before->n; to > from + 1 && end > from && same_frame(&s->v[to - 1], &before->v[end - 1]); end--)
    to--;
  return (struct stack){s->v + from, to - from};
}

static const struct access *side_of(const struct finding *before, const struct access *a) {
  char *wanted = shown_side(a), *first = shown_side(&before->accesses[0]);
  const struct access *side = &before->accesses[!same_text(wanted, first)];
  free(wanted);
  free(first);
  return side;
}

static void add_side_again(struct buf *b, const struct render_options *o, const struct finding *f, size_t i,
                           const struct finding *before) {
  const struct access *a = &f->accesses[i];
  const struct stack calls = other_calls(&a->stack, &side_of(before, a)->stack);
  buf_format(b, " (%zu) %s%s by ", 2 - i, i ? "earlier " : "", a->op);
  add_actor(b, &a->actor);
  buf_str(b, " at ");
  add_place(b, o, &a->stack.v[0]);
  buf_str(b, ", ");
  add_locks(b, o, a);
  buf_str(b, calls.n ? ", by other calls\n" : ", by the same calls\n");
  add_stack(b, o, &calls, "        ");
}

static void add_memory_again(struct buf *b, const struct render_options *o, const struct finding *f,
                             const struct finding *before) {
  struct buf mine = {0}, told = {0};
  add_memory(&mine, o, &f->memory);
  add_memory(&told, o, &before->memory);
  if (mine.n != told.n || (mine.n && memcmp(mine.p, told.p, mine.n) != 0)) buf_add(b, mine.p, mine.n);
  buf_free(&mine);
  buf_free(&told);
}

void render_godwit_again(const struct finding *f, const struct finding *before, const struct render_options *o,
                         struct buf *b) {
  add_first_line(b, o, f);
  buf_str(b, "   again: races above are at the same lines\n");
  for (size_t i = 0; i < f->access_count; i++) add_side_again(b, o, f, i, before);
  add_memory_again(b, o, f, before);
  add_also(b, o, f);
  if (f->count > 1) buf_format(b, "   seen: %lld times\n", (long long)f->count);
}
