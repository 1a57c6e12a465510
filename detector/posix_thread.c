/* Threads: creation before the body, the end before a join.
 *
 * Each thread that we see created has a record; its address names the clock of the thread's end.  The parent enters the
 * record into the table before the thread may run, so whoever can know the pthread_t finds the record; the first thread
 * enters its own before it creates anybody.  A record leaves the table when the thread is joined, or is detached and
 * has ended, which is before libc can hand out the number again to a thread that anybody could name: of two records
 * with one number the newer comes first.
 *
 * The end is noticed by the destructor of a thread-specific key, which runs after a return, pthread_exit and
 * cancellation alike, after the destructors of thread-locals, and in the last but one of libc's rounds (the last is
 * where the detector forgets the thread).
 *
 * table.lock guards the table, the links and the flags of records, and `g` (NULL once the thread has ended).
 */
#include "detector/posix.h"

#include <limits.h>

#include "base/goid.h"

struct posix_thread {
  pthread_t id;
  struct posix_thread *next; /* in its bucket */
  struct race_g *g;          /* its goroutine; NULL for a thread of the runtime, and after the end */
  void *(*body)(void *);     /* what to run, unless c11 */
  thrd_start_t c11;
  void *arg;                 /* for it */
  char *stack_lo, *stack_hi; /* set before `go`; NULL if unknown */
  struct node *phases;       /* all of its phases (lock_phase.h), once it has ended and may be joined; owned */
  uint32_t go;               /* futex: 1 once the record is in the table (release; acquire in wait_for_parent) */
  bool detached, ended;
  bool found; /* the first thread, which nobody created */
};

enum { BUCKETS = 1024 };
static struct {
  struct spin_POSIX lock;
  struct posix_thread *bucket[BUCKETS];
  uint32_t key_made; /* 0 no, 1 by somebody just now, 2 yes (release; acquire in make_key) */
  pthread_key_t key;
} table;

_Thread_local struct posix_tls posix_tls;
bool posix_goroutines;
uint32_t posix_parent_tid;

struct race_g *posix_self_slow(void) {
  struct det_thread *t = det_self;
  if (!det_ready || posix_tls.off || (t && t->hidden)) return NULL;
  return race_self();
}

uint32_t posix_tid(void) {
  if (!posix_tls.tid) posix_tls.tid = prim_gettid();
  return posix_tls.tid;
}

static struct posix_thread **bucket_of(pthread_t id) {
  return &table.bucket[((uint64_t)id >> 6) * 0x9E3779B97F4A7C15u >> 54];
}

static struct posix_thread *find_locked(pthread_t id) {
  struct posix_thread *r = *bucket_of(id);
  while (r && r->id != id) r = r->next;
  return r;
}

static void remove_locked(struct posix_thread *r) {
  struct posix_thread **at = bucket_of(r->id);
  while (*at && *at != r) at = &(*at)->next;
  if (*at) *at = r->next;
}

static void discard(struct posix_thread *r) {
  struct det_thread *t = det_enter();
  clock_drop(t, r->phases);
  det_exit(t);
  race_forget(r);
  arena_free(r, sizeof *r);
}

/* The end of this thread: what it did happens before its join. The goroutine of one that was found ends with the
 * detector's own record of the thread (thread_end), unless it has gone on elsewhere. */
static void thread_ends(void) {
  struct posix_thread *r = posix_tls.self;
  struct race_g *g = r->g;
  posix_tls.self = NULL;
  if (r->found && det_self->g != g) return;
  /* Who takes over a robust mutex from a dead holder sees what the holder did.  Nobody gets another kind of libc's
   * locks that is held for writing; one that is held for reading, or is godwit's, gives no such promise. */
  for (uint32_t i = 0; i < g->held_n; i++)
    if (g->held[i].of_thread && g->held[i].write) race_release_merge(g, (const void *)g->held[i].addr);
  race_release(g, r);
  posix_tls.off = !r->found;
  struct det_thread *inside = posix_lock(&table.lock);
  r->g = NULL;
  r->ended = true;
  bool gone = r->detached;
  if (gone)
    remove_locked(r);
  else
    r->phases = phase_close(inside, &g->phase);
  posix_unlock(&table.lock, inside);
  if (!r->found) {
    race_g_end(g);
    race_g_switch(NULL);
  }
  if (gone) arena_free(r, sizeof *r);
}

/* libc runs destructors in rounds as long as keys are set again. */
enum { ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS - 1 };

static void key_destroyed(void *rounds) {
  intptr_t left = (intptr_t)rounds - 1;
  if (left == 0 || pthread_setspecific(table.key, (void *)left) != 0) thread_ends();
}

