/* Reading a raw timeline.  Its events come from many threads, so they are sorted by time; and some are missing (the
 * start, where it was overwritten; what a thread did while its processor was taken away): a small simulation of
 * processors and goroutines adds what must have happened between, and drops what can't have. */
#include "cli/timeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/frames.h"
#include "cli/mem.h"

static const char *const reasons[] = {
#define REASON(id, text) text,
#include "godwit/reasons.inc"
};

const char *timeline_reason(int reason) {
  return reason >= 0 && (size_t)reason < sizeof reasons / sizeof reasons[0] ? reasons[reason] : "?";
}

/* ---- names ---- */

/* A piece of a name: its end comes first, its beginning makes it whole. */
static void add_name(struct timeline *t, const struct trace_event *e) {
  struct timeline_name *last = t->names ? &t->name[t->names - 1] : NULL;
  if (e->reason == 0) { /* pieces of others may have come between */
    while (last && last > t->name && last->g != e->g) last--;
    if (!last || last->g != e->g) return;
  } else {
    t->name = mem_grow(t->name, (t->names + 1) * sizeof *t->name);
    last = &t->name[t->names];
    *last = (struct timeline_name){.g = e->g, .order = t->names++};
  }
  const char *piece = (const char *)&e->arg;
  if (e->other + sizeof e->arg < sizeof last->text) memcpy(last->text + e->other, piece, strnlen(piece, sizeof e->arg));
  last->whole |= e->other == 0;
}

static int name_order(const void *a, const void *b) {
  const struct timeline_name *x = a, *y = b;
  if (x->g != y->g) return x->g < y->g ? -1 : 1;
  return (x->order > y->order) - (x->order < y->order);
}

/* One name for each, the last whole one, in the order of their numbers. */
static void names_end(struct timeline *t) {
  if (!t->names) return;
  qsort(t->name, t->names, sizeof *t->name, name_order);
  size_t n = 0;
  for (size_t i = 0; i < t->names; i++) {
    if (!t->name[i].whole) continue;
    if (n == 0 || t->name[n - 1].g != t->name[i].g) n++;
    t->name[n - 1] = t->name[i];
  }
  t->names = n;
}

static int name_find(const void *key, const void *name) {
  uint64_t g = *(const uint64_t *)key, at = ((const struct timeline_name *)name)->g;
  return (g > at) - (g < at);
}

const char *timeline_name(const struct timeline *t, uint64_t g) {
  const struct timeline_name *found = t->names ? bsearch(&g, t->name, t->names, sizeof *found, name_find) : NULL;
  return found && found->text[0] ? found->text : NULL;
}

/* ---- what is where, by number ---- */

enum g_state { G_UNKNOWN, G_RUNNABLE, G_RUNNING, G_WAITING, G_DEAD };
struct gor {
  uint64_t g; /* 0: an empty slot */
  enum g_state state;
  int p; /* while it runs */
};

struct sim {
  struct timeline *t;
  struct gor *v; /* open addressing */
  size_t n, room;
  uint64_t on_p[TRACE_NO_P]; /* who runs there; 0: nobody */
  bool started[TRACE_NO_P];
};

static struct gor *slot(struct gor *v, size_t room, uint64_t g) {
  size_t i = g * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (room - 1);
  while (v[i].g && v[i].g != g) i = (i + 1) & (room - 1);
  return &v[i];
}

static struct gor *gor_of(struct sim *s, uint64_t g) {
  if (2 * s->n >= s->room) {
    size_t room = s->room ? s->room * 2 : 1024;
    struct gor *v = mem_alloc(room * sizeof *v);
    for (size_t i = 0; i < s->room; i++)
      if (s->v[i].g) *slot(v, room, s->v[i].g) = s->v[i];
    free(s->v);
    s->v = v;
    s->room = room;
  }
  struct gor *found = slot(s->v, s->room, g);
  if (!found->g) {
    *found = (struct gor){.g = g, .p = -1};
    s->n++;
  }
  return found;
}

