/* Select: one core on an array of cases, and the two faces that godwit.h gives it.
 *
 * Of the cases that look ready one is drawn uniformly, and taken if it still is once its channel is locked.  Else all
 * channels are locked, in the order of their addresses, and looked at again.  With none ready, a record goes into the
 * queue of each channel, and the goroutine parks until one of them, or the timer, wins the exchange on g->done; then
 * the other records are taken out again. */
#include "select.h"

#include "base/arena.h"
#include "chan.h"
#include "stress.h"

/* What the core works on. */
struct entry {
  struct gw__chan *c; /* NULL: never ready, or not a channel's case */
  void *elem;
  int64_t ns;
  int kind;            /* enum gw__case_kind */
  struct gw__waiter w; /* set when it waits */
};

enum { INLINE = 8 };

struct alarm {
  struct timer timer;
  struct g *g;
};

static void alarm_fire(struct timer *t, int64_t now) {
  struct g *g = ((struct alarm *)(void *)t)->g;
  (void)now;
  uint32_t no = 0;
  /* acq_rel: partner of waiter_get in chan.c */
  bool mine = __atomic_compare_exchange_n(&g->done, &no, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  if (mine) g->taken = NULL;
  timer_fired(t);
  if (mine) g_ready(m_here(), g);
}

/* The channels in the order of their addresses, each once. */
struct lockset {
  int n;
  struct gw__chan **c;
};

static void lockset_fill(struct lockset *s, struct entry *e, int n) {
  s->n = 0;
  for (int i = 0; i < n; i++) {
    struct gw__chan *c = e[i].c;
    int at = s->n;
    if (!c) continue;
    while (at > 0 && s->c[at - 1] > c) at--;
    if (at > 0 && s->c[at - 1] == c) continue;
    memmove(&s->c[at + 1], &s->c[at], (size_t)(s->n - at) * sizeof *s->c);
    s->c[at] = c;
    s->n++;
  }
}

static void lockset_lock(struct lockset *s) {
  for (int i = 0; i < s->n; i++) spin_lock(&s->c[i]->lock);
}

static void lockset_unlock(const struct lockset *s) {
  struct gw__chan **c = s->c;
  for (int i = s->n; i > 0;) spin_unlock(&c[--i]->lock);
}

struct waiting {
  struct lockset locks;
  struct alarm alarm;
  int64_t when; /* of the alarm; TIMER_NEVER: none */
};

/* On the stack of the goroutine that has just parked.  It stays there until the last channel is unlocked: whoever wins
 * `done`, the goroutine first locks all channels again.  The alarm is started here, as it must not fire any sooner. */
static void wait_begin(void *arg) {
  struct waiting *w = arg;
  struct lockset locks = w->locks;
  if (w->when != TIMER_NEVER) timer_start(&w->alarm.timer, w->when);
  lockset_unlock(&locks);
}

static bool ready(const struct entry *e) {
  return e->c && (e->kind == GW__CASE_KIND_SEND ? chan_can_send(e->c) : chan_can_recv(e->c));
}

/* One of the ready cases, each as likely, or -1.  Without the channels' locks, what it finds may be over. */
static int draw(struct entry *e, int n, uint64_t *rng) {
  int count = 0, last = -1;
  for (int i = 0; i < n; i++)
    if (ready(&e[i])) count++, last = i;
  if (count <= 1) return last;
  uint32_t pick = rng_below(rng, (uint32_t)count);
  for (int i = 0; i < n; i++)
    if (ready(&e[i]) && pick-- == 0) return i;
  return -1; /* without the locks: fewer are ready by now */
}

/* A case that looked ready. CHAN_WAIT: it is not, as the partners in the queue had been taken in other channels. */
static enum chan_outcome perform(struct entry *e, struct race_g *r, struct g **wake) {
  return e->kind == GW__CASE_KIND_SEND ? chan_send_locked(e->c, e->elem, r, wake)
                                       : chan_recv_locked(e->c, e->elem, r, wake);
}

static struct gw__waitq *queue_of(struct entry *e) {
  return e->kind == GW__CASE_KIND_SEND ? &e->c->senders : &e->c->receivers;
}

/* Parks until a case is taken; its index.  Enters with all channels locked, returns with none. */
static int wait_for_one(struct g *g, struct entry *e, int n, struct waiting *w, bool *ok) {
  __atomic_store_n(&g->done, 0, __ATOMIC_RELAXED); /* published by the channels' locks */
  g->taken = NULL;
  for (int i = 0; i < n; i++) {
    if (!e[i].c) continue;
    e[i].w = (struct gw__waiter){.g = g, .elem = e[i].elem, .index = i};
    waitq_put(queue_of(&e[i]), &e[i].w);
  }
  bool ends = g->thread && w->when != TIMER_NEVER;
  if (ends) __atomic_fetch_add(&sched.timers, 1, __ATOMIC_SEQ_CST); /* a thread is looked at before its alarm is set */
  g_park(g, n ? WAIT_SELECT : WAIT_SELECT_NONE, wait_begin, w);
  if (ends) __atomic_fetch_sub(&sched.timers, 1, __ATOMIC_SEQ_CST);
  lockset_lock(&w->locks);
  for (int i = 0; i < n; i++)
    if (e[i].c && e[i].w.queued) waitq_remove(queue_of(&e[i]), &e[i].w);
  struct gw__waiter *taken = g->taken;
  lockset_unlock(&w->locks);
  if (w->when != TIMER_NEVER) timer_stop(&w->alarm.timer);
  *ok = taken && taken->ok;
  return taken ? taken->index : -1;
}

static void note_sends(struct entry *e, int n, const struct g *g, struct race_at at) {
  if (!GW_RACE) return;
  for (int i = 0; i < n; i++) {
    if (!e[i].c || e[i].kind != GW__CASE_KIND_SEND) continue;
    spin_lock(&e[i].c->lock);
    chan_note_send_locked(e[i].c, g, at);
    spin_unlock(&e[i].c->lock);
  }
}

/* The case whose duration ends first, or -1. */
static int first_after(const struct entry *e, int n) {
  int best = -1;
  for (int i = 0; i < n; i++)
    if (e[i].kind == GW__CASE_KIND_AFTER && (best < 0 || e[i].ns < e[best].ns)) best = i;
  return best;
}

static int default_case(const struct entry *e, int n) {
  for (int i = 0; i < n; i++)
    if (e[i].kind == GW__CASE_KIND_DEFAULT) return i;
  return -1;
}

/* One choice, on its way. */
struct choice {
  struct g *g;
  struct m *m; /* NULL on a foreign thread */
  uint64_t *rng;
  struct entry *e;
  int n;
  enum chan_outcome out;
  bool ok; /* a value was received */
};

/* Takes a case that looks ready, with no lock but its channel's; -1 if there is none, or not any more. */
static int take_ready(struct choice *ch) {
  struct g *wake = NULL;
  int i = draw(ch->e, ch->n, ch->rng);
  if (i < 0) return -1;
  struct entry *e = &ch->e[i];
  spin_lock(&e->c->lock); /* draw gives a filled entry only: NOLINT(clang-analyzer-core.CallAndMessage) */
  ch->out = perform(e, ch->g->race, &wake);
  spin_unlock(&e->c->lock);
  if (wake) g_ready(ch->m, wake);
  ch->ok = e->kind == GW__CASE_KIND_RECV && ch->out == CHAN_DONE;
  return ch->out == CHAN_WAIT ? -1 : i;
}

/* The same with all locked, in w; these are given up if it takes one. */
static int take_locked(struct choice *ch, const struct waiting *w) {
  struct g *wake = NULL;
  int i;
  do {
    i = draw(ch->e, ch->n, ch->rng);
    if (i < 0) return -1;
    ch->out = perform(&ch->e[i], ch->g->race, &wake);
  } while (ch->out == CHAN_WAIT);
  lockset_unlock(&w->locks);
  if (wake) g_ready(ch->m, wake);
  ch->ok = ch->e[i].kind == GW__CASE_KIND_RECV && ch->out == CHAN_DONE;
  return i;
}

/* None looked ready. */
static int take_or_wait(struct choice *ch, struct gw__chan **chans) {
  struct waiting w = {.locks = {.c = chans}, .alarm = {.timer = {.fire = alarm_fire}, .g = ch->g}, .when = TIMER_NEVER};
  int fallback = default_case(ch->e, ch->n), timed = first_after(ch->e, ch->n);
  lockset_fill(&w.locks, ch->e, ch->n);
  lockset_lock(&w.locks);
  int i = take_locked(ch, &w);
  if (i >= 0) return i;
  ch->out = CHAN_DONE;
  ch->ok = false;
  if (fallback < 0 && timed >= 0 && ch->e[timed].ns <= 0) fallback = timed;
  if (fallback >= 0) {
    lockset_unlock(&w.locks);
    return fallback;
  }
  if (timed >= 0) w.when = prim_now() + ch->e[timed].ns;
  i = wait_for_one(ch->g, ch->e, ch->n, &w, &ch->ok);
  if (i < 0) i = timed;
  GW_CHECK(i >= 0);
  if (ch->e[i].kind == GW__CASE_KIND_SEND) {
    if (!ch->ok) ch->out = CHAN_CLOSED;
    ch->ok = false;
  }
  return i;
}

static uint64_t *thread_rng(void) {
  static _Thread_local uint64_t rng; /* for foreign threads, which never move */
  static uint32_t threads;           /* atomic, relaxed: only counts them */
  if (!rng) rng = rng_begin(UINT64_C(1) << 32 | __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED));
  return &rng;
}