static void make_key(void) {
  uint32_t none = 0;
  if (__atomic_compare_exchange_n(&table.key_made, &none, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
    if (pthread_key_create(&table.key, key_destroyed) != 0)
      gw__fatal("no thread-specific key is left: the program uses all %d", PTHREAD_KEYS_MAX);
    __atomic_store_n(&table.key_made, 2, __ATOMIC_RELEASE);
  }
  while (__atomic_load_n(&table.key_made, __ATOMIC_ACQUIRE) != 2) prim_sched_yield();
}

static void wait_for_parent(struct posix_thread *r) {
  while (!__atomic_load_n(&r->go, __ATOMIC_ACQUIRE)) prim_futex_wait(&r->go, 0, -1);
}

/* The stack of a thread that has just been created, its thread-locals at the top included.  Its creator finds it: libc
 * allocates for that, maybe by a malloc of the program's own, whose checks nothing may run with on a stack that is
 * another's as far as the detector knows. */
static void find_stack(struct posix_thread *r, pthread_t id) {
  pthread_attr_t a;
  void *base = NULL;
  size_t n = 0;
  if (pthread_getattr_np(id, &a) == 0) {
    pthread_attr_getstack(&a, &base, &n);
    pthread_attr_destroy(&a);
  }
  r->stack_lo = base;
  r->stack_hi = r->stack_lo + n;
}

static void *run(struct posix_thread *r) {
  if (r->c11) return (void *)(intptr_t)r->c11(r->arg);
  return r->body(r->arg);
}

static void *thread_main(void *arg) {
  struct posix_thread *r = arg;
  race_g_switch(r->g); /* a signal may come */
  wait_for_parent(r);
  posix_cover(r->stack_lo, (size_t)(r->stack_hi - r->stack_lo));
  race_g_start(r->g, r->stack_lo, r->stack_hi);
  posix_tls.self = r;
  pthread_setspecific(table.key, (void *)(intptr_t)ROUNDS);
  return run(r);
}

/* A thread of the runtime has no goroutine of its own. */
static void *hidden_main(void *arg) {
  struct posix_thread r = *(struct posix_thread *)arg;
  posix_tls.off = true;
  /* The record stays: libc keeps its address for as long as the thread lives, and a search for pointers would follow it
   * to whatever had the memory next. */
  return run(&r);
}

static struct posix_thread *new_record(void *(*body)(void *), thrd_start_t c11, void *arg) {
  struct posix_thread *r = arena_alloc(sizeof *r);
  r->body = body;
  r->c11 = c11;
  r->arg = arg;
  return r;
}

static int create_hidden(pthread_t *out, const pthread_attr_t *a, void *(*body)(void *), void *arg) {
  struct posix_thread *r = new_record(body, NULL, arg);
  posix_goroutines = true;
  int err = gw__real.pthread_create(out, a, hidden_main, r);
  if (err) arena_free(r, sizeof *r);
  return err;
}

static void enter(struct posix_thread *r, pthread_t id) {
  struct det_thread *inside = posix_lock(&table.lock);
  r->id = id;
  r->next = *bucket_of(id);
  *bucket_of(id) = r;
  posix_unlock(&table.lock, inside);
  __atomic_store_n(&r->go, 1, __ATOMIC_RELEASE);
  prim_futex_wake(&r->go, 1);
}

/* Whoever is created may join the first thread, which nobody created. Others that we haven't seen created have no
 * record: whether they are joinable isn't known, nor when their number may be another's. */
static void find_self(struct race_g *g) {
  if (posix_tls.self || !det_self->own_thread || det_self->g != g || (int)posix_tid() != prim_getpid()) return;
  struct posix_thread *r = new_record(NULL, NULL, NULL);
  r->found = true;
  r->g = g;
  if (pthread_setspecific(table.key, (void *)(intptr_t)ROUNDS) != 0) return;
  posix_tls.self = r;
  enter(r, pthread_self());
}

int thread_create(pthread_t *out, const pthread_attr_t *a, void *(*body)(void *), thrd_start_t c11, void *arg,
                  struct race_at at) {
  if (det_self && det_self->hidden) return create_hidden(out, a, body, arg);
  struct race_g *g = posix_self();
  if (!g) return gw__real.pthread_create(out, a, body, arg);
  make_key();
  find_self(g);
  struct posix_thread *r = new_record(body, c11, arg);
  int state = PTHREAD_CREATE_JOINABLE;
  if (a) pthread_attr_getdetachstate(a, &state);
  r->detached = state == PTHREAD_CREATE_DETACHED;
  posix_write(g, out, sizeof *out, at);
  r->g = race_g_create(g, goid_next(), at);
  race_g_set_thread(r->g);
  int err = gw__real.pthread_create(out, a, thread_main, r);
  if (err) {
    race_g_end(r->g);
    arena_free(r, sizeof *r);
    return err;
  }
  find_stack(r, *out);
  enter(r, *out);
  return 0;
}

int __gw_i_pthread_create(pthread_t *out, const pthread_attr_t *a, void *(*body)(void *), void *arg) {
  return thread_create(out, a, body, NULL, arg, RACE_HERE());
}

static struct posix_thread *find_joinable(pthread_t t) {
  struct det_thread *inside = posix_lock(&table.lock);
  struct posix_thread *r = find_locked(t);
  if (r && r->detached) r = NULL; /* a mistake of the program: libc's to answer */
  posix_unlock(&table.lock, inside);
  return r;
}

/* r was joined by the calling thread, which waited for it without a limit if `surely`: what followed from luck alone
 * orders no phases. */
static void thread_joined(struct posix_thread *r, bool surely) {
  struct race_g *g = posix_self();
  if (g) race_acquire(g, r);
  struct det_thread *inside = posix_lock(&table.lock);
  remove_locked(r);
  if (g && surely) phase_join(inside, &g->phase, r->phases);
  posix_unlock(&table.lock, inside);
  discard(r);
  det_look_whether_alone();
}

int thread_join_now(pthread_t t, void **result, void *arg) {
  (void)arg;
  return gw__real.pthread_join(t, result);
}

/* `join` is the real function: whatever variant. */
int thread_join(pthread_t t, void **result, int (*join)(pthread_t, void **, void *), void *arg) {
  if (!det_ready) return join(t, result, arg);
  struct posix_thread *r = find_joinable(t);
  int err = join(t, result, arg);
  if (!err && r) thread_joined(r, join == thread_join_now);
  return err;
}

static int join_try(pthread_t t, void **result, void *arg) {
  (void)arg;
  return gw__real.pthread_tryjoin_np(t, result);
}
static int join_timed(pthread_t t, void **result, void *deadline) {
  return gw__real.pthread_timedjoin_np(t, result, deadline);
}
struct clocked {
  clockid_t clock;
  const struct timespec *deadline;
};
static int join_clocked(pthread_t t, void **result, void *arg) {
  struct clocked *c = arg;
  return gw__real.pthread_clockjoin_np(t, result, c->clock, c->deadline);
}

static int joined(int err, void **result, struct race_at at) {
  if (!err && result) posix_write(posix_self(), result, sizeof *result, at);
  return err;
}

int __gw_i_pthread_join(pthread_t t, void **result) {
  return joined(thread_join(t, result, thread_join_now, NULL), result, RACE_HERE());
}
int __gw_i_pthread_tryjoin_np(pthread_t t, void **result) {
  return joined(thread_join(t, result, join_try, NULL), result, RACE_HERE());
}
int __gw_i_pthread_timedjoin_np(pthread_t t, void **result, const struct timespec *deadline) {
  return joined(thread_join(t, result, join_timed, (void *)(uintptr_t)deadline), result, RACE_HERE());
}
int __gw_i_pthread_clockjoin_np(pthread_t t, void **result, clockid_t clock, const struct timespec *deadline) {
  struct clocked c = {clock, deadline};
  return joined(thread_join(t, result, join_clocked, &c), result, RACE_HERE());
}

/* Marked first: once libc knows, the thread may end and its number be taken. */
int thread_detach(pthread_t t) {
  if (!det_ready) return gw__real.pthread_detach(t);
  struct det_thread *inside = posix_lock(&table.lock);
  struct posix_thread *r = find_locked(t);
  bool gone = r && !r->detached && r->ended;
  if (r) r->detached = true;
  if (gone) remove_locked(r);
  posix_unlock(&table.lock, inside);
  if (gone) discard(r);
  return gw__real.pthread_detach(t);
}

int __gw_i_pthread_detach(pthread_t t) { return thread_detach(t); }

void __gw_i_pthread_exit(void *result) { gw__real.pthread_exit(result); }

int __gw_i_pthread_setname_np(pthread_t t, const char *name) {
  struct race_g *g = posix_self();
  if (g && pthread_equal(t, pthread_self())) {
    race_g_set_name(g, name);
  } else if (g) {
    struct det_thread *inside = posix_lock(&table.lock);
    struct posix_thread *r = find_locked(t);
    if (r && r->g) race_g_set_name(r->g, name);
    posix_unlock(&table.lock, inside);
  }
  return gw__real.pthread_setname_np(t, name);
}

void thread_after_fork(void) {
  posix_parent_tid = posix_tid();
  posix_tls.tid = 0;
  contended_after_fork();
  for (int i = 0; i < BUCKETS; i++) table.bucket[i] = NULL; /* the records' memory is not worth the walk */
  if (posix_tls.self) {                                     /* who goes on alone may be joined by whom it creates */
    posix_tls.self->next = NULL;
    *bucket_of(posix_tls.self->id) = posix_tls.self;
  }
}