static struct step *add(struct timeline *t, int kind, int64_t time, uint64_t g, int p) {
  if (t->n == t->room) {
    t->room = t->room ? t->room * 2 : 4096;
    t->v = mem_grow(t->v, t->room * sizeof *t->v);
  }
  struct step *s = &t->v[t->n++];
  *s = (struct step){.time = time, .kind = kind, .g = g, .p = p};
  if (p >= t->procs) t->procs = p + 1;
  return s;
}

/* Who runs on p makes room. */
static void yield_on(struct sim *s, int64_t time, int p) {
  uint64_t g = s->on_p[p];
  if (!g) return;
  add(s->t, STEP_YIELD, time, g, p);
  struct gor *gor = gor_of(s, g);
  gor->state = G_RUNNABLE;
  gor->p = -1;
  s->on_p[p] = 0;
}

/* A thread takes p while somebody runs there: he runs on without it, as he doesn't poll. */
static void take_from(struct sim *s, int64_t time, int p) {
  if (!s->on_p[p]) return;
  struct gor *gor = gor_of(s, s->on_p[p]);
  add(s->t, STEP_TAKEN, time, gor->g, p);
  gor->state = G_WAITING;
  gor->p = -1;
  s->on_p[p] = 0;
}

static void p_start(struct sim *s, int64_t time, int p, uint32_t thread) {
  take_from(s, time, p);
  if (s->started[p]) add(s->t, TRACE_P_STOP, time, 0, p);
  add(s->t, TRACE_P_START, time, 0, p)->thread = thread;
  s->started[p] = true;
}

static void make_known(struct sim *s, struct gor *g, int64_t time) {
  if (g->state != G_UNKNOWN) return;
  add(s->t, TRACE_CREATE, time, g->g, -1);
  g->state = G_RUNNABLE;
}

static void run(struct sim *s, struct gor *g, int64_t time, int p) {
  make_known(s, g, time);
  if (g->state == G_DEAD || (g->state == G_RUNNING && g->p == p)) return;
  if (g->state == G_RUNNING) yield_on(s, time, g->p); /* its processor was taken away, and here it goes on */
  if (g->state == G_WAITING) add(s->t, TRACE_READY, time, g->g, -1);
  if (!s->started[p]) p_start(s, time, p, 0);
  yield_on(s, time, p);
  add(s->t, TRACE_START, time, g->g, p);
  g->state = G_RUNNING;
  g->p = p;
  s->on_p[p] = g->g;
}

static void leave(struct sim *s, struct gor *g, const struct trace_event *e, int64_t time) {
  int p = e->p == TRACE_NO_P ? -1 : e->p;
  if (p >= 0) run(s, g, time, p);
  if (g->state != G_RUNNING) return; /* a foreign thread's */
  struct step *step = add(s->t, e->kind, time, g->g, g->p);
  step->reason = e->reason;
  step->address = e->arg;
  s->on_p[g->p] = 0;
  g->p = -1;
  g->state = e->kind == TRACE_END ? G_DEAD : G_WAITING;
}

/* `other` has only the lower half of the number: good enough to find who runs there. */
static uint64_t who(const struct sim *s, const struct trace_event *e) {
  uint64_t g = e->p == TRACE_NO_P ? 0 : s->on_p[e->p];
  return (uint32_t)g == e->other ? g : 0;
}

static void create(struct sim *s, const struct trace_event *e, int64_t time) {
  struct gor *g = gor_of(s, e->g);
  if (g->state != G_UNKNOWN) return;
  g->state = G_RUNNABLE;
  uint64_t by = who(s, e);
  struct step *step = add(s->t, TRACE_CREATE, time, e->g, by ? e->p : -1);
  step->by = by;
  step->address = e->arg;
}