/* The core: index of the case taken; *ok: a value was received. */
static int choose(struct entry *e, int n, bool *ok, struct race_at at) {
  struct choice ch = {.g = g_self(), .e = e, .n = n};
  ch.m = rt_enter(ch.g);
  note_sends(e, n, ch.g, at);
  ch.rng = ch.m ? &ch.m->rng : thread_rng();
  int i = take_ready(&ch);
  if (i < 0) {
    struct gw__chan *few[INLINE], **chans = few;
    if (n > INLINE) chans = arena_alloc_user((size_t)n * sizeof *chans);
    i = take_or_wait(&ch, chans);
    if (n > INLINE) arena_free_user(chans, (size_t)n * sizeof *chans);
  }
  rt_exit(ch.g->m);
  if (ch.out == CHAN_CLOSED && e[i].kind == GW__CASE_KIND_SEND) gw_panic("send on closed channel");
  *ok = ch.ok;
  return i;
}

/* Field by field: a record that is made aside and copied waits for its own stores. */
static inline void entry_set(struct entry *e, int kind, struct gw__chan *c, void *elem, int64_t ns) {
  e->c = c;
  e->elem = elem;
  e->ns = ns;
  e->kind = kind;
}

static struct entry *entries_get(struct entry *few, int n) {
  return n > INLINE ? arena_alloc_user((size_t)n * sizeof *few) : few;
}
static void entries_put(struct entry *e, struct entry *few, int n) {
  if (e != few) arena_free_user(e, (size_t)n * sizeof *e);
}

