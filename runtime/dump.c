#include "dump.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/code.h"
#include "godwit/inspect.h"
#include "symbol.h"
#include "waitq.h"

struct dump_from dump_from;

/* Where text goes: a file, or memory that a finding carries. */
struct out {
  int fd; /* -1: kept */
  char *buf;
  size_t n, room;
};

static void out_flush(struct out *o) {
  if (o->fd < 0) return; /* what doesn't fit any more is left out */
  prim_write_all(o->fd, o->buf, o->n);
  o->n = 0;
}

static __attribute__((format(printf, 2, 3))) void say(struct out *o, const char *fmt, ...) {
  if (o->room - o->n < 1024) out_flush(o);
  if (o->room - o->n < 1024) return;
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(o->buf + o->n, o->room - o->n, fmt, ap);
  va_end(ap);
  if (n > 0) o->n += (size_t)n < o->room - o->n ? (size_t)n : o->room - o->n - 1;
}

static void say_frame(struct out *o, uintptr_t pc) {
  struct symbol s;
  if (!symbol_find(pc - 1, &s)) {
    say(o, "0x%zx\n", pc);
    return;
  }
  say(o, "%s(...)\n\t%s+0x%zx", s.function[0] ? s.function : "?", s.module, s.module_off + 1);
  if (s.function[0]) say(o, " +0x%zx", s.function_off + 1);
  say(o, "\n");
}

bool inspect_is_ours(uintptr_t pc) { return code_is_ours(pc); }

static void say_creator(struct out *o, const struct inspect_g *g) {
  struct symbol s;
  if (!g->go_pc || !symbol_find(g->go_pc - 1, &s)) return;
  say(o, "created by %s in goroutine %llu\n\t%s+0x%zx\n", s.function[0] ? s.function : "?",
      (unsigned long long)g->parent, s.module, s.module_off + 1);
}

/* The user's frames, as far as main. */
static void say_stack(struct out *o, const struct inspect_g *g, const uintptr_t *pcs, int n) {
  for (int i = 0; i < n; i++) {
    struct symbol s;
    if (inspect_is_ours(pcs[i] - 1)) continue;
    int same = 0;
    while (i + 1 < n && pcs[i + 1] == pcs[i]) i++, same++;
    say_frame(o, pcs[i]);
    if (same) say(o, "\t... and %d more frames of the same call\n", same);
    if (symbol_find(pcs[i] - 1, &s) && strcmp(s.function, "main") == 0) break;
  }
  say_creator(o, g);
}

static void say_head(struct out *o, const struct inspect_g *g, const char *status, int64_t now) {
  say(o, "goroutine %llu", (unsigned long long)g->id);
  if (g->name) say(o, " \"%s\"", g->name);
  say(o, " [%s", status);
  int64_t minutes = g->since && g->status == INSPECT_WAITING ? (now - g->since) / (60 * GW_S) : 0;
  if (minutes >= 1) say(o, ", %lld minutes", (long long)minutes);
  say(o, "]:\n");
}

static const char *status_text(const struct inspect_g *g) {
  switch (g->status) {
    case INSPECT_RUNNABLE:
      return "runnable";
    case INSPECT_RUNNING:
      return "running";
    case INSPECT_BLOCKING:
      return "syscall";
    default:
      return g->reason[0] ? g->reason : "waiting";
  }
}

enum { MAX_SHOWN = 200, MAX_FRAMES = 64 };

struct all {
  struct out *o;
  uint64_t but; /* shown already; 0: none */
  int64_t now;
  int shown, left_out;
};

static void say_one(const struct inspect_g *g, void *arg) {
  struct all *all = arg;
  if (g->id == all->but) return;
  if (all->shown == MAX_SHOWN) {
    all->left_out++;
    return;
  }
  all->shown++;
  uintptr_t pcs[MAX_FRAMES];
  int n = inspect_stack(g, pcs, MAX_FRAMES);
  say(all->o, "\n");
  say_head(all->o, g, status_text(g), all->now);
  say_stack(all->o, g, pcs, n);
}

static void say_all(struct out *o, uint64_t but) {
  struct all all = {.o = o, .but = but, .now = prim_now()};
  inspect_each(say_one, &all);
  if (all.left_out) say(o, "\n... and %d more goroutines\n", all.left_out);
}

/* The goroutine that the dump is made on, from where it stands, or where the signal hit it. */
static void say_current(struct out *o, struct g *g) {
  struct inspect_g v;
  inspect_g(g, &v);
  uintptr_t pcs[MAX_FRAMES], fp = (uintptr_t)__builtin_frame_address(0), pc = 0, lo = fp;
  if (dump_from.pc) pc = dump_from.pc + 1, fp = dump_from.fp, lo = v.lo ? v.lo : fp;
  int n = stack_walk(pc, fp, lo, stack_end(&v), pcs, MAX_FRAMES);
  say(o, "\n");
  say_head(o, &v, "running", 0);
  say_stack(o, &v, pcs, n);
}

static char text[8192];

void dump_panic(struct g *g, const char *message) {
  struct out o = {.fd = 2, .buf = text, .room = sizeof text};
  say(&o, "panic: %s\n", message);
  say_current(&o, g);
  out_flush(&o);
}

/* Under -race the detector prints the message and the text, as a finding. */
static void finish(struct g *g, struct race_g *race, const char *kind, const char *message, struct race_at at) {
  char line[300];
  snprintf(line, sizeof line, "fatal error: %s", message);
  struct out o = {.fd = 2, .buf = text, .room = sizeof text};
  if (GW_RACE && kind) o = (struct out){.fd = -1, .buf = arena_alloc(256 * 1024), .room = 256 * 1024};
  if (o.fd >= 0) say(&o, "%s\n", line);
  if (g) say_current(&o, g);
  say_all(&o, g ? g->id : 0);
  out_flush(&o);
  if (o.fd < 0) race_finding(kind, line, o.buf + (o.buf[0] == '\n'), race ? race : race_self(), at);
}

void dump_fatal(struct g *g, const char *kind, const char *message, struct race_at at) {
  finish(g, g ? g->race : NULL, kind, message, at);
}

static void find_first(struct g *g, void *arg) {
  struct g **first = arg;
  if (!*first || g->id < (*first)->id) *first = g;
}

/* Where the user's code called what a suspended goroutine waits in. */
static struct race_at user_call(const struct inspect_g *g) {
  struct race_at at = {g->pc, g->fp};
  uintptr_t end = stack_end(g);
  while (at.fp >= g->sp && at.fp % 8 == 0 && at.fp + 16 <= end && (!at.pc || inspect_is_ours(at.pc - 1))) {
    const uintptr_t *frame = (const uintptr_t *)at.fp;
    if (frame[0] <= at.fp) break;
    at = (struct race_at){frame[1], frame[0]};
  }
  return at;
}

void dump_asleep(void) {
  struct g *first = NULL;
  struct race_at at = {0, 0};
  g_each(find_first, &first);
  if (GW_RACE && first) {
    struct inspect_g v;
    inspect_g(first, &v);
    at = user_call(&v);
  }
  const char *message =
      first ? "all goroutines are asleep - deadlock!" : "no goroutines (main called runtime.Goexit) - deadlock!";
  finish(NULL, first ? first->race : NULL, "GW1003", message, at);
}