static void ready(struct sim *s, const struct trace_event *e, int64_t time) {
  struct gor *g = gor_of(s, e->g);
  if (g->state == G_UNKNOWN) {
    make_known(s, g, time);
    return;
  }
  if (g->state != G_WAITING) return;
  g->state = G_RUNNABLE;
  uint64_t by = who(s, e);
  struct step *step = add(s->t, TRACE_READY, time, e->g, by ? e->p : -1);
  step->by = by;
  step->address = by ? e->arg : 0;
}

/* It was there before the timeline begins, unless something was heard of it. */
static void was_there(struct sim *s, const struct trace_event *e, int64_t time) {
  struct gor *g = gor_of(s, e->g);
  if (g->state != G_UNKNOWN) return;
  g->state = G_RUNNABLE;
  add(s->t, TRACE_CREATE, time, e->g, -1)->address = e->arg;
  if (e->other == TRACE_RUNS && e->p != TRACE_NO_P) {
    run(s, g, time, e->p);
  } else if (e->other == TRACE_WAITS || e->other == TRACE_CALLS) {
    g->state = G_WAITING;
    add(s->t, e->other == TRACE_WAITS ? STEP_WAITS : STEP_CALLS, time, e->g, -1)->reason = e->reason;
  }
}

static void take(struct sim *s, const struct trace_event *e, int64_t time) {
  bool on_p = e->p != TRACE_NO_P;
  switch (e->kind) {
    case TRACE_P_START:
      if (on_p) p_start(s, time, e->p, (uint32_t)e->arg);
      break;
    case TRACE_P_STOP:
      if (!on_p || !s->started[e->p]) break;
      yield_on(s, time, e->p);
      add(s->t, TRACE_P_STOP, time, 0, e->p);
      s->started[e->p] = false;
      break;
    case TRACE_CREATE:
      if (e->g) create(s, e, time);
      break;
    case TRACE_READY:
      if (e->g) ready(s, e, time);
      break;
    case TRACE_START:
      if (e->g && on_p) run(s, gor_of(s, e->g), time, e->p);
      break;
    case TRACE_BLOCK:
    case TRACE_END:
    case TRACE_SYSCALL:
      if (e->g) leave(s, gor_of(s, e->g), e, time);
      break;
    case TRACE_STATE:
      if (e->g) was_there(s, e, time);
      break;
    case TRACE_NAME:
      if (e->g) add_name(s->t, e);
      break;
    default: /* torn */
      break;
  }
}

/* ---- the file ---- */

struct sorted {
  struct trace_event e;
  size_t at; /* in the file: keeps the order of one thread's */
};

static int by_time(const void *a, const void *b) {
  const struct sorted *x = a, *y = b;
  if (x->e.time != y->e.time) return x->e.time < y->e.time ? -1 : 1;
  return (x->at > y->at) - (x->at < y->at);
}

static struct timeline *make(const struct trace_head *head, const char *bytes, size_t n) {
  struct timeline *t = mem_alloc(sizeof *t);
  size_t count = (head->text - sizeof *head) / sizeof(struct trace_event);
  struct sorted *v = mem_alloc((count + 1) * sizeof *v);
  for (size_t i = 0; i < count; i++) {
    memcpy(&v[i].e, bytes + sizeof *head + i * sizeof v[i].e, sizeof v[i].e);
    v[i].at = i;
  }
  qsort(v, count, sizeof *v, by_time);
  struct sim *s = mem_alloc(sizeof *s);
  s->t = t;
  for (size_t i = 0; i < count; i++)
    if (v[i].e.time >= head->start && v[i].e.time <= head->end) take(s, &v[i].e, v[i].e.time - head->start);
  t->end = head->end - head->start;
  for (int p = 0; p < t->procs; p++) { /* every run has an end */
    if (!s->started[p]) continue;
    yield_on(s, t->end, p);
    add(t, TRACE_P_STOP, t->end, 0, p);
  }
  free(s->v);
  free(s);
  free(v);
  t->lost = head->lost;
  t->text = mem_strndup(bytes + head->text, n - head->text);
  names_end(t);
  return t;
}