/* What a select does to the user's memory, where a case says. */
static void note_case(const gw_case *c, int kind, enum race_op op, struct race_at at) {
  if (GW_RACE && c->gw__kind == kind && c->gw__chan && c->gw__elem)
    race_access(race_self(), c->gw__elem, c->gw__chan->size, op, at);
}

int gw_select_cases(gw_case *cases, int n) {
  struct entry few[INLINE], *e = entries_get(few, n);
  for (int i = 0; i < n; i++) {
    gw_case *c = &cases[i];
    entry_set(&e[i], c->gw__kind, c->gw__chan, c->gw__elem, c->gw__ns);
    note_case(c, GW__CASE_KIND_SEND, RACE_READ, RACE_HERE());
  }
  bool ok = false;
  int i = choose(e, n, &ok, RACE_HERE());
  entries_put(e, few, n);
  for (int k = 0; k < n; k++) cases[k].ok = k == i && ok;
  note_case(&cases[i], GW__CASE_KIND_RECV, RACE_WRITE, RACE_HERE());
  return i;
}

/* ---- the block form ---- */

void gw__select_begin(struct gw__select *s) {
  struct race_at at = RACE_HERE();
  s->more = NULL;
  s->pass = 0;
  s->n = 0;
  s->cap = GW__SELECT_CASES;
  s->used = 0;
  s->room = GW__SELECT_BYTES;
  s->cases = s->inline_cases;
  s->elems = s->inline_elems;
  s->pc = at.pc;
  s->fp = at.fp;
}

/* What a select has outgrown its frame for.  Listed, so that a panic in the evaluation of a case gives it back; the
 * frame itself is in no list, or the detector would have to look at it (macros.h, GW__NOESCAPE). */
struct select_memory {
  struct select_memory *outer;   /* the goroutine's next one */
  struct gw__select_case *cases; /* NULL: in the frame */
  char *elems;                   /* NULL: in the frame */
  int cap;                       /* cases that there is room for */
  uint32_t room;                 /* bytes of elements */
};

