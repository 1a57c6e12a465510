/* Contexts, as in Go's package context: a tree in which ending goes down and values are looked up upwards.
 *
 * Invariants
 * - A context that has not ended stands in its parent's list of children.  `err` is set once and never changes.
 * - When a cancellation returns, everything below has ended, also where another goroutine cancels a part of it at the
 *   same time: who walks down keeps the locks on its way, so who comes second waits until the first is through.
 * - References: the owners together hold one, each child one, an armed timer one.  A child that was not the first to
 *   leave its parent's list takes the parent's lock before it goes, so that who walks down may use it as long as it
 * holds that lock.
 *
 * Locks: c->lock guards what changes in c, and first/next/prev of its children's list.  Parent before child.  They are
 * mutexes, since a branch may be large; so a timer, which may not park, starts a goroutine that cancels.
 *
 * The done channel is made when it is first asked for: most contexts are never waited on.
 *
 * For the detector: &err carries who canceled to who sees it, as the channel does by its own clock; under the detector
 * a context that ends without a channel gets one then, so that its close is the canceler's and not the asker's.
 * &refs carries each owner's uses to the one that gives the memory back.  `used` is what every call reads and that one
 * writes: a use after the last free is a finding.
 *
 * Rejected: one lock per tree (all requests of a server derive from one context); ending by walking up at each look (an
 * error that two ancestors disagree about would change).
 */
#include <errno.h>

#include "base/arena.h"
#include "base/goid.h"
#include "runtime/chan.h"
#include "runtime/mutex.h"

_Static_assert(GW_CANCELED == ECANCELED && GW_DEADLINE_EXCEEDED == ETIMEDOUT, "the header's numbers are errno's");

/* Where it stands in its parent's list.  TAKEN: by who walks down from there, and may still be at it. */
enum place { NOT_LISTED, LISTED, TAKEN, LEFT };

struct gw_ctx {
  struct timer timer;    /* of a deadline of its own; first: a timer is cast back */
  gw_ctx *parent;        /* constant; NULL: the background */
  gw_ctx *values;        /* constant: nearest context with a value, itself included */
  const void *key;       /* constant; NULL: no value */
  void *value;           /* constant */
  int64_t deadline;      /* constant; INT64_MAX: none */
  gw_mutex lock;         /* see above */
  gw_ctx *first;         /* children; guarded by lock */
  gw_ctx *next, *prev;   /* siblings; guarded by the parent's lock */
  uint32_t place;        /* atomic: enum place; changed with the parent's lock */
  bool through;          /* atomic: all below has ended, too; release by who ended it, acquire by who comes again */
  bool armed;            /* the timer was started, and not stopped yet; guarded by lock */
  int err;               /* atomic: release by who cancels, acquire by who looks */
  uint32_t owners;       /* atomic: acq_rel, the last one ends it */
  uint32_t refs;         /* atomic: acq_rel, the last one frees it */
  struct gw__chan *done; /* atomic: release by who makes it (with lock), acquire by who asks */
  uint64_t used;         /* see above */
  uint64_t id;           /* of the goroutine that the deadline starts */
  struct race_g *race;   /* its state in the detector; ours until the timer fires */
  uintptr_t pc;          /* who set the deadline */
  uint64_t creator;      /* likewise */
};

static gw_ctx background = {.deadline = INT64_MAX};

gw_ctx *gw_ctx_background(void) { return &background; }

static inline void use(gw_ctx *c, struct race_at at) {
  if (UNLIKELY(!c)) gw_panic("context: NULL context");
  if (GW_RACE && c != &background) race_access(race_self(), &c->used, sizeof c->used, RACE_READ, at);
}

static inline int err_of(gw_ctx *c) { return __atomic_load_n(&c->err, __ATOMIC_ACQUIRE); }

/* ---- memory ---- */

static void destroy(gw_ctx *c, struct race_g *r, struct race_at at) {
  race_acquire(r, &c->refs);
  race_access(r, &c->used, sizeof c->used, RACE_FREE, at);
  race_forget(&c->refs);
  race_forget(&c->err);
  if (c->done) gw__chan_free(c->done);
  arena_free_user(c, sizeof *c);
}

/* True if it was the last one; who holds the last one needs no locked instruction. */
static inline bool drop_one(uint32_t *count) {
  return __atomic_load_n(count, __ATOMIC_ACQUIRE) == 1 || __atomic_sub_fetch(count, 1, __ATOMIC_ACQ_REL) == 0;
}

/* One reference less; the last child of a freed parent takes that along. */
static void unref(gw_ctx *c, struct race_at at) {
  struct race_g *r = race_self();
  while (c) {
    race_release_merge(r, &c->refs);
    if (!drop_one(&c->refs)) return;
    gw_ctx *parent = c->parent;
    destroy(c, r, at);
    c = parent;
  }
}

/* ---- the tree ---- */

