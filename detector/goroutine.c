/* Goroutines and threads as the detector knows them: birth, end, and which thread runs which. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <pthread.h>

#include "base/goid.h"
#include "base/mem.h"
#include "detector/contexts.h"
#include "detector/depot.h"
#include "detector/detector.h"
#include "detector/duo.h"
#include "detector/epoch.h"
#include "detector/lock_seen.h"
#include "detector/readers.h"
#include "detector/report.h"
#include "detector/shadow.h"

_Thread_local struct gw_tls __gw_tls;
_Thread_local struct det_thread *det_self;
struct gs det_gs;
struct det_threads det_threads;

static pthread_key_t thread_end_key;

struct det_thread *det_adopt(void) {
  if (UNLIKELY(!det_ready)) /* before preinit (start.c): compiled code has no shadow memory yet */
    gw__fatal(
        "compiled code runs before the detector begins, as a static program's own malloc does: link it dynamically, or "
        "have an ignore list leave that code out");
  struct det_thread *t = arena_alloc(sizeof *t);
  static uint32_t numbers; /* atomic */
  t->tls = &__gw_tls;
  t->number = __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
  t->nodes.size = sizeof(struct node);
  det_use_plane(t, SHARED_READ_PLANE);
  spin_lock(&det_threads.lock);
  t->next = det_threads.first;
  if (t->next) t->next->prev = t;
  det_threads.first = t;
  spin_unlock(&det_threads.lock);
  det_self = t;
  pthread_setspecific(thread_end_key, t); /* a small number of key: no allocation */
  return t;
}

/* The stack and the thread-locals of a thread that wasn't announced go to the next one: nobody clears them at its
 * start. */
static void give_up_stack(void) {
  pthread_attr_t a;
  void *lo;
  size_t n;
  if (pthread_getattr_np(pthread_self(), &a) != 0) return;
  if (pthread_attr_getstack(&a, &lo, &n) == 0) race_reborn(lo, n);
  pthread_attr_destroy(&a);
}

/* Nobody is it: the collector meets it as a newborn that knows nothing, without an incarnation or with one that no id
 * names.  Its place in the list isn't touched, as others may change that. */
static void g_clear(struct race_g *g, uint32_t incarnation) {
  mem_zero(g, offsetof(struct race_g, prev));
  g->clock.slot = CLOCK_NONE;
  g->fence.slot = CLOCK_NONE;
  g->incarnation = incarnation;
  g->held = g->held_inline;
  g->held_cap = HELD_INLINE;
  g->lockset_valid = true;
  phase_begin(&g->phase);
}

static struct race_g *g_make(void) {
  struct race_g *g = arena_alloc(sizeof *g);
  g_clear(g, 0);
  spin_lock(&det_gs.lock);
  g->next = det_gs.first;
  if (g->next) g->next->prev = g;
  det_gs.first = g;
  det_gs.n++;
  spin_unlock(&det_gs.lock);
  return g;
}

static void g_free(struct race_g *g) {
  if (g->incarnation) incarnation_free(g->incarnation);
  spin_lock(&det_gs.lock);
  if (g->next) g->next->prev = g->prev;
  if (g->prev)
    g->prev->next = g->next;
  else
    det_gs.first = g->next;
  det_gs.n--;
  spin_unlock(&det_gs.lock);
  arena_free(g, sizeof *g);
}

static void g_keep(struct det_thread *t, struct race_g *g, uint32_t incarnation) {
  g_clear(g, incarnation);
  if (t->kept_n == GS_KEPT) {
    g_free(g);
    return;
  }
  g->kept = t->kept;
  t->kept = g;
  t->kept_n++;
}

static struct race_g *g_kept(struct det_thread *t) {
  struct race_g *g = t->kept;
  if (!g) return NULL;
  t->kept = g->kept;
  t->kept_n--;
  return g;
}

/* libc runs destructors in rounds; the program's are over by the last one, as is the thread of posix_thread.c. */
static void thread_end(void *arg) {
  struct det_thread *t = arg;
  if (++t->end_rounds < PTHREAD_DESTRUCTOR_ITERATIONS && pthread_setspecific(thread_end_key, t) == 0) return;
  if (t->g && t->own_thread) {
    if (epochs.incarnation[t->g->incarnation].thread) give_up_stack();
    race_g_end(t->g);
  }
  det_enter(); /* left with the registration: nobody waits for a thread that isn't registered */
  spin_lock(&det_threads.lock);
  if (t->next) t->next->prev = t->prev;
  if (t->prev)
    t->prev->next = t->next;
  else
    det_threads.first = t->next;
  det_thread_gone_locked(t);
  spin_unlock(&det_threads.lock);
  det_self = NULL;
  __gw_tls.epoch = 0;
  __gw_tls.read_off = 0;
  det_give_back_plane(t);
  for (struct race_g *g; (g = g_kept(t));) g_free(g);
  pool_drain(&t->nodes);
  epoch_give_back(t);
  context_give_back(t);
  depot_cache_free(t->cache);
  readers_memory_free(t);
  duo_memory_free(t);
  lock_seen_free(t);
  arena_free(t, sizeof *t);
}

