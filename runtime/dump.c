#define _GNU_SOURCE
#include "dump.h"
#include "deadlock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "base/arena.h"
#include "base/code.h"
#include "godwit/inspect.h"
#include "where.h"
#include "world.h"

struct dump_from dump_from;

enum { MAX_SHOWN = 200, MAX_FRAMES = WHERE_MAX - 1 };

/* A goroutine as it stood. */
struct shot {
  struct inspect_g g;
  int n;
  uintptr_t pcs[MAX_FRAMES];
};

/* Not on a stack, nor from the arena: a fault may have come anywhere. */
static struct {
  int n, left_out;
  struct shot v[MAX_SHOWN];
} shots;

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

/* As Go does it: the function, then file, line and how far in; inlined ones have no place of their own. */
static void say_where(struct out *o, const struct where *w) {
  if (w->file)
    say(o, "\t%s:%d", w->file, w->line);
  else if (w->module)
    say(o, "\t%s+0x%zx", w->module, w->module_off);
  else
    return;
  if (w->off) say(o, " +0x%zx", w->off);
  say(o, "\n");
}

bool inspect_is_ours(uintptr_t pc) { return code_is_ours(pc); }

/* The user's frames, as far as main, and where the goroutine was created. */
static void say_stack(struct out *o, const struct shot *shot) {
  uintptr_t asked[WHERE_MAX] = {0}; /* gcc can't see that where_ask reads only what is set */
  int same[WHERE_MAX], n = 0;
  for (int i = 0; i < shot->n; i++) {
    if (inspect_is_ours(shot->pcs[i] - 1)) continue;
    if (n > 0 && asked[n - 1] == shot->pcs[i]) {
      same[n - 1]++;
      continue;
    }
    asked[n] = shot->pcs[i];
    same[n++] = 0;
  }
  if (shot->g.go_pc) asked[n] = shot->g.go_pc;
  where_ask(asked, n + (shot->g.go_pc != 0));
  struct where w;
  bool in_main = false;
  for (int i = 0; i < n && !in_main; i++) {
    while (where_next(i, &w)) {
      say(o, "%s(...)\n", w.function);
      say_where(o, &w);
      in_main = strcmp(w.function, "main") == 0;
    }
    if (same[i]) say(o, "\t... and %d more frames of the same call\n", same[i]);
  }
  if (!shot->g.go_pc || !where_next(n, &w)) return;
  say(o, "created by %s in goroutine %llu\n", w.function, (unsigned long long)shot->g.parent);
  say_where(o, &w);
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

static void say_shot(struct out *o, const struct shot *shot, int64_t now) {
  say(o, "\n");
  say_head(o, &shot->g, status_text(&shot->g), now);
  if (shot->n == 0 && shot->g.status == INSPECT_RUNNING)
    say(o, "\tgoroutine running on other thread; stack unavailable\n");
  say_stack(o, shot);
}

static void take_shot(const struct inspect_g *g, void *arg) {
  uint64_t but = *(const uint64_t *)arg;
  if (g->id == but) return;
  if (shots.n == MAX_SHOWN) {
    shots.left_out++;
    return;
  }
  struct shot *shot = &shots.v[shots.n++];
  shot->g = *g;
  shot->n = inspect_stack(g, shot->pcs, MAX_FRAMES);
}

/* All goroutines but one (0: all). */
static void take_shots(uint64_t but) {
  shots.n = shots.left_out = 0;
  inspect_each(take_shot, &but);
}

static void say_shots(struct out *o) {
  int64_t now = prim_now();
  for (int i = 0; i < shots.n; i++) say_shot(o, &shots.v[i], now);
  if (shots.left_out) say(o, "\n... and %d more goroutines\n", shots.left_out);
}

/* The goroutine that the dump is made on, from where it stands, or where the signal hit it.  NULL: a thread that is
 * none. */
static void say_current(struct out *o, struct g *g) {
  static struct shot shot;
  shot.g = (struct inspect_g){.fp = dump_from.sp};
  if (g) inspect_g(g, &shot.g);
  uintptr_t fp = (uintptr_t)__builtin_frame_address(0);
  if (dump_from.sp)
    shot.n = dump_walk(&dump_from, &shot.g, shot.pcs, MAX_FRAMES);
  else
    shot.n = stack_walk(0, fp, fp, stack_end(&shot.g), shot.pcs, MAX_FRAMES);
  shot.g.status = INSPECT_RUNNING;
  say_shot(o, &shot, 0);
}

/* Is there a call before this address? */
static bool after_call(uintptr_t pc) {
  const unsigned char *p = (const unsigned char *)pc;
  return pc > PRIM_PAGE && prim_readable(p - 7) && prim_readable(p) &&
         (p[-5] == 0xe8 || p[-2] == 0xff || p[-3] == 0xff || p[-6] == 0xff || p[-7] == 0xff);
}

/* What the frame pointers don't show, as it has no frame yet or never: the caller of a function of libc's, of code that
 * isn't there, or of the detector's assembly.  It is at the top of the stack; below us some way up. */
static uintptr_t frameless_caller(const struct dump_from *from, uintptr_t lo, uintptr_t hi) {
  bool in_ours = inspect_is_ours(from->pc);
  if (!in_ours && where_in_program(from->pc)) return 0;
  uintptr_t end = from->sp + (in_ours ? 8192 : 8); /* guess: slow frames and saved vector registers */
  for (uintptr_t at = from->sp; at >= lo && at + 8 <= hi && at < end; at += 8) {
    uintptr_t caller = *(const uintptr_t *)at;
    if (where_in_program(caller) && !inspect_is_ours(caller) && after_call(caller)) return caller;
  }
  return 0;
}

int dump_walk(const struct dump_from *from, const struct inspect_g *g, uintptr_t *pcs, int max) {
  uintptr_t lo = g->lo ? g->lo : from->sp, hi = stack_end(g), caller = frameless_caller(from, lo, hi);
  pcs[0] = from->pc + 1;
  pcs[1] = caller;
  int n = stack_walk(0, from->fp, lo, hi, pcs + 2, max - 2);
  for (int i = 0; i < n; i++)
    if (pcs[2 + i] == caller) caller = 0;
  if (caller) return 2 + n;
  memmove(pcs + 1, pcs + 2, (size_t)n * sizeof *pcs);
  return 1 + n;
}

static char text[8192];

void dump_panic(struct g *g, const char *message) {
  struct out o = {.fd = 2, .buf = text, .room = sizeof text};
  say(&o, "panic: %s\n", message);
  say_current(&o, g);
  out_flush(&o);
}

enum { SLEEPERS_MAX = 256, CIRCLES_MAX = 4 };

struct sleepers {
  struct g *v[SLEEPERS_MAX];
  unsigned n;
};

static void take_sleeper(struct g *g, void *arg) {
  struct sleepers *s = arg;
  if (__atomic_load_n(&g->status, __ATOMIC_RELAXED) == G_WAITING && s->n < SLEEPERS_MAX) s->v[s->n++] = g;
}

/* All are asleep: who waits for whom. */
static void say_circles(struct out *o) {
  static struct circle circles[CIRCLES_MAX];
  static struct sleepers sleepers;
  unsigned n = deadlock_locks(circles, CIRCLES_MAX);
  g_each(take_sleeper, &sleepers);
  if (n == 0) n = deadlock_held(sleepers.v, sleepers.n, circles, CIRCLES_MAX);
  for (unsigned i = 0; i < n; i++) {
    char lines[1000];
    size_t length = deadlock_describe(&circles[i], lines, sizeof lines - 1);
    say(o, "\ncircle of waits:\n%.*s", (int)length, lines);
  }
}

/* Under -race the detector prints the message and the text, as a finding. */
static void finish(struct g *g, struct race_g *race, const char *kind, const char *message, struct race_at at) {
  char line[300];
  snprintf(line, sizeof line, "fatal error: %s", message);
  struct out o = {.fd = 2, .buf = text, .room = sizeof text};
  if (GW_RACE && kind) o = (struct out){.fd = -1, .buf = arena_alloc(256 * 1024), .room = 256 * 1024};
  if (o.fd >= 0) say(&o, "%s\n", line);
  take_shots(g ? g->id : 0);
  if (g) say_current(&o, g);
  say_shots(&o);
  if (!g) say_circles(&o);
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

/* A thread that stands there is still within the handler with that frame: where what it calls last has its frame in the
 * place of the handler's, and at the return to the kernel, by two words above it at most. */
static bool in_handler(uintptr_t sp, uintptr_t handler) {
  uintptr_t top = handler + 2 * sizeof(uintptr_t);
  return sp <= top && top - sp < PRIM_PAGE;
}

/* Their stacks, where the signals caught them. */
static void take_running(uintptr_t handler, const struct dump_from *before) {
  uint32_t n;
  const struct stopped *t = world_threads(&n);
  for (int i = 0; i < shots.n; i++) {
    struct shot *shot = &shots.v[i];
    for (uint32_t k = 0; k < n && shot->n == 0; k++) {
      if (t[k].tid != shot->g.tid || !__atomic_load_n(&t[k].state, __ATOMIC_ACQUIRE)) continue; /* pairs with world.c */
      struct dump_from at = {t[k].regs[REG_RIP], t[k].regs[REG_RBP], t[k].sp};
      if (in_handler(at.sp, handler)) at = *before;
      shot->n = dump_walk(&at, &shot->g, shot->pcs, MAX_FRAMES);
    }
  }
}

void dump_quit(const char *head, uintptr_t handler, const struct dump_from *at) {
  struct out o = {.fd = 2, .buf = text, .room = sizeof text};
  where_in_program(0); /* asks the loader, whose lock a stopped thread may hold */
  world_stop();
  take_shots(0);
  take_running(handler, at);
  world_start(); /* what a stopped thread may hold is needed for the names */
  say(&o, "%s", head);
  say_shots(&o);
  out_flush(&o);
}

void dump_fault(struct g *g, const char *head) {
  struct out o = {.fd = 2, .buf = text, .room = sizeof text};
  say(&o, "%s", head);
  out_flush(&o); /* at least that, should the rest fault */
  say_current(&o, g);
  out_flush(&o);
  take_shots(g ? g->id : 0);
  say_shots(&o);
  out_flush(&o);
}