static void list_locked(gw_ctx *parent, gw_ctx *c) {
  c->next = parent->first;
  if (c->next) c->next->prev = c;
  parent->first = c;
  __atomic_store_n(&c->place, LISTED, __ATOMIC_RELAXED);
}

static void unlist_locked(gw_ctx *parent, gw_ctx *c, enum place to) {
  if (c->prev)
    c->prev->next = c->next;
  else
    parent->first = c->next;
  if (c->next) c->next->prev = c->prev;
  c->next = c->prev = NULL;
  __atomic_store_n(&c->place, to, __ATOMIC_RELAXED);
}

/* Nobody finds it there afterwards, and who did is done with it. */
static void leave_parent(gw_ctx *c) {
  gw_ctx *parent = c->parent;
  uint32_t place = __atomic_load_n(&c->place, __ATOMIC_RELAXED);
  if (place == NOT_LISTED || place == LEFT) return;
  mutex_lock(&parent->lock, WAIT_MUTEX);
  if (c->place == LISTED) unlist_locked(parent, c, LEFT);
  mutex_unlock(&parent->lock);
}

/* ---- ending ---- */

/* If the timer fires meanwhile, the goroutine that it starts gives its reference back. */
static void disarm_locked(gw_ctx *c) {
  if (!c->armed) return;
  c->armed = false;
  struct m *m = rt_enter(g_self());
  bool stopped = timer_stop(&c->timer);
  rt_exit(m);
  if (!stopped) return;
  if (c->race) race_g_end(c->race);
  c->race = NULL;
  __atomic_sub_fetch(&c->refs, 1,
                     __ATOMIC_ACQ_REL); /* not the last: whoever calls here has one, or the parent's lock */
}

static void end_locked(gw_ctx *c, int err) {
  struct race_g *r = race_self();
  race_release(r, &c->err);
  __atomic_store_n(&c->err, err, __ATOMIC_RELEASE);
  if (GW_RACE && !c->done) __atomic_store_n(&c->done, gw__chan_make(sizeof(char), 0), __ATOMIC_RELEASE);
  if (c->done) gw__chan_close(c->done);
  disarm_locked(c);
  race_release_merge(r, &c->refs); /* the channel was closed before it is freed */
}

/* From c, which is locked and has ended, to the next one below that has not: it is locked, and ends, too. */
static gw_ctx *end_child_locked(gw_ctx *c, int err) {
  for (gw_ctx *child; (child = c->first);) {
    mutex_lock(&child->lock, WAIT_MUTEX);
    unlist_locked(c, child, TAKEN);
    if (!err_of(child)) {
      end_locked(child, err);
      return child;
    }
    mutex_unlock(&child->lock);
  }
  return NULL;
}

/* Down the tree with no recursion: its depth is the user's. */
static void end_tree(gw_ctx *c, int err) {
  if (__atomic_load_n(&c->through, __ATOMIC_ACQUIRE)) return;
  mutex_lock(&c->lock, WAIT_MUTEX); /* also if it has ended: who ended it is still on the way down */
  if (!err_of(c)) {
    end_locked(c, err);
    for (gw_ctx *at = c, *child;;) {
      if ((child = end_child_locked(at, err))) {
        at = child;
        continue;
      }
      __atomic_store_n(&at->through, true, __ATOMIC_RELEASE);
      if (at == c) break;
      gw_ctx *up = at->parent;
      mutex_unlock(&at->lock);
      at = up;
    }
  }
  mutex_unlock(&c->lock);
}

static void end(gw_ctx *c, int err) {
  end_tree(c, err);
  leave_parent(c);
}

void gw_ctx_cancel(gw_ctx *c) {
  use(c, RACE_HERE());
  if (c != &background) end(c, GW_CANCELED);
}

/* The goroutine that a deadline starts. */
static void deadline_body(gw_ctx *c) {
  end(c, GW_DEADLINE_EXCEEDED);
  unref(c, RACE_HERE());
}

/* The goroutine can't free c before timer_fired: it, or who came first, waits for that in disarm_locked. */
static void deadline_fire(struct timer *timer, int64_t now) {
  gw_ctx *c = (gw_ctx *)(void *)timer;
  (void)now;
  struct gw__call call = {(void (*)(void))deadline_body, {(uintptr_t)c}};
  g_launch(m_here(), &call, c->id, c->race, c->pc, c->creator);
  timer_fired(timer);
}

static void arm(gw_ctx *c, struct race_at at) {
  struct g *g = g_self();
  mutex_lock(&c->lock, WAIT_MUTEX);
  if (!err_of(c)) { /* else its parent has ended meanwhile */
    c->armed = true;
    __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
    c->creator = g->id;
    c->id = goid_next();
    c->race = race_g_create(g->race, c->id, at);
    c->timer.fire = deadline_fire;
    struct m *m = rt_enter(g);
    timer_start(&c->timer, c->deadline);
    rt_exit(m);
  }
  mutex_unlock(&c->lock);
}

/* ---- deriving ---- */

