/* A timeline in the format that `go tool trace` of Go 1.19 reads: a batch of events per processor, numbers as LEB128,
 * times as differences.  Events that nobody on a processor did (timers, foreign threads) stand in the batch of
 * the timers' processor.  A goroutine's starts and wake-ups are numbered, by which the tool puts the batches together.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/timeline.h"

/* Numbers of Go's events. */
enum {
  EV_BATCH = 1,
  EV_FREQUENCY = 2,
  EV_STACK = 3,
  EV_GOMAXPROCS = 4,
  EV_PROC_START = 5,
  EV_PROC_STOP = 6,
  EV_GO_CREATE = 13,
  EV_GO_START = 14,
  EV_GO_END = 15,
  EV_GO_SCHED = 17,
  EV_GO_SLEEP = 19,
  EV_GO_BLOCK = 20,
  EV_GO_UNBLOCK = 21,
  EV_GO_BLOCK_SEND = 22,
  EV_GO_BLOCK_RECV = 23,
  EV_GO_BLOCK_SELECT = 24,
  EV_GO_BLOCK_SYNC = 25,
  EV_GO_BLOCK_COND = 26,
  EV_GO_BLOCK_NET = 27,
  EV_GO_SYS_CALL = 28,
  EV_GO_SYS_EXIT = 29,
  EV_GO_SYS_BLOCK = 30,
  EV_GO_WAITING = 31,
  EV_GO_IN_SYSCALL = 32,
  EV_STRING = 37,
  EV_GO_START_LABEL = 41
};

/* The tool wants a function for each goroutine: what stands for the address of one that isn't known. */
enum { MAIN = 1, OTHER = 2 };
enum { TIMERS = 1000001 }; /* the tool's number of the processor on which timers fire */

struct batch {
  struct buf events;
  int64_t first, last; /* times */
};

/* A goroutine's number of its next start or wake-up. */
struct sequence {
  uint64_t g, next;
  uint64_t label; /* string that its runs are shown under; 0: the tool's choice */
  bool in_call;   /* in gw_blocking */
};

struct go_writer {
  struct timeline *t;
  struct batch *batch; /* by processor, plus one */
  struct sequence *v;  /* open addressing by g; 0 is empty */
  size_t room;
  uint64_t *address; /* of stack i + 1: each has one frame */
  size_t addresses;
  struct strings names; /* of string i + 1 */
};

static void varint(struct buf *b, uint64_t v) {
  for (; v >= 0x80; v >>= 7) buf_add(b, &(char){(char)(v | 0x80)}, 1);
  buf_add(b, &(char){(char)v}, 1);
}

/* The upper two bits say how many arguments there are, less one; 3: their length in bytes comes first. */
static void event(struct buf *b, int type, const uint64_t *args, size_t n) {
  struct buf body = {0};
  for (size_t i = 0; i < n; i++) varint(&body, args[i]);
  buf_add(b, &(char){(char)(type | (n <= 3 ? (int)n - 1 : 3) << 6)}, 1);
  if (n > 3) varint(b, body.n);
  buf_add(b, body.p, body.n);
  buf_free(&body);
}

/* An event of processor p, its time before the arguments. */
static void timed(struct go_writer *w, int p, int type, int64_t time, const uint64_t *args, size_t n) {
  struct batch *b = &w->batch[p + 1];
  if (!b->events.n) b->first = b->last = time;
  uint64_t all[5] = {(uint64_t)(time - b->last)};
  b->last = time;
  for (size_t i = 0; i < n; i++) all[i + 1] = args[i];
  event(&b->events, type, all, n + 1);
}

static struct sequence *sequence_of(struct go_writer *w, uint64_t g) {
  size_t i = g * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (w->room - 1);
  while (w->v[i].g && w->v[i].g != g) i = (i + 1) & (w->room - 1);
  w->v[i].g = g;
  return &w->v[i];
}

/* Number of the stack that is this one address; 0 for none. Few differ. */
static uint64_t stack_of(struct go_writer *w, uint64_t address) {
  if (!address) return 0;
  for (size_t i = w->addresses; i-- > 0;)
    if (w->address[i] == address) return i + 1;
  w->address = mem_grow(w->address, (w->addresses + 1) * sizeof *w->address);
  w->address[w->addresses] = address;
  return ++w->addresses;
}

static uint64_t string_of(struct go_writer *w, const char *s) {
  if (!*s) return 0;
  for (size_t i = w->names.n; i-- > 0;)
    if (strcmp(w->names.v[i], s) == 0) return i + 1;
  strings_add(&w->names, s);
  return w->names.n;
}

/* The tool groups goroutines by their functions, and calls their runs by them unless told otherwise. */
static uint64_t label_of(struct go_writer *w, uint64_t g) {
  const char *name = timeline_name(w->t, g);
  if (!name) return 0;
  char *label = mem_format("G%llu %s", (unsigned long long)g, name);
  uint64_t string = string_of(w, label);
  free(label);
  return string;
}