static struct select_memory *memory_of(struct gw__select *s) {
  if (!s->more) {
    struct g *g = g_self();
    struct select_memory *m = s->more = arena_alloc(sizeof *m);
    m->outer = g->selects;
    g->selects = m;
  }
  return s->more;
}

static void give_back(struct select_memory *m) {
  if (m->cases) arena_free_user(m->cases, (size_t)m->cap * sizeof *m->cases);
  if (m->elems) arena_free_user(m->elems, m->room);
  arena_free(m, sizeof *m);
}

void select_drop(struct g *g, struct select_memory *keep) {
  while (g->selects != keep) {
    struct select_memory *m = g->selects;
    g->selects = m->outer;
    give_back(m);
  }
}

static void run_select(struct gw__select *s) {
  struct entry few[INLINE], *e = entries_get(few, s->n);
  for (int i = 0; i < s->n; i++) {
    const struct gw__select_case *c = &s->cases[i];
    entry_set(&e[i], c->kind, c->chan, s->elems + c->at, c->ns);
  }
  bool ok = false;
  s->taken = choose(e, s->n, &ok, (struct race_at){s->pc, s->fp});
  s->cases[s->taken].ok = ok;
  entries_put(e, few, s->n);
}

bool gw__select_pass(struct gw__select *s) {
  switch (s->pass) {
    case 0:
      s->pass = 1;
      return true;
    case 1:
      run_select(s);
      s->pass = 2;
      s->at = 0;
      return true;
    default:
      return false;
  }
}

static struct gw__select_case *add_case(struct gw__select *s, int kind) {
  if (s->n == s->cap) {
    struct select_memory *m = memory_of(s);
    struct gw__select_case *more = arena_alloc_user((size_t)s->cap * 2 * sizeof *more);
    memcpy(more, s->cases, (size_t)s->n * sizeof *more);
    if (m->cases) arena_free_user(m->cases, (size_t)s->cap * sizeof *more);
    s->cases = m->cases = more;
    s->cap = m->cap = s->cap * 2;
  }
  struct gw__select_case *c = &s->cases[s->n++];
  *c = (struct gw__select_case){.kind = kind};
  return c;
}

/* Room for an element, 16-byte aligned. */
static void add_elem(struct gw__select *s, struct gw__select_case *c, size_t size) {
  size_t need = s->used + ((size + 15) & ~(size_t)15);
  if (need > s->room) {
    struct select_memory *m = memory_of(s);
    size_t room = need * 2;
    char *more = arena_alloc_user(room);
    memcpy(more, s->elems, s->used);
    if (m->elems) arena_free_user(m->elems, m->room);
    s->elems = m->elems = more;
    s->room = m->room = (uint32_t)room;
  }
  c->at = s->used;
  c->size = (uint32_t)size;
  s->used = (uint32_t)need;
}

bool gw__select_add_recv(struct gw__select *s, struct gw__chan *chan, size_t size) {
  struct gw__select_case *c = add_case(s, GW__CASE_KIND_RECV);
  c->chan = chan;
  add_elem(s, c, size);
  return false;
}

bool gw__select_add_send(struct gw__select *s, struct gw__chan *chan, const void *elem, size_t size) {
  struct gw__select_case *c = add_case(s, GW__CASE_KIND_SEND);
  c->chan = chan;
  add_elem(s, c, size);
  chan_copy(s->elems + c->at, elem, size);
  return false;
}

bool gw__select_add_after(struct gw__select *s, int64_t ns) {
  add_case(s, GW__CASE_KIND_AFTER)->ns = ns;
  return false;
}

bool gw__select_add_default(struct gw__select *s) {
  add_case(s, GW__CASE_KIND_DEFAULT);
  return false;
}

bool gw__select_take(struct gw__select *s, void *elem, bool *ok) {
  uint32_t size = s->cases[s->taken].size;
  if (elem && size) race_access(race_self(), elem, size, RACE_WRITE, RACE_HERE());
  return gw__select_take_own(s, elem, ok);
}

bool gw__select_take_own(struct gw__select *s, void *elem, bool *ok) {
  const struct gw__select_case *c = &s->cases[s->taken];
  if (elem) chan_copy(elem, s->elems + c->at, c->size);
  if (ok) *ok = c->ok;
  s->pass = 3;
  if (UNLIKELY(s->more != NULL)) select_drop(g_self(), ((struct select_memory *)s->more)->outer);
  return true;
}
