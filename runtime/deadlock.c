/* The wait-for graph.  A goroutine that waits for a lock waits for its owner, so has one successor at most, and circles
 * are found by walking.  For channels and wait groups nobody owns what is waited for: there, who has it on its stack
 * counts as one who could end the wait, if the search for leaks has shown that nobody else can.
 *
 * A lock knows its owner by number (mutex.h); a reader of a rwmutex leaves none, so circles through readers are not
 * seen. */
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

void deadlock_search_begin(void) { this_search++; }

static struct g *owner_of(const gw_mutex *m) {
  uint32_t number = __atomic_load_n(&m->gw__owner, __ATOMIC_RELAXED);
  bool locked = __atomic_load_n(&m->gw__state, __ATOMIC_RELAXED) & 1;
  return number && locked ? g_of_number(number) : NULL;
}

struct g *deadlock_owner(const struct g *g) {
  if (waits_for(g, WAIT_MUTEX)) return owner_of(g->object);
  if (!waits_for(g, WAIT_RWMUTEX_R) && !waits_for(g, WAIT_RWMUTEX_W)) return NULL;
  const gw_rwmutex *rw = g->object;
  struct g *writer = owner_of(&rw->gw__w);
  /* A writer that has stopped new readers waits for those that are in. */
  if (writer == g && __atomic_load_n(&rw->gw__leaving, __ATOMIC_RELAXED) > 0) return NULL;
  return writer;
}

struct walk {
  struct circle *out;
  unsigned max, n;
  uint32_t stamp; /* of the walk; marks of others are smaller */
};

static void mark_clear(struct g *g, void *arg) {
  (void)arg;
  g->walk = 0;
}

/* Lists the circle that g is in; none if it is too long to be told. */
static void circle_take(struct walk *w, struct g *g) {
  struct circle *c = &w->out[w->n];
  c->n = 0;
  for (struct g *at = g; at; at = deadlock_owner(at)) {
    if (c->n > 0 && at == g) {
      w->n++;
      return;
    }
    if (c->n == CIRCLE_MAX) return;
    c->g[c->n++] = at;
  }
}

static void walk_from(struct g *g, void *arg) {
  struct walk *w = arg;
  if (w->n == w->max || g->walk || !deadlock_owner(g)) return;
  w->stamp++;
  for (struct g *at = g; at && !at->walk; at = deadlock_owner(at)) {
    at->walk = w->stamp;
    struct g *next = deadlock_owner(at);
    if (next && next->walk == w->stamp) {
      circle_take(w, next);
      return;
    }
  }
}

unsigned deadlock_locks(struct circle *out, unsigned max) {
  struct walk w = {.out = out, .max = max};
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
    const struct g *owner = deadlock_owner(g);
    const char *verb = next == g ? "holds itself" : owner && owner == next ? "holds" : "knows";
    int wrote = snprintf(to + n, room - n, "   goroutine %llu waits for %s 0x%zx, which goroutine %llu %s\n", id,
                         thing(g), (size_t)g->object, next_id, verb);
    if (wrote > 0) n += (size_t)wrote;
  }
  return n < room ? n : room;
}