static int block_event(const char *reason) {
  static const struct {
    const char *reason;
    int event;
  } table[] = {{"chan send", EV_GO_BLOCK_SEND}, {"chan receive", EV_GO_BLOCK_RECV},
               {"select", EV_GO_BLOCK_SELECT},  {"sync.Cond.Wait", EV_GO_BLOCK_COND},
               {"sync.", EV_GO_BLOCK_SYNC},     {"semacquire", EV_GO_BLOCK_SYNC},
               {"sleep", EV_GO_SLEEP},          {"IO wait", EV_GO_BLOCK_NET}};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (has_prefix(reason, table[i].reason)) return table[i].event;
  return EV_GO_BLOCK;
}

static void take(struct go_writer *w, const struct step *s) {
  if (!s->g) {
    bool start = s->kind == TRACE_P_START;
    timed(w, s->p, start ? EV_PROC_START : EV_PROC_STOP, s->time, (uint64_t[]){s->thread}, start);
    return;
  }
  struct sequence *q = sequence_of(w, s->g);
  uint64_t stack = s->kind != TRACE_CREATE && s->address ? stack_of(w, s->address - 1) : 0;
  switch (s->kind) {
    case TRACE_CREATE:
      timed(w, s->p, EV_GO_CREATE, s->time,
            (uint64_t[]){s->g,
                         stack_of(w, s->address  ? s->address
                                     : s->g == 1 ? MAIN
                                                 : OTHER),
                         0},
            3);
      q->next = 1;
      q->label = label_of(w, s->g);
      break;
    case STEP_WAITS:
    case STEP_CALLS:
      timed(w, s->p, s->kind == STEP_WAITS ? EV_GO_WAITING : EV_GO_IN_SYSCALL, s->time, &s->g, 1);
      q->next = 2;
      q->in_call = s->kind == STEP_CALLS;
      break;
    case TRACE_START:
      timed(w, s->p, q->label ? EV_GO_START_LABEL : EV_GO_START, s->time, (uint64_t[]){s->g, q->next++, q->label},
            q->label ? 3 : 2);
      break;
    case TRACE_READY:
      if (q->in_call)
        timed(w, -1, EV_GO_SYS_EXIT, s->time, (uint64_t[]){s->g, q->next++, 0}, 3);
      else
        timed(w, s->p, EV_GO_UNBLOCK, s->time, (uint64_t[]){s->g, q->next++, stack}, 3);
      q->in_call = false;
      break;
    case TRACE_BLOCK:
      timed(w, s->p, block_event(timeline_reason(s->reason)), s->time, &stack, 1);
      break;
    case TRACE_SYSCALL:
    case STEP_TAKEN: /* the nearest that the tool has */
      timed(w, s->p, EV_GO_SYS_CALL, s->time, &stack, 1);
      timed(w, s->p, EV_GO_SYS_BLOCK, s->time, NULL, 0);
      q->in_call = true;
      break;
    case TRACE_END:
      timed(w, s->p, EV_GO_END, s->time, NULL, 0);
      break;
    default:
      timed(w, s->p, EV_GO_SCHED, s->time, &stack, 1);
  }
}

static void write_stacks(struct go_writer *w, struct buf *out) {
  for (size_t i = 0; i < w->addresses; i++) {
    struct timeline_place at = timeline_place(w->t, w->address[i]);
    const char *name = w->address[i] == MAIN ? "main" : *at.function ? at.function : "?";
    uint64_t function = string_of(w, name), file = string_of(w, at.file);
    event(out, EV_STACK, (uint64_t[]){i + 1, 1, w->address[i], function, file, (uint64_t)at.line}, 6);
  }
}

static void write_strings(const struct go_writer *w, struct buf *out) {
  for (size_t i = 0; i < w->names.n; i++) {
    buf_add(out, &(char){EV_STRING}, 1);
    varint(out, i + 1);
    varint(out, strlen(w->names.v[i]));
    buf_str(out, w->names.v[i]);
  }
}

void timeline_go(struct timeline *t, struct buf *out) {
  struct go_writer w = {.t = t, .room = 1024};
  while (w.room < 2 * t->n) w.room *= 2;
  w.v = mem_alloc(w.room * sizeof *w.v);
  w.batch = mem_alloc((size_t)(t->procs + 2) * sizeof *w.batch);
  timed(&w, 0, EV_GOMAXPROCS, 0, (uint64_t[]){(uint64_t)(t->procs ? t->procs : 1), 0}, 2);
  for (size_t i = 0; i < t->n; i++) take(&w, &t->v[i]);
  buf_add(out, "go 1.19 trace\0\0\0", 16);
  for (int p = -1; p <= t->procs; p++) {
    struct batch *b = &w.batch[p + 1];
    if (!b->events.n) continue;
    event(out, EV_BATCH, (uint64_t[]){p < 0 ? TIMERS : (uint64_t)p, (uint64_t)b->first}, 2);
    buf_add(out, b->events.p, b->events.n);
    buf_free(&b->events);
  }
  event(out, EV_FREQUENCY, (uint64_t[]){1000000000}, 1); /* of the ticks: nanoseconds */
  write_stacks(&w, out);
  write_strings(&w, out);
  strings_free(&w.names);
  free(w.address);
  free(w.batch);
  free(w.v);
}
