/* A timeline in Chrome's trace-event format (JSON): a track for each processor and one for each goroutine, on which
 * slices never overlap; arrows from who starts or wakes a goroutine to where it runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/timeline.h"

enum { PROCESSORS = 1, GOROUTINES = 2 }; /* process ids: the two groups of tracks */

/* Where a goroutine stands. */
struct track {
  uint64_t g;
  int64_t since;     /* of its state; -1: none yet */
  const char *state; /* "runnable", "chan receive", ... */
  const char *name;  /* of its function */
  const char *given; /* gw_set_name's; NULL without */
  uint64_t arrow;    /* to its next start; 0: none */
  int64_t arrow_time;
};

struct writer {
  struct buf *out;
  struct timeline *t;
  struct track *v; /* sorted by g */
  size_t n;
  uint64_t arrows;
};

static void json_string(struct buf *b, const char *s) {
  buf_str(b, "\"");
  for (; *s; s++)
    if (*s == '"' || *s == '\\')
      buf_format(b, "\\%c", *s);
    else
      buf_add(b, (unsigned char)*s < ' ' ? "?" : s, 1);
  buf_str(b, "\"");
}

/* Microseconds, which is the format's unit. */
static void add_time(struct buf *b, const char *name, int64_t ns) {
  buf_format(b, ",\"%s\":%" PRId64 ".%03d", name, ns / 1000, (int)(ns % 1000));
}

static void slice(struct writer *w, int pid, uint64_t tid, const char *name, int64_t from, int64_t to, uint64_t p) {
  buf_str(w->out, "{\"ph\":\"X\",\"name\":");
  json_string(w->out, name);
  buf_format(w->out, ",\"pid\":%d,\"tid\":%" PRIu64, pid, tid);
  add_time(w->out, "ts", from);
  add_time(w->out, "dur", to > from ? to - from : 0);
  buf_format(w->out, ",\"args\":{\"%s\":%" PRIu64 "}},\n", pid == PROCESSORS ? "goroutine" : "processor", p);
}

static void arrow_end(struct writer *w, char phase, uint64_t id, uint64_t g, int64_t time) {
  buf_format(w->out,
             "{\"ph\":\"%c\",\"name\":\"wakes\",\"cat\":\"flow\",\"id\":%" PRIu64 "%s,\"pid\":%d,\"tid\":%" PRIu64,
             phase, id, phase == 'f' ? ",\"bp\":\"e\"" : "", GOROUTINES, g);
  add_time(w->out, "ts", time);
  buf_str(w->out, "},\n");
}

static void name_track(struct writer *w, int pid, uint64_t tid, const char *kind, const char *name) {
  buf_format(w->out, "{\"ph\":\"M\",\"name\":\"%s\",\"pid\":%d,\"tid\":%" PRIu64 ",\"args\":{\"name\":", kind, pid,
             tid);
  json_string(w->out, name);
  buf_str(w->out, "}},\n");
}

static int track_order(const void *a, const void *b) {
  const struct track *x = a, *y = b;
  return (x->g > y->g) - (x->g < y->g);
}

static struct track *track_of(struct writer *w, uint64_t g) {
  struct track key = {.g = g};
  return bsearch(&key, w->v, w->n, sizeof *w->v, track_order);
}

static void make_tracks(struct writer *w) {
  w->v = mem_alloc((w->t->n + 1) * sizeof *w->v);
  for (size_t i = 0; i < w->t->n; i++)
    if (w->t->v[i].kind == TRACE_CREATE) w->v[w->n++] = (struct track){.g = w->t->v[i].g, .since = -1};
  qsort(w->v, w->n, sizeof *w->v, track_order);
  size_t kept = 0;
  for (size_t i = 0; i < w->n; i++)
    if (kept == 0 || w->v[kept - 1].g != w->v[i].g) w->v[kept++] = w->v[i];
  w->n = kept;
  for (size_t i = 0; i < w->n; i++) w->v[i].given = timeline_name(w->t, w->v[i].g);
  for (size_t i = 0; i < w->t->n; i++) {
    const struct step *s = &w->t->v[i];
    if (s->kind == TRACE_CREATE && s->address) track_of(w, s->g)->name = timeline_place(w->t, s->address).function;
  }
}

