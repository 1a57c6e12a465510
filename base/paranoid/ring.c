/* What each thread did last: a ring of events for each, written by it alone and without order.  Who tells them reads
 * others' while they are written: an event may be torn, which matters to no one but the reader.
 *
 * The rings are in the process's own data, since a thread's own memory is gone when it has ended; threads beyond their
 * number share them. */
#include <stdio.h>
#include <string.h>

#include "base/paranoid.h"
#include "base/prim.h"

enum { RINGS = 64, EVENTS = 256, TOLD_OF_MINE = 64, TOLD_OF_OTHERS = 12 };

struct event {
  int64_t at;                       /* prim_now */
  const char *what;                 /* NULL: a lock was taken, at `site` */
  const struct paranoid_site *site; /* of a lock */
  uint64_t a, b;                    /* as `what` says; a: the lock */
};

static struct ring {
  uint32_t n;   /* events ever; relaxed */
  uint32_t tid; /* whose they are */
  struct event v[EVENTS];
} rings[RINGS];
static uint32_t rings_used; /* atomic, relaxed: threads that have got one */
static _Thread_local struct ring *mine;

static struct ring *my_ring(void) {
  if (!mine) {
    struct ring *r = &rings[__atomic_fetch_add(&rings_used, 1, __ATOMIC_RELAXED) % RINGS];
    r->tid = prim_gettid();
    mine = r;
  }
  return mine;
}

static void note(struct event e) {
  struct ring *r = my_ring();
  uint32_t i = __atomic_fetch_add(&r->n, 1, __ATOMIC_RELAXED); /* atomic for who shares it, and for signal handlers */
  r->v[i % EVENTS] = e;
}

void paranoid_note(const char *what, uint64_t a, uint64_t b) {
  note((struct event){.at = prim_now(), .what = what, .a = a, .b = b});
}

void paranoid_note_lock(const void *lock, const struct paranoid_site *site) {
  note((struct event){.at = prim_now(), .site = site, .a = (uintptr_t)lock});
}

static void tell_event(const struct event *e, int64_t now) {
  char line[256];
  long long ns = now - e->at;
  int n;
  if (e->what)
    n = snprintf(line, sizeof line, "  %10lld ns ago: %s %llu %llu\n", ns, e->what, (unsigned long long)e->a,
                 (unsigned long long)e->b);
  else if (e->site)
    n = snprintf(line, sizeof line, "  %10lld ns ago: lock %s %#llx at %s:%d\n", ns, e->site->what,
                 (unsigned long long)e->a, e->site->file, e->site->line);
  else
    return;
  prim_write_all(2, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

static void tell_ring(const struct ring *r, uint32_t most, int64_t now) {
  uint32_t n = __atomic_load_n(&r->n, __ATOMIC_RELAXED), count = n < most ? n : most;
  char line[80];
  int length = snprintf(line, sizeof line, " thread %u%s, its last %u events of %u:\n", r->tid,
                        r == mine ? " (this one)" : "", count, n);
  prim_write_all(2, line, (size_t)length);
  for (uint32_t i = n - count; i != n; i++) tell_event(&r->v[i % EVENTS], now);
}

void paranoid_dump_events(void) {
  int64_t now = prim_now();
  uint32_t used = __atomic_load_n(&rings_used, __ATOMIC_RELAXED);
  for (uint32_t i = 0; i < used && i < RINGS; i++)
    if (&rings[i] != mine) tell_ring(&rings[i], TOLD_OF_OTHERS, now);
  if (mine) tell_ring(mine, TOLD_OF_MINE, now);
}