static char *read_all(const char *path, size_t *n) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  struct buf b = {0};
  char part[65536];
  for (size_t got; (got = fread(part, 1, sizeof part, f)) > 0;) buf_add(&b, part, got);
  bool bad = ferror(f);
  fclose(f);
  *n = b.n;
  if (!bad) return buf_take(&b);
  buf_free(&b);
  return NULL;
}

struct timeline *timeline_parse(const char *bytes, size_t n, const char *from, char **why) {
  struct trace_head head;
  if (n >= sizeof head) memcpy(&head, bytes, sizeof head);
  if (n < sizeof head || memcmp(head.magic, TRACE_MAGIC, sizeof head.magic) != 0)
    return *why = mem_format("%s: no timeline of godwit", from), NULL;
  if (head.text < sizeof head || head.text > n || head.end < head.start)
    return *why = mem_format("%s: cut off: the program did not come to write all of it", from), NULL;
  return make(&head, bytes, n);
}

struct timeline *timeline_read(const char *path, char **why) {
  size_t n = 0;
  char *bytes = read_all(path, &n);
  if (!bytes) return *why = mem_format("can't read %s: %s", path, strerror(errno)), NULL;
  struct timeline *t = timeline_parse(bytes, n, path, why);
  free(bytes);
  return t;
}

timeline_writer *timeline_format(const char *name) {
  if (strcmp(name, "go") == 0) return timeline_go;
  return strcmp(name, "chrome") == 0 ? timeline_chrome : NULL;
}

/* n bytes of standard input, or what there is. */
static void read_part(struct buf *b, size_t n) {
  char part[65536];
  for (size_t got; n > 0 && (got = fread(part, 1, n < sizeof part ? n : sizeof part, stdin)) > 0; n -= got)
    buf_add(b, part, got);
}

void timeline_serve(timeline_writer *write) {
  size_t n = 0;
  struct buf raw = {0}, out = {0};
  char *why = NULL;
  if (scanf("%zu", &n) == 1 && getchar() == '\n') read_part(&raw, n);
  struct timeline *t = raw.n == n ? timeline_parse(raw.p, raw.n, "-", &why) : NULL;
  if (t) write(t, &out);
  printf("%zu\n", out.n);
  fwrite(out.p, 1, out.n, stdout);
  fflush(stdout);
  if (t) timeline_free(t);
  buf_free(&out);
  buf_free(&raw);
  free(why);
}

void timeline_free(struct timeline *t) {
  free(t->v);
  free(t->text);
  free(t->name);
  free(t);
}

/* The line "module LO HI BIAS PATH" that covers the address. */
static struct module *module_at(struct timeline *t, uint64_t address, uint64_t *bias) {
  for (const char *line = t->text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
    unsigned long long lo, hi, base;
    int used = 0;
    if (sscanf(line, "module %llx %llx %llx %n", &lo, &hi, &base, &used) != 3 || address < lo || address >= hi)
      continue;
    char *path = mem_strndup(line + used, strcspn(line + used, "\n"));
    struct module *m = module_open(path, NULL, 0);
    free(path);
    *bias = base;
    return m;
  }
  return NULL;
}

struct timeline_place timeline_place(struct timeline *t, uint64_t address) {
  enum { CACHE = 1024 };
  static struct {
    uint64_t address;
    struct timeline_place place;
  } cache[CACHE];
  size_t at = (address >> 1) % CACHE;
  if (cache[at].address == address) return cache[at].place;
  struct timeline_place place = {"", "", 0};
  uint64_t bias = 0;
  struct module *m = address ? module_at(t, address, &bias) : NULL;
  struct source_frame f[FRAMES_MAX];
  if (m && frames_at(m, address - bias, f))
    place = (struct timeline_place){f[0].function ? f[0].function : "", f[0].file ? f[0].file : "", f[0].line};
  cache[at].address = address;
  cache[at].place = place;
  return place;
}