/* "7 teller (worker)": gw_set_name's name, the function's. */
static char *label(const struct track *k) {
  const char *function = k->name && *k->name ? k->name : k->g == 1 ? "main" : "", *name = k->given;
  if (name && strcmp(name, function) == 0) name = NULL;
  if (name) return mem_format(*function ? "%" PRIu64 " %s (%s)" : "%" PRIu64 " %s", k->g, name, function);
  return mem_format(*function ? "%" PRIu64 " %s" : "goroutine %" PRIu64, k->g, function);
}

static void end_state(struct writer *w, struct track *k, int64_t time, int p) {
  if (k->since < 0) return;
  if (p >= 0) {
    slice(w, GOROUTINES, k->g, "running", k->since, time, (uint64_t)p);
    char *name = label(k);
    slice(w, PROCESSORS, (uint64_t)p, name, k->since, time, k->g);
    free(name);
  } else {
    slice(w, GOROUTINES, k->g, k->state, k->since, time, 0);
  }
  k->since = -1;
}

static void begin_state(struct track *k, int64_t time, const char *state) {
  k->since = time;
  k->state = state;
}

static void arrow_begin(struct writer *w, struct track *k, const struct step *s) {
  if (!s->by) return;
  k->arrow = ++w->arrows;
  arrow_end(w, 's', k->arrow, s->by, s->time);
}

static void take(struct writer *w, const struct step *s) {
  struct track *k = s->g ? track_of(w, s->g) : NULL;
  if (!k) return;
  switch (s->kind) {
    case TRACE_CREATE:
    case TRACE_READY:
      end_state(w, k, s->time, -1);
      begin_state(k, s->time, "runnable");
      arrow_begin(w, k, s);
      break;
    case TRACE_START:
      end_state(w, k, s->time, -1);
      if (k->arrow) arrow_end(w, 'f', k->arrow, k->g, s->time);
      k->arrow = 0;
      begin_state(k, s->time, "running");
      break;
    case STEP_WAITS:
    case STEP_CALLS:
      end_state(w, k, s->time, -1);
      begin_state(k, s->time, s->kind == STEP_CALLS ? "blocking call" : timeline_reason(s->reason));
      break;
    default:
      end_state(w, k, s->time, s->p);
      if (s->kind != TRACE_END)
        begin_state(k, s->time,
                    s->kind == STEP_YIELD      ? "runnable"
                    : s->kind == STEP_TAKEN    ? "running without a processor"
                    : s->kind == TRACE_SYSCALL ? "blocking call"
                                               : timeline_reason(s->reason));
  }
}

void timeline_chrome(struct timeline *t, struct buf *out) {
  struct writer w = {.out = out, .t = t};
  make_tracks(&w);
  buf_str(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
  name_track(&w, PROCESSORS, 0, "process_name", "processors");
  name_track(&w, GOROUTINES, 0, "process_name", "goroutines");
  for (int p = 0; p < t->procs; p++) {
    char *name = mem_format("P%d", p);
    name_track(&w, PROCESSORS, (uint64_t)p, "thread_name", name);
    free(name);
  }
  for (size_t i = 0; i < w.n; i++) {
    char *name = label(&w.v[i]);
    name_track(&w, GOROUTINES, w.v[i].g, "thread_name", name);
    free(name);
  }
  for (size_t i = 0; i < t->n; i++) take(&w, &t->v[i]);
  for (size_t i = 0; i < w.n; i++) end_state(&w, &w.v[i], t->end, -1);
  buf_format(out, "{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":%d,\"args\":{\"sort_index\":1}}\n]}\n",
             PROCESSORS);
  free(w.v);
}
