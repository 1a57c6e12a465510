/* Events go into chunks that belong to one thread (foreign threads and timers share one list, behind a lock), so that
 * noting one takes no lock.  A thread that has filled its share begins anew with its oldest chunk: the timeline can be
 * left on, and has the latest events.
 *
 * Who writes the file reads chunks that others may still fill: n is released after the event that it counts.  A chunk
 * that is used again meanwhile yields a few events that are torn; the reader drops what doesn't fit. */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/log.h"
#include "base/modules.h"
#include "base/options.h"
#include "dump.h"

enum { EVENTS = 4094, CHUNKS_MAX = 256 /* 32 MB for a thread */ };

struct trace_chunk {
  struct trace_chunk *next; /* older; constant once listed */
  uint32_t n;               /* atomic: events that are complete */
  uint32_t unused;
  struct trace_event event[EVENTS];
};

struct trace_list {
  struct trace_list *next;   /* all lists; constant once listed */
  struct trace_chunk *first; /* atomic: the one that is filled; release by the owner, acquire by who writes */
  uint32_t chunks;           /* the owner's */
  uint64_t lost;             /* atomic */
};

static struct trace_list *lists; /* atomic head */
static struct trace_list shared;
static struct spin shared_lock;
static uint32_t writing; /* atomic: one at a time; a later one has more and takes the place */

static void enlist(struct trace_list *l) {
  struct trace_list *first = __atomic_load_n(&lists, __ATOMIC_RELAXED);
  do {
    l->next = first;
    /* release: pairs with the acquire in trace_write */
  } while (!__atomic_compare_exchange_n(&lists, &first, l, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

static struct trace_chunk *take_oldest(struct trace_list *l) {
  struct trace_chunk *c = l->first;
  while (c->next->next) c = c->next;
  struct trace_chunk *oldest = c->next;
  c->next = NULL;
  __atomic_fetch_add(&l->lost, oldest->n, __ATOMIC_RELAXED);
  return oldest;
}

static struct trace_event *event_new(struct trace_list *l) {
  struct trace_chunk *c = l->first;
  if (UNLIKELY(!c || c->n == EVENTS)) {
    if (l->chunks < CHUNKS_MAX) {
      c = arena_alloc(sizeof *c);
      l->chunks++;
    } else {
      c = take_oldest(l);
    }
    c->next = l->first;
    __atomic_store_n(&c->n, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&l->first, c, __ATOMIC_RELEASE);
  }
  return &c->event[c->n];
}

static void event_done(struct trace_list *l) { __atomic_store_n(&l->first->n, l->first->n + 1, __ATOMIC_RELEASE); }

static struct trace_list *list_of(struct m *m) {
  if (!m) {
    spin_lock(&shared_lock);
    return &shared;
  }
  if (UNLIKELY(!m->trace)) {
    m->trace = arena_alloc(sizeof *m->trace);
    enlist(m->trace);
  }
  return m->trace;
}

static void note(struct m *m, struct trace_event e) {
  struct trace_list *l = list_of(m);
  *event_new(l) = e;
  event_done(l);
  if (l == &shared) spin_unlock(&shared_lock);
}

static uint16_t p_of(const struct m *m) { return m && m->p ? (uint16_t)m->p->id : TRACE_NO_P; }

void trace_note(struct m *m, enum trace_kind kind, uint64_t g, uint64_t arg) {
  uint32_t other = kind == TRACE_CREATE && m && m->cur ? (uint32_t)m->cur->id : 0;
  note(m, (struct trace_event){prim_now(), g, arg, other, p_of(m), (uint8_t)kind, 0});
}

/* The first return address outside of the library. */
static uintptr_t user_call(uintptr_t fp) {
  enum { FRAMES_MAX = 16 };
  for (int i = 0; i < FRAMES_MAX && fp && fp % 8 == 0; i++) {
    const uintptr_t *frame = (const uintptr_t *)fp;
    if (!code_is_ours(frame[1] - 1)) return frame[1];
    if (frame[0] <= fp) break;
    fp = frame[0];
  }
  return 0;
}

void trace_block(struct g *g, enum reason why, uintptr_t fp) {
  note(g->m, (struct trace_event){prim_now(), g->id, user_call(fp), 0, p_of(g->m), TRACE_BLOCK, (uint8_t)why});
}

void trace_ready(struct m *m, const struct g *g) {
  uint32_t by = m && m->cur ? (uint32_t)m->cur->id : 0;
  uintptr_t call = by ? user_call((uintptr_t)__builtin_frame_address(0)) : 0;
  note(m, (struct trace_event){prim_now(), g->id, call, by, p_of(m), TRACE_READY, 0});
}

/* ---- the file ---- */

static uint64_t write_list(int fd, const struct trace_list *l, uint64_t *lost) {
  uint64_t bytes = 0;
  *lost += __atomic_load_n(&l->lost, __ATOMIC_RELAXED);
  for (const struct trace_chunk *c = __atomic_load_n(&l->first, __ATOMIC_ACQUIRE); c; c = c->next) {
    size_t n = __atomic_load_n(&c->n, __ATOMIC_ACQUIRE) * sizeof c->event[0]; /* pairs with the release in event_done */
    if (prim_write_all(fd, c->event, n) == 0) bytes += n;
  }
  return bytes;
}

static int write_module(int fd, const struct module *m) {
  char line[640];
  int n =
      snprintf(line, sizeof line, "module %zx %zx %zx %s\n", (size_t)m->lo, (size_t)m->hi, (size_t)m->bias, m->path);
  return prim_write_all(fd, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

static void write_text(int fd) {
  static struct modules modules; /* written once */
  modules_read(&modules);
  for (unsigned i = 0; i < modules.n; i++) write_module(fd, &modules.at[i]);
}

static void write_file(void) {
  int fd = prim_open_write(gw__opts.trace);
  if (fd < 0) {
    gw__warn("can't write the timeline %s (error %d): set GODWIT=trace=FILE to a writable place", gw__opts.trace, -fd);
    return;
  }
  struct trace_head head = {.magic = TRACE_MAGIC, .start = sched.start, .end = prim_now()};
  prim_write_all(fd, &head, sizeof head);
  head.text = sizeof head;
  for (struct trace_list *l = __atomic_load_n(&lists, __ATOMIC_ACQUIRE); l; l = l->next)
    head.text += write_list(fd, l, &head.lost);
  write_text(fd);
  prim_write_at(fd, &head, sizeof head, 0); /* now that it is known how much there is */
  prim_close(fd);
}

void trace_write(void) {
  if (!tracing() || __atomic_exchange_n(&writing, 1, __ATOMIC_ACQUIRE)) return;
  write_file();
  __atomic_store_n(&writing, 0, __ATOMIC_RELEASE);
}

static void at_exit(int status, void *arg) {
  (void)status, (void)arg;
  trace_write();
}

void trace_init(void) {
  if (!*gw__opts.trace) return;
  enlist(&shared);
  on_exit(at_exit, NULL);
  log_on_finding = trace_write; /* should the process be killed afterwards, what led there is kept */
  __atomic_fetch_or(&gw__inspect_hooks.on, INSPECT_TRACE, __ATOMIC_RELEASE); /* pairs with the loads in tracing */
}
