/* Go's own layout (runtime/race): for parsers that read `WARNING: DATA RACE` between rulers. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/render.h"

#define RULER "==================\n"

static void add_stack(struct buf *b, const struct render_options *o, const struct stack *s) {
  for (size_t i = 0; i < s->n; i++) {
    const struct frame *f = &s->v[i];
    buf_str(b, "  ");
    add_function(b, f);
    buf_str(b, "()\n      ");
    if (f->file)
      buf_format(b, "%s:%d", shown_path(o, f->file), f->line);
    else
      buf_str(b, f->module ? f->module : "??");
    buf_format(b, " +0x%llx\n", (unsigned long long)f->offset);
  }
}

static void add_who(struct buf *b, const struct actor *a) {
  if (a->main)
    buf_str(b, "main goroutine");
  else
    buf_format(b, "goroutine %lld", (long long)a->id);
}

static void add_operation(struct buf *b, const struct access *a, bool previous) {
  if (!a->address && a->stack.n == 0) return; /* nothing is known of it */
  if (!a->address) {
    buf_str(b, "Called by ");
    add_who(b, &a->actor);
    return buf_str(b, ":\n");
  }
  if (previous) buf_str(b, "Previous ");
  size_t word = b->n;
  buf_str(b, a->op);
  if (!previous) b->p[word] = (char)toupper((unsigned char)b->p[word]);
  buf_format(b, " at 0x%012llx by ", strtoull(a->address, NULL, 16));
  add_who(b, &a->actor);
  buf_str(b, ":\n");
}

static void add_creation(struct buf *b, const struct render_options *o, const struct access *a) {
  if (a->actor.main || a->created_at.n == 0) return;
  buf_format(b, "\nGoroutine %lld (running) created at:\n", (long long)a->actor.id);
  add_stack(b, o, &a->created_at);
}

void render_go(const struct finding *f, const struct render_options *o, struct buf *b) {
  if (strcmp(f->kind, "GW1003") == 0) {
    buf_str(b, "fatal error: all goroutines are asleep - deadlock!\n\n");
    return buf_str(b, f->text ? f->text + strspn(f->text, "\n") : "");
  }
  buf_str(b, RULER);
  if (finding_is_race(f)) {
    buf_str(b, "WARNING: DATA RACE\n");
  } else {
    buf_str(b, "WARNING: ");
    add_headline(b, f);
    buf_str(b, "\n");
  }
  for (size_t i = 0; i < f->access_count; i++) {
    if (i) buf_str(b, "\n");
    add_operation(b, &f->accesses[i], i > 0);
    add_stack(b, o, &f->accesses[i].stack);
  }
  for (size_t i = 0; i < f->access_count; i++) add_creation(b, o, &f->accesses[i]);
  if (f->text) buf_str(b, f->text);
  buf_str(b, RULER);
}
