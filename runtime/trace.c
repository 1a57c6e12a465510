/* The timeline is recorded here, and written by trace_file.c.
 *
 * Events go into chunks that belong to one thread (foreign threads and timers share one list, behind a lock), so that
 * noting one takes no lock.  A thread that has filled its share begins anew with its oldest chunk: the timeline can be
 * left on, and has the latest events.
 *
 * Who writes the file reads chunks that others may still fill: n is released after the event that it counts.  A chunk
 * that is used again meanwhile yields a few events that are torn; the reader drops what doesn't fit. */
#include "trace.h"

#include <string.h>

#include "base/arena.h"
#include "base/code.h"
#include "dump.h"

enum { CHUNKS_MAX = 256 /* 32 MB for a thread */ };

static struct trace_list *lists; /* atomic head */
static struct trace_list shared;
static struct spin_TRACE shared_lock;
static struct spin wanted_lock;
static uint32_t wanted; /* by how many; guarded by wanted_lock */

static void enlist(struct trace_list *l) {
  struct trace_list *first = __atomic_load_n(&lists, __ATOMIC_RELAXED);
  do {
    l->next = first;
    /* release: pairs with the acquire in trace_lists */
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
  if (UNLIKELY(!c || c->n == TRACE_CHUNK_EVENTS)) {
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

unsigned trace_name_events(const struct g *g, int64_t time, struct trace_event event[TRACE_NAME_EVENTS]) {
  enum { PIECE = sizeof event->arg };
  const struct g_tag *tag = g->tag;
  size_t size = tag ? strnlen(tag->name, sizeof tag->name) : 0;
  unsigned n = 0;
  for (size_t end = (size + PIECE - 1) / PIECE * PIECE; end > 0; end -= PIECE) {
    const char *piece = tag->name + end - PIECE;
    event[n] = (struct trace_event){time + n, g->id, 0, (uint32_t)(end - PIECE), TRACE_NO_P, TRACE_NAME, n == 0};
    memcpy(&event[n++].arg, piece, strnlen(piece, PIECE));
  }
  return n;
}

void trace_name(struct m *m, const struct g *g) {
  struct trace_event event[TRACE_NAME_EVENTS];
  unsigned n = trace_name_events(g, prim_now(), event);
  for (unsigned i = 0; i < n; i++) note(m, event[i]);
}

const struct trace_list *trace_lists(void) {
  return __atomic_load_n(&lists, __ATOMIC_ACQUIRE); /* pairs with the release in enlist */
}

/* ---- on and off ---- */

static enum trace_state state_of(uint32_t status) {
  switch (status) {
    case G_RUNNING:
      return TRACE_RUNS;
    case G_WAITING:
      return TRACE_WAITS;
    case G_BLOCKING:
      return TRACE_CALLS;
    default:
      return TRACE_RUNNABLE;
  }
}

static void note_state(struct g *g, void *arg) {
  (void)arg;
  uint32_t status = __atomic_load_n(&g->status, __ATOMIC_RELAXED);
  if (status == G_DEAD || g->thread) return;
  struct m *m = status == G_RUNNING ? g->m : NULL;
  note(NULL, (struct trace_event){prim_now(), g->id, (uintptr_t)g->call.f, state_of(status), p_of(m), TRACE_STATE,
                                  (uint8_t)g->reason});
}

void trace_want(void) {
  spin_lock(&wanted_lock);
  bool first = wanted++ == 0;
  if (first && !trace_lists()) enlist(&shared);
  /* release: pairs with the loads in tracing */
  if (first) __atomic_fetch_or(&gw__inspect_hooks.on, INSPECT_TRACE, __ATOMIC_RELEASE);
  spin_unlock(&wanted_lock);
}

void inspect_trace_begin(void) {
  trace_want();
  g_each(note_state, NULL); /* of those of whom nothing else is heard */
}

void inspect_trace_end(void) {
  spin_lock(&wanted_lock);
  if (--wanted == 0) __atomic_fetch_and(&gw__inspect_hooks.on, ~(uint32_t)INSPECT_TRACE, __ATOMIC_RELAXED);
  spin_unlock(&wanted_lock);
}
