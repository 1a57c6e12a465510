/* ThreadSanitizer's own layout: for parsers that read its reports. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/render.h"

#define RULER "==================\n"

static void add_stack(struct buf *b, const struct render_options *o, const struct stack *s) {
  for (size_t i = 0; i < s->n; i++) {
    const struct frame *f = &s->v[i];
    buf_format(b, "    #%zu ", i);
    add_function(b, f);
    buf_str(b, " ");
    if (f->file)
      add_place(b, o, f);
    else
      buf_str(b, "<null>");
    if (f->module) buf_format(b, " (%s+0x%llx)", base_name(f->module), (unsigned long long)f->offset);
    buf_str(b, "\n");
  }
  buf_str(b, "\n");
}

static void add_who(struct buf *b, const struct actor *a) {
  if (a->main)
    buf_str(b, "main thread");
  else if (a->thread)
    buf_format(b, "thread T%lld", (long long)a->id);
  else
    buf_format(b, "goroutine %lld", (long long)a->id);
}

/* Numbers locks by address in the order of their appearance. */
static size_t lock_number(const struct finding *f, const char *address) {
  size_t number = 0;
  for (size_t i = 0; i < f->access_count; i++)
    for (size_t k = 0; k < f->accesses[i].lock_count; k++, number++)
      if (strcmp(f->accesses[i].locks[k].address, address) == 0) return number;
  return number;
}

static void add_operation(struct buf *b, const struct finding *f, const struct access *a, bool previous) {
  if (!a->address && a->stack.n == 0) return; /* nothing is known of it */
  if (!a->address) {
    buf_str(b, "  Called by ");
    add_who(b, &a->actor);
    return buf_str(b, ":\n");
  }
  buf_str(b, previous ? "  Previous " : "  ");
  size_t word = b->n;
  buf_str(b, a->op);
  if (!previous) b->p[word] = (char)toupper((unsigned char)b->p[word]);
  buf_format(b, " of size %lld at %s by ", (long long)a->size, a->address);
  add_who(b, &a->actor);
  for (size_t i = 0; i < a->lock_count; i++)
    buf_format(b, "%s%s M%zu", i ? ", " : " (mutexes: ", a->locks[i].write ? "write" : "read",
               lock_number(f, a->locks[i].address));
  buf_str(b, a->lock_count ? "):\n" : ":\n");
}

static void add_location(struct buf *b, const struct render_options *o, const struct finding *f) {
  const struct memory *m = &f->memory;
  const char *address = f->accesses[0].address ? f->accesses[0].address : "0x0";
  if (!m->kind) return;
  if (strcmp(m->kind, "global") == 0) {
    buf_format(b, "  Location is global '%s' of size %lld at %s (%s+0x%llx)\n\n", m->name ? m->name : "??",
               (long long)f->accesses[0].size, address, m->module ? base_name(m->module) : "??",
               (unsigned long long)m->offset);
  } else if (strcmp(m->kind, "heap") == 0) {
    unsigned long long begin = strtoull(address, NULL, 16) - (unsigned long long)m->offset;
    buf_format(b, "  Location is heap block of size %lld at 0x%llx allocated by ", (long long)m->size, begin);
    add_who(b, &m->actor);
    buf_str(b, ":\n");
    add_stack(b, o, &m->stack);
  } else if (strcmp(m->kind, "stack") == 0) {
    buf_str(b, "  Location is stack of ");
    add_who(b, &m->actor);
    buf_str(b, ".\n\n");
  }
}

static void add_mutexes(struct buf *b, const struct render_options *o, const struct finding *f) {
  for (size_t i = 0; i < f->access_count; i++)
    for (size_t k = 0; k < f->accesses[i].lock_count; k++) {
      const struct lock *l = &f->accesses[i].locks[k];
      if (l->stack.n == 0) continue;
      if (lock_number(f, l->address) != k + (i ? f->accesses[0].lock_count : 0)) continue; /* named before */
      buf_format(b, "  Mutex M%zu (%s) locked at:\n", lock_number(f, l->address), l->address);
      add_stack(b, o, &l->stack);
    }
}

static void add_creation(struct buf *b, const struct render_options *o, const struct access *a) {
  if (a->actor.main || a->created_at.n == 0) return;
  buf_str(b, "  ");
  size_t word = b->n;
  add_who(b, &a->actor);
  b->p[word] = (char)toupper((unsigned char)b->p[word]);
  if (a->actor.name) buf_format(b, " '%s'", a->actor.name);
  buf_str(b, " (running) created by ");
  if (a->created_by.known)
    add_who(b, &a->created_by);
  else
    buf_str(b, "main thread");
  buf_str(b, " at:\n");
  add_stack(b, o, &a->created_at);
}

static void add_summary(struct buf *b, const struct render_options *o, const struct finding *f, const char *title) {
  const struct frame *place = finding_place(f);
  buf_format(b, "SUMMARY: ThreadSanitizer: %s", title);
  if (place) {
    buf_str(b, " ");
    add_place(b, o, place);
    buf_str(b, " in ");
    add_function(b, place);
  }
  buf_str(b, "\n");
}

/* `lock-order-inversion (potential deadlock)`, with the locks numbered from the one that the later side holds. */
static void add_circle(struct buf *b, const struct render_options *o, const struct finding *f) {
  size_t n = f->access_count;
  buf_str(b, "  Cycle in lock order graph:");
  for (size_t i = 0; i <= n; i++)
    buf_format(b, "%s M%zu (%s)", i ? " =>" : "", i % n, f->accesses[i % n].locks[0].address);
  buf_str(b, "\n\n");
  for (size_t i = 0; i < n; i++) {
    const struct access *a = &f->accesses[i];
    buf_format(b, "  Mutex M%zu acquired here while holding mutex M%zu in ", (i + 1) % n, i);
    add_who(b, &a->actor);
    buf_str(b, ":\n"), add_stack(b, o, &a->stack);
    buf_format(b, "  Mutex M%zu previously acquired by the same thread here:\n", i);
    add_stack(b, o, &a->locks[0].stack);
  }
  for (size_t i = 0; i < n; i++) add_creation(b, o, &f->accesses[i]);
}

static void render_inversion(const struct finding *f, const struct render_options *o, struct buf *b) {
  buf_format(b, RULER "WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock) (pid=%lld)\n",
             (long long)f->pid);
  add_circle(b, o, f);
  add_summary(b, o, f, "lock-order-inversion (potential deadlock)");
  buf_str(b, RULER);
}

void render_tsan(const struct finding *f, const struct render_options *o, struct buf *b) {
  if (finding_is_inversion(f)) return render_inversion(f, o, b);
  buf_format(b, RULER "WARNING: ThreadSanitizer: %s (pid=%lld)\n", f->title, (long long)f->pid);
  if (strcmp(f->kind, "GW1001") != 0 && f->message) buf_format(b, "  %s\n", f->message);
  for (size_t i = 0; i < f->access_count; i++) {
    add_operation(b, f, &f->accesses[i], i > 0);
    if (f->accesses[i].address || f->accesses[i].stack.n) add_stack(b, o, &f->accesses[i].stack);
  }
  if (f->access_count) add_location(b, o, f);
  add_mutexes(b, o, f);
  for (size_t i = 0; i < f->access_count; i++) add_creation(b, o, &f->accesses[i]);
  if (f->text) buf_str(b, f->text);
  add_summary(b, o, f, f->title);
  buf_str(b, RULER);
}