void det_thread_init(void) {
  if (pthread_key_create(&thread_end_key, thread_end) != 0) gw__fatal("out of pthread keys");
}

bool race_in_detector(void) { return det_self && (det_self->inside || det_self->stops); }

/* A forked child goes on with a copy of the parent's memory, and of its shadow, in which the forking thread is the only
 * one.  What others did to the memory that was copied is no access to the copy: they read, and the child writes, or
 * they wrote, and the child writes anew (where it reads first, as in `x++`, that counts as a write).  But a write may
 * have been under way when the copy was taken, so that who reads in the child what it wrote, with nothing that orders
 * it before the fork, finds the old value, the new one or some of both: that stays a race.  Shared mappings aren't
 * copied: with one of them in sight all stays as it was. */
static struct {
  uint16_t n;  /* forks that it comes from; changed in the only thread */
  bool shares; /* atomic, relaxed: set before the mapping is the program's, looked at after it was accessed */
} process;

void det_shares_memory(void) { __atomic_store_n(&process.shares, true, __ATOMIC_RELAXED); }

bool det_left_behind(uint32_t id) {
  return process.n && !__atomic_load_n(&process.shares, __ATOMIC_RELAXED) &&
         epochs.incarnation[epochs.entry[id].incarnation].process != process.n;
}

/* Taken by batches: many goroutines are born at once. */
static uint64_t serial_new(struct det_thread *t) {
  static uint64_t taken; /* atomic */
  if (t->serial % SERIALS == 0) t->serial = __atomic_fetch_add(&taken, SERIALS, __ATOMIC_RELAXED);
  return ++t->serial;
}

static struct race_g *g_new(struct det_thread *t, uint64_t id, bool thread) {
  det_born(t);
  struct race_g *g = g_kept(t);
  if (!g) g = g_make();
  g->serial = serial_new(t);
  if (!g->incarnation) g->incarnation = incarnation_new();
  epochs.incarnation[g->incarnation] = (struct incarnation){.id = id, .process = process.n, .thread = thread};
  g->on = 0;
  return g;
}

extern void *__libc_stack_end __attribute__((weak));

/* Where the stack of the calling foreign thread ends, as far as walks need it: threads have their descriptor at the
 * top. */
static uintptr_t native_stack_end(bool main_thread) {
  if (main_thread && &__libc_stack_end) return (uintptr_t)__libc_stack_end;
  return (uintptr_t)__builtin_thread_pointer();
}

const char det_behind;

/* The first thread is goroutine 1; others that weren't announced (created by code that isn't seen) know nothing but
 * what libc may have started them for. */
struct race_g *race_self(void) {
  if (det_self && det_self->g) return det_self->g;
  static bool main_taken;
  bool is_main = !__atomic_exchange_n(&main_taken, true, __ATOMIC_RELAXED);
  if (!is_main) det_unseen_birth();
  if (det_self && det_self->g) return det_self->g; /* in the handler of a signal */
  struct det_thread *t = det_enter();
  struct race_g *g = g_new(t, is_main ? 1 : goid_next(), !is_main);
  g->stack_hi = native_stack_end(is_main);
  t->own_thread = true;
  g->calls = __gw_tls.calls; /* it was on its way already */
  race_g_switch(g);
  if (is_main)
    det_main_born();
  else
    race_acquire(g, &det_behind);
  det_exit(t);
  return g;
}

struct race_g *race_g_create(struct race_g *creator, uint64_t id, struct race_at at) {
  if (!creator) det_unseen_birth();
  struct det_thread *t = det_enter();
  struct race_g *g = g_new(t, id, false);
  struct incarnation *me = &epochs.incarnation[g->incarnation];
  if (creator) {
    const struct incarnation *parent = &epochs.incarnation[creator->incarnation];
    me->creator_id = parent->id;
    me->creator_name = parent->name;
    me->creation_stack = depot_stack(t, creator, at);
    struct clock_ref c;
    det_publish(creator, &c);
    det_acquire_clock(t, g, &c);
    if (c.slot == CLOCK_NONE) det_inherit_origins(creator, g);
    clock_drop(t, c.tree);
    det_tick(t, creator);
    phase_create(t, &creator->phase, &g->phase);
  }
  det_exit(t);
  return g;
}

/* As if whoever created `first` had created another one with it; `first` has done nothing yet. */
struct race_g *race_g_twin(const struct race_g *first, uint64_t id) {
  struct det_thread *t = det_enter();
  struct race_g *g = g_new(t, id, true);
  const struct incarnation *model = &epochs.incarnation[first->incarnation];
  struct incarnation *me = &epochs.incarnation[g->incarnation];
  me->creator_id = model->creator_id;
  me->creator_name = model->creator_name;
  me->creation_stack = model->creation_stack;
  det_acquire_clock(t, g, &first->clock);
  det_inherit_origins(first, g);
  g->phase.now.tree = clock_share(first->phase.now.tree);
  det_exit(t);
  return g;
}

