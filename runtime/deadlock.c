/* The wait-for graph.  A goroutine that waits for a lock waits for its owner; a writer that waits for readers to leave
 * waits for each of them.  So whoever is in a circle waits for good.  For channels and wait groups nobody owns what is
 * waited for: there, who has it on its stack counts as one who could end the wait, if the search for leaks has shown
 * that nobody else can.
 *
 * A lock knows its owner by number (mutex.h).  Of a rwmutex's readers each knows what it reads (g->reads); they are
 * believed if they are as many as the lock counts, as one goroutine may give up what another one took. */
#include "deadlock.h"

#include <stdio.h>
#include <string.h>

#include "dump.h"
#include "godwit/inspect.h"
#include "mutex.h"

static bool waits_for(const struct g *g, enum reason why) {
  return __atomic_load_n(&g->status, __ATOMIC_RELAXED) == G_WAITING && g->reason == why;
}

/* Who has a number, of which the upper half is missing. A few are remembered for one search, "nobody" too: of many
 * goroutines most wait for the same few. */
enum { REMEMBERED = 64 };
static struct remembered {
  uint32_t number, search; /* that it was looked up in */
  struct g *g;
} remembered[REMEMBERED];
static uint32_t this_search;

struct number_search {
  uint32_t number;
  struct g *found;
};

static void number_match(struct g *g, void *arg) {
  struct number_search *s = arg;
  if ((uint32_t)g->id == s->number) s->found = g;
}

static struct g *g_of_number(uint32_t number) {
  struct remembered *r = &remembered[number % REMEMBERED];
  if (r->number != number || r->search != this_search) {
    struct number_search s = {number, NULL};
    g_each(number_match, &s);
    *r = (struct remembered){number, this_search, s.found};
  }
  return r->g;
}

/* Who reads what, for one search. */
enum { READERS_MAX = 4096 };
static struct readers {
  struct reader {
    const gw_rwmutex *rw;
    struct g *g;
  } v[READERS_MAX];
  uint32_t n; /* may be more than there is room for */
} readers;

static void note_reads(struct g *g, void *arg) {
  (void)arg;
  if (__atomic_load_n(&g->status, __ATOMIC_RELAXED) == G_DEAD) return;
  for (int i = 0; i < READS; i++) {
    const gw_rwmutex *rw = __atomic_load_n(&g->reads[i], __ATOMIC_RELAXED);
    if (!rw) continue;
    if (readers.n < READERS_MAX) readers.v[readers.n] = (struct reader){rw, g};
    readers.n++;
  }
}

void deadlock_search_begin(void) {
  this_search++;
  readers.n = 0;
  g_each(note_reads, NULL);
}

/* The i-th goroutine that reads under rw; NULL if there are no more. */
static struct g *reader_of(const gw_rwmutex *rw, unsigned i) {
  for (uint32_t k = 0; k < readers.n; k++)
    if (readers.v[k].rw == rw && i-- == 0) return readers.v[k].g;
  return NULL;
}

/* Are those the ones for whom its writer waits? */
static bool readers_known(const gw_rwmutex *rw, uint32_t leaving) {
  uint32_t n = 0;
  if (readers.n > READERS_MAX) return false;
  for (uint32_t k = 0; k < readers.n; k++) n += readers.v[k].rw == rw;
  return n == leaving;
}

static struct g *owner_of(const gw_mutex *m) {
  uint32_t number = __atomic_load_n(&m->gw__owner, __ATOMIC_RELAXED);
  bool locked = __atomic_load_n(&m->gw__state, __ATOMIC_RELAXED) & 1;
  return number && locked ? g_of_number(number) : NULL;
}