/* Takes its place below the parent, or ends at once with it. */
static void join_parent(gw_ctx *c) {
  gw_ctx *parent = c->parent;
  if (!parent) return;
  __atomic_add_fetch(&parent->refs, 1, __ATOMIC_RELAXED);
  mutex_lock(&parent->lock, WAIT_MUTEX);
  int err = err_of(parent);
  if (!err) list_locked(parent, c);
  mutex_unlock(&parent->lock);
  if (!err) return;
  race_acquire(race_self(), &parent->err);
  end_tree(c, err);
}

static gw_ctx *derive(gw_ctx *parent, int64_t deadline, struct race_at at) {
  if (UNLIKELY(!parent)) gw_panic("cannot create context from nil parent");
  use(parent, at);
  gw_ctx *c = arena_alloc_user(sizeof *c);
  race_reborn(c, sizeof *c);
  c->parent = parent == &background ? NULL : parent;
  c->values = parent->values;
  c->deadline = deadline < parent->deadline ? deadline : parent->deadline;
  c->owners = c->refs = 1;
  return c;
}

gw_ctx *gw_ctx_with_cancel(gw_ctx *parent) {
  gw_ctx *c = derive(parent, INT64_MAX, RACE_HERE());
  join_parent(c);
  return c;
}

static gw_ctx *with_deadline(gw_ctx *parent, int64_t t, int64_t now, uintptr_t pc, struct race_at at) {
  gw_ctx *c = derive(parent, t, at);
  c->pc = pc;
  join_parent(c);
  if (t >= parent->deadline) return c; /* the parent's is earlier */
  if (t <= now)
    end(c, GW_DEADLINE_EXCEEDED);
  else
    arm(c, at);
  return c;
}

#define CALLER ((uintptr_t)__builtin_return_address(0))

gw_ctx *gw_ctx_with_deadline(gw_ctx *parent, int64_t t) {
  return with_deadline(parent, t, prim_now(), CALLER, RACE_HERE());
}

gw_ctx *gw_ctx_with_timeout(gw_ctx *parent, int64_t ns) {
  int64_t now = prim_now(), t;
  if (ns < 0) ns = 0;
  if (__builtin_add_overflow(now, ns, &t)) t = INT64_MAX;
  return with_deadline(parent, t, now, CALLER, RACE_HERE());
}

gw_ctx *gw_ctx_with_value(gw_ctx *parent, const void *key, void *value) {
  if (UNLIKELY(!key)) gw_panic("nil key");
  gw_ctx *c = derive(parent, INT64_MAX, RACE_HERE());
  c->key = key;
  c->value = value;
  c->values = c;
  join_parent(c);
  return c;
}

/* ---- looking ---- */

/* The first one asks. */
static __attribute__((noinline)) struct gw__chan *make_done(gw_ctx *c) {
  mutex_lock(&c->lock, WAIT_MUTEX);
  struct gw__chan *done = c->done;
  if (!done) {
    done = gw__chan_make(sizeof(char), 0);
    if (err_of(c)) gw__chan_close(done);
    __atomic_store_n(&c->done, done, __ATOMIC_RELEASE);
  }
  mutex_unlock(&c->lock);
  return done;
}

gw_chan(char) gw_ctx_done(gw_ctx *c) {
  use(c, RACE_HERE());
  if (c == &background) return NULL;
  struct gw__chan *done = __atomic_load_n(&c->done, __ATOMIC_ACQUIRE);
  return (gw_chan(char))(uintptr_t)(done ? done : make_done(c));
}

int gw_ctx_err(gw_ctx *c) {
  use(c, RACE_HERE());
  int err = err_of(c);
  if (err) race_acquire(race_self(), &c->err);
  return err;
}

void *gw_ctx_value(gw_ctx *c, const void *key) {
  use(c, RACE_HERE());
  for (gw_ctx *v = c->values; v; v = v->parent ? v->parent->values : NULL)
    if (v->key == key) return v->value;
  return NULL;
}

int64_t gw_ctx_deadline(gw_ctx *c) {
  use(c, RACE_HERE());
  return c->deadline;
}

/* ---- owners ---- */

gw_ctx *gw_ctx_ref(gw_ctx *c) {
  use(c, RACE_HERE());
  if (c != &background && __atomic_fetch_add(&c->owners, 1, __ATOMIC_RELAXED) == 0)
    gw_panic("context: reference to a freed context");
  return c;
}

void gw_ctx_free(gw_ctx *c) {
  if (!c || c == &background) return;
  use(c, RACE_HERE());
  race_release_merge(race_self(), &c->refs);
  if (UNLIKELY(__atomic_load_n(&c->owners, __ATOMIC_RELAXED) == 0)) gw_panic("context: freed twice");
  if (!drop_one(&c->owners)) return;
  __atomic_store_n(&c->owners, 0, __ATOMIC_RELAXED); /* children may keep it for long */
  end(c, GW_CANCELED);
  unref(c, RACE_HERE());
}