void race_g_set_thread(struct race_g *g) { epochs.incarnation[g->incarnation].thread = true; }
uint32_t race_g_name(const struct race_g *g) { return epochs.incarnation[g->incarnation].name; }

void race_g_start(struct race_g *g, const void *lo, const void *hi) {
  g->stack_lo = (uintptr_t)lo;
  g->stack_hi = (uintptr_t)hi;
  race_reborn(lo, (size_t)((uintptr_t)hi - (uintptr_t)lo));
}

void race_g_switch(struct race_g *g) {
  struct det_thread *t = det_self ? det_self : det_adopt();
  if (t->g) t->g->calls = __gw_tls.calls;
  t->g = g;
  __gw_tls.epoch = g ? g->epoch : 0;
  __gw_tls.calls = g ? g->calls : 0;
  if (g && UNLIKELY(g->on != t->number)) det_runs_on(g, t->number);
}

void det_first_record(struct det_thread *t, struct race_g *g) {
  g->clock.slot = slot_new(g->clock.tree, &g->first_clock);
  g->clock.clock = g->tree_clock = g->first_clock;
  g->acquired = false;
  g->epoch = epoch_new(t, g->clock.slot, g->clock.clock, g->incarnation) << CELL_ID_SHIFT;
  epoch_runs_on(cell_id(g->epoch), g->on, true);
  g->recorded = true; /* so that the first release closes it: what it publishes must be a clock of this incarnation */
  if (t->g == g) __gw_tls.epoch = g->epoch;
}

void race_g_end(struct race_g *g) {
  struct det_thread *t = det_enter();
  if (t->g == g) {
    t->g = NULL;
    t->own_thread = false;
    __gw_tls.epoch = 0;
  }
  det_round_break(g);
  det_ended(t);
  uint32_t unused = g->incarnation; /* no id names it */
  if (g->clock.slot != CLOCK_NONE) {
    bool open_empty = !g->recorded && !g->noted && !g->lent; /* and so nobody has its clock */
    if (!g->recorded) epoch_free(cell_id(g->epoch));
    if (g->spare) epoch_free(cell_id(g->spare));
    slot_dead(g->clock.slot, open_empty ? g->clock.clock - 1 : g->clock.clock);
    __atomic_store_n(&epochs.incarnation[g->incarnation].ended, true, __ATOMIC_RELAXED); /* read by heads.c */
    unused = 0;
  }
  clock_drop(t, g->clock.tree);
  clock_drop(t, g->fence.tree);
  clock_drop(t, g->pending_acquire);
  phase_end(t, &g->phase);
  if (g->held != g->held_inline) arena_free(g->held, g->held_cap * sizeof *g->held);
  g_keep(t, g, unused);
  det_exit(t);
}

uint64_t race_g_id(const struct race_g *g) { return epochs.incarnation[g->incarnation].id; }

void race_g_set_name(struct race_g *g, const char *name) {
  struct det_thread *t = det_enter();
  epochs.incarnation[g->incarnation].name = depot_name(t, name);
  det_exit(t);
}

void race_ignore_begin(struct race_g *g) { g->ignore++; }
void race_ignore_end(struct race_g *g) {
  if (g->ignore) g->ignore--;
}

uint32_t race_stack_here(struct race_g *g, struct race_at at) {
  struct det_thread *t = det_enter();
  uint32_t id = depot_stack(t, g, at);
  det_exit(t);
  return id;
}

void race_access(struct race_g *g, const void *p, size_t n, enum race_op op, struct race_at at) {
  struct det_thread *t = det_enter();
  if (op == RACE_ALLOC)
    det_record_fresh(t, g, (uintptr_t)p, n, depot_context(t, g, op, at));
  else
    det_access(t, g, (uintptr_t)p, n, op, at);
  det_exit(t);
}

/* Forks happen with nobody inside the detector, so that the child finds no lock held. */
void race_before_fork(void) {
  det_stop_others();
  report_before_fork();
}

void race_after_fork_parent(void) {
  report_after_fork(false);
  det_resume_others();
}

void race_after_fork_child(void) {
  struct det_thread *me = det_self;
  process.n++;
  if (me && me->g) epochs.incarnation[me->g->incarnation].process = process.n;
  det_threads.first = me; /* the others' threads are gone; their memory is left alone */
  if (me) me->prev = me->next = NULL;
  det_signals_after_fork();
  det_planes_after_fork(me);
  det_alone_after_fork(me);
  det_threads.lock.held = 0; /* a thread that is gone may have had it */
  report_after_fork(true);
  order_after_fork();
  det_resume_others();
}