struct g *deadlock_next(const struct g *g, unsigned i) {
  if (waits_for(g, WAIT_MUTEX)) return i == 0 ? owner_of(g->object) : NULL;
  if (!waits_for(g, WAIT_RWMUTEX_R) && !waits_for(g, WAIT_RWMUTEX_W)) return NULL;
  const gw_rwmutex *rw = g->object;
  const struct g *writer = owner_of(&rw->gw__w);
  int32_t leaving = __atomic_load_n(&rw->gw__leaving, __ATOMIC_RELAXED);
  /* A writer that has stopped new readers waits for those that are in. */
  if (writer == g && leaving > 0) return readers_known(rw, (uint32_t)leaving) ? reader_of(rw, i) : NULL;
  return i == 0 ? owner_of(&rw->gw__w) : NULL;
}

struct g *deadlock_perhaps_next(const struct g *g, unsigned i) {
  const gw_rwmutex *rw = g->object;
  if (!waits_for(g, WAIT_RWMUTEX_W) || owner_of(&rw->gw__w) != g) return NULL;
  return reader_of(rw, i);
}

bool deadlock_waits_for(const struct g *g, const struct g *other) {
  const struct g *next;
  for (unsigned i = 0; (next = deadlock_next(g, i)); i++)
    if (next == other) return true;
  return false;
}

enum { PATH_MAX_G = 256, ON_PATH = 1, DONE = 2 }; /* marks in g->walk, 0 before */

/* A search depth first; what lies deeper than the path can get isn't looked at. */
struct walk {
  struct circle *out;
  unsigned max, n, depth;
  struct {
    struct g *g;
    unsigned next; /* of its successors */
  } path[PATH_MAX_G];
};

static void mark_clear(struct g *g, void *arg) {
  (void)arg;
  g->walk = 0;
}

/* The end of the path leads to g, which is on it; no circle if it is too long to be told. */
static void circle_take(struct walk *w, const struct g *g) {
  struct circle *c = &w->out[w->n];
  unsigned from = w->depth;
  while (from > 0 && w->path[from - 1].g != g) from--;
  if (from-- == 0 || w->depth - from > CIRCLE_MAX || w->n == w->max) return;
  c->n = 0;
  while (from < w->depth) c->g[c->n++] = w->path[from++].g;
  w->n++;
}

static void path_add(struct walk *w, struct g *g) {
  g->walk = ON_PATH;
  w->path[w->depth].g = g;
  w->path[w->depth++].next = 0;
}

static void walk_from(struct g *g, void *arg) {
  struct walk *w = arg;
  if (w->n == w->max || g->walk || !deadlock_next(g, 0)) return;
  path_add(w, g);
  while (w->depth > 0) {
    struct g *at = w->path[w->depth - 1].g, *next = deadlock_next(at, w->path[w->depth - 1].next++);
    if (!next) {
      at->walk = DONE;
      w->depth--;
    } else if (next->walk == ON_PATH) {
      circle_take(w, next);
    } else if (next->walk == 0 && w->depth < PATH_MAX_G) {
      path_add(w, next);
    }
  }
}

unsigned deadlock_locks(struct circle *out, unsigned max) {
  struct walk w;
  w.out = out;
  w.max = max;
  w.n = w.depth = 0;
  deadlock_search_begin();
  g_each(mark_clear, NULL);
  g_each(walk_from, &w);
  return w.n;
}

/* ---- by what lies on stacks ---- */

enum { AMONG_MAX = 256 };

struct held {
  struct g *const *g;
  unsigned n;
  uint64_t waits_for[AMONG_MAX][AMONG_MAX / 64]; /* bit j of row i: i waits for what j has */
  uint8_t state[AMONG_MAX];                      /* of the search: 0 new, 1 on the path, 2 done */
  uint8_t path[AMONG_MAX];
};

static bool has_object(const struct g *g) {
  switch (g->reason) {
    case WAIT_RECV:
    case WAIT_SEND:
    case WAIT_MUTEX:
    case WAIT_RWMUTEX_R:
    case WAIT_RWMUTEX_W:
    case WAIT_WAITGROUP:
    case WAIT_COND:
    case WAIT_SEMA:
      return true;
    default:
      return false;
  }
}

/* Enters who waits for the word that j has on its stack.  Who waits for the same as j is no help to it. */
static void note_word(struct held *h, unsigned j, uintptr_t word) {
  if (word < 0x10000) return;
  for (unsigned i = 0; i < h->n; i++)
    if (i != j && (uintptr_t)h->g[i]->object == word && has_object(h->g[i]) && h->g[i]->object != h->g[j]->object)
      h->waits_for[i][j / 64] |= UINT64_C(1) << j % 64;
}

static void note_stack(struct held *h, unsigned j) {
  struct inspect_g v;
  inspect_g(h->g[j], &v);
  uintptr_t hi = stack_end(&v);
  for (uintptr_t at = v.sp & ~(uintptr_t)7; at + 8 <= hi; at += 8) note_word(h, j, *(const uintptr_t *)at);
}

/* Depth first from i: the first circle that it closes goes to *out. */
static bool find_circle(struct held *h, unsigned i, unsigned depth, struct circle *out) {
  h->state[i] = 1;
  h->path[depth] = (uint8_t)i;
  for (unsigned j = 0; j < h->n; j++) {
    if (!(h->waits_for[i][j / 64] >> j % 64 & 1) || h->state[j] == 2) continue;
    if (h->state[j] == 0) {
      if (find_circle(h, j, depth + 1, out)) return true;
      continue;
    }
    unsigned from = depth;
    while (h->path[from] != j) from--;
    if (depth - from + 1 > CIRCLE_MAX) continue;
    out->n = 0;
    for (unsigned k = from; k <= depth; k++) out->g[out->n++] = h->g[h->path[k]];
    return true;
  }
  h->state[i] = 2;
  return false;
}

unsigned deadlock_held(struct g *const *among, unsigned n, struct circle *out, unsigned max) {
  static struct held h; /* one search at a time; what is beyond its room isn't looked at */
  memset(&h, 0, sizeof h);
  deadlock_search_begin();
  h.g = among;
  h.n = n < AMONG_MAX ? n : AMONG_MAX;
  for (unsigned j = 0; j < h.n; j++) note_stack(&h, j);
  unsigned found = 0;
  for (unsigned i = 0; i < h.n && found < max; i++) {
    if (h.state[i] || !has_object(h.g[i]) || !find_circle(&h, i, 0, &out[found])) continue;
    for (unsigned k = 0; k < h.n; k++) /* its members, and who led to it, are done */
      if (h.state[k] == 1) h.state[k] = 2;
    found++;
  }
  return found;
}

static const char *thing(const struct g *g) {
  switch (g->reason) {
    case WAIT_MUTEX:
      return "mutex";
    case WAIT_RWMUTEX_R:
    case WAIT_RWMUTEX_W:
      return "rwmutex";
    case WAIT_RECV:
      return "a value from channel";
    case WAIT_SEND:
      return "room in channel";
    case WAIT_WAITGROUP:
      return "wait group";
    case WAIT_COND:
      return "condition variable";
    default:
      return "semaphore";
  }
}

size_t deadlock_describe(const struct circle *c, char *to, size_t room) {
  size_t n = 0;
  for (unsigned i = 0; i < c->n && n < room; i++) {
    const struct g *g = c->g[i], *next = c->g[i + 1 < c->n ? i + 1 : 0];
    unsigned long long id = g->id, next_id = next->id;
    const char *verb = !deadlock_waits_for(g, next) ? "knows" : next == g ? "holds itself" : "holds";
    int wrote = snprintf(to + n, room - n, "   goroutine %llu waits for %s 0x%zx, which goroutine %llu %s\n", id,
                         thing(g), (size_t)g->object, next_id, verb);
    if (wrote > 0) n += (size_t)wrote;
  }
  return n < room ? n : room;
}
