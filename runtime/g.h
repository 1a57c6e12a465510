/* The three nouns of the scheduler, as in Go.
 *
 *   G  a goroutine: a stack and where it stands. Lies at the upper end of its stack, so that one page holds both.
 *      Its memory is never given back, so a stale G pointer points at some G.
 *   M  a thread of ours (or main's, once main has started a goroutine). Runs a G only while it holds a P.
 *   P  a processor: the right to run, with a run queue, timers and a list of dead Gs.
 *
 * Foreign threads that call the API get a G that is locked to them and has no M (`thread` is set): it parks its thread.
 * Main's thread starts out like that too.
 *
 * Locks, in the order in which one thread may take them (all of them: godwit/ranks.inc):
 *   1 of a primitive (gw__waitq, chan.lock, several channels by address)   2 timers.lock   3 sched.lock
 *   4 stacks.lock, arena.  None is held while user code runs or a thread sleeps.  The preset "paranoid" checks it.
 */
#ifndef GW_RUNTIME_G_H
#define GW_RUNTIME_G_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/prim.h"
#include "base/spin.h"
#include "ctx.h"
#include "godwit.h"
#include "godwit/race.h"
#include "stress.h"
#include "timers.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

enum reason {
#define REASON(id, text) WAIT_##id,
#include "godwit/reasons.inc"
};

enum g_status { G_DEAD, G_RUNNABLE, G_RUNNING, G_WAITING, G_BLOCKING };

struct trying;

enum { READS = 4 }; /* locks held for reading that are noted; guess: more are rare, and nothing is said of them */

struct g {
  void *sp;                 /* saved stack pointer while it doesn't run; a foreign thread's: frame in which it parks */
  struct g *next;           /* in a run queue or a list of dead Gs; guarded by that */
  struct m *m;              /* the thread that runs it; NULL for the G of a foreign thread */
  uint64_t id;              /* 1 is main's */
  uint32_t status;          /* atomic, relaxed: enum g_status; for views only, the queues decide */
  uint32_t reason;          /* what it waits for; enum reason */
  const void *object;       /* the channel, lock, ... that it waits on, last set for a reason that has one */
  uint32_t done;            /* atomic: a case of its select was taken */
  struct gw__waiter *taken; /* the record of the case of its select that was taken */
  int saved_errno;          /* while it doesn't run */
  void *asan_frames;        /* AddressSanitizer's, while it doesn't run */
  struct race_g *race;      /* the detector's state */
  struct gw__call call;     /* what it runs */
  struct gw__defer *defers; /* deferred calls, innermost first */
  struct select_memory *selects;  /* unfinished selects, innermost first */
  struct trying *tries;           /* gw_try calls, innermost first */
  int64_t since;                  /* when it began to wait (sysmon's clock) */
  int64_t readied;                /* 0, but while a timed wait lasts: when it was made ready, 1 before; see measure.c */
  uintptr_t go_pc;                /* return address of the call that created it */
  uint64_t parent;                /* id of the goroutine that created it */
  char *lo, *hi;                  /* usable stack; NULL for a foreign thread's */
  uintptr_t end;                  /* a foreign thread's: above its stack; 0 for main's */
  uint32_t tid;                   /* a foreign thread's: the system's number of it */
  struct m *locked_m;             /* gw_lock_os_thread: the thread that it must run on */
  uint32_t locks;                 /* depth of gw_lock_os_thread */
  bool thread;                    /* a foreign thread's: parks its thread */
  bool no_return;                 /* gw_goexit runs: gw_try does not end a panic for it */
  bool canary;                    /* its guard is a canary, checked at each switch */
  uint32_t wake;                  /* atomic, futex: wakes a foreign thread */
  struct g_tag *tag;              /* name and label; NULL without */
  struct g *thread_next;          /* list of foreign threads' Gs; guarded by sched.lock */
  uint32_t leak;                  /* enum leak_mark; guarded by the search for leaks, one at a time (leak.c) */
  uint32_t walk;                  /* likewise: mark of a walk from waiter to owner (deadlock.c) */
  const gw_rwmutex *reads[READS]; /* atomic, relaxed: what it holds for reading, NULLs between; for deadlock.c */
};

struct g_tag {
  char name[48], key[32], value[32];
};

enum { RUNQ_SIZE = 256 };  /* Go's */
enum { STACK_BATCH = 30 }; /* dead Gs that move between a P and the pool at once: with two words more 256 bytes */
enum { FREE_MAX = 10 * STACK_BATCH }; /* more than a full run queue: who fills it again and again is served from here */

struct p {
  uint32_t head;              /* atomic: consumers (owner and thieves) advance it by CAS */
  uint32_t schedtick;         /* atomic, relaxed: counts switches; sysmon sees by it that nothing moves */
  struct g *runnext;          /* atomic: runs before the queue; the owner's, see next_steal in runq.c */
  _Alignas(64) uint32_t tail; /* atomic: only the owner advances it */
  uint32_t id;
  struct m *m;         /* atomic: who holds it; NULL when idle */
  uint32_t status;     /* atomic: enum p_status */
  uint32_t fetch_to;   /* ring entries before it come from far back: they are fetched ahead */
  uint32_t nexts;      /* runnext picks in a row: bounds how long two Gs can keep the queue waiting */
  struct p *idle_next; /* guarded by sched.lock */
  uint64_t next_id;    /* of goroutines that are created here */
  uint32_t ids_left;   /* how many numbers from next_id on are this P's */
  uint32_t free_n;     /* length of `free` */
  int64_t live;        /* atomic, relaxed: Gs created less Gs ended here */
  uint32_t seen_tick;  /* sysmon's: last schedtick */
  int64_t seen_at;     /* sysmon's: when it changed */
  int64_t asked_at;    /* sysmon's: when it asked the G that runs to let others run; 0 if it didn't */
  int64_t look_at;     /* sysmon's: after this time more it looks whether the thread sleeps */
  struct timers timers;
  struct g *ring[RUNQ_SIZE]; /* atomic entries */
  struct g *free[FREE_MAX];  /* dead Gs */
};
/* IDLE: on the idle list. RUNNING: an M holds it. DEAD: above GOMAXPROCS. */
enum p_status { P_DEAD, P_IDLE, P_RUNNING };

/* What a switch does once the old stack is saved. */
typedef void (*after_fn)(struct m *m, struct g *g, void *arg);

struct asan_stack {
  const void *bottom;
  size_t n;
};

struct m {
  struct g g0;     /* the scheduler's own context on this thread: only sp is used */
  struct g *cur;   /* the G that runs; NULL in the scheduler */
  struct p *p;     /* held; NULL while idle or in gw_blocking */
  struct p *nextp; /* handed over by who wakes it */
  after_fn after;
  struct g *after_g;
  void *after_arg;
  uint32_t in_runtime;         /* atomic: partner of `retake`, see sysmon.c */
  _Alignas(8) uint32_t retake; /* atomic: enum retake */
  uint32_t stress;             /* enum stress; constant.  Loaded together with `retake` */
  uint32_t wake;               /* atomic, futex: 0 sleeps, 1 has nextp, 2 look again */
  bool spinning;               /* looks for work; counted in sched.spinning */
  uint32_t id;
  uint32_t tid;             /* the system's number of the thread; 0 until it runs */
  struct trace_list *trace; /* events of this thread (trace.c); NULL without */
  uint32_t parks;           /* counts waits, to time some of them */
  int *errno_at;            /* the thread's errno: its address costs a call */
  struct gw_poll *poll;     /* atomic: its thread's words (poll.h); NULL until that runs */
  uint64_t rng;
  struct g *locked_g;           /* the G that is locked to this thread */
  struct g *locked_next;        /* the same, once it comes with nextp to be run */
  struct m *idle_next;          /* guarded by sched.lock */
  struct m *all_next;           /* constant once listed */
  uint32_t polling;             /* atomic: asleep in netpoll_poll, so that an eventfd wakes it; partner of `wake` */
  int64_t deadline;             /* as the sleeper: when it wakes by itself */
  struct g *asan_from;          /* what ran before; under AddressSanitizer, as the next */
  struct asan_stack asan_stack; /* the thread's own */
};

/* What another thread wants of an M that runs user code, see sysmon.c. */
enum retake {
  RETAKE_NONE,
  RETAKE_TAKEN, /* the P is gone */
  RETAKE_HELD,  /* kept out of the runtime for a moment */
  RETAKE_ASKED  /* may be declined; this and above: by the monitor, by M 0, by M 1 and so on */
};

enum { MAX_PROCS = 256 };

enum { GCHUNK = 62, READY_FEW = 16 };

/* Runnable Gs, see gqueue.c. */
struct gchunk {
  struct gchunk *next;
  uint32_t from, to; /* g[from] to g[to - 1] are queued */
  struct g *g[GCHUNK];
};
struct gqueue {
  struct gchunk *first, *last;
  uint32_t n; /* atomic for readers without the lock */
};

/* Gs that one operation wakes. Zero-initialised is empty. */
struct readying {
  uint32_t n; /* length of `few` */
  struct g *few[READY_FEW];
  struct g *odd; /* foreign threads' and those that profiles watch, linked by `next` */
  struct gqueue many;
};

enum { HELPERS_MAX = 16 };

extern HIDDEN struct sched {
  struct spin_SCHED lock; /* guards what isn't atomic here */
  bool started;           /* atomic: there are Ps */
  uint32_t procs;         /* atomic: GOMAXPROCS */
  uint32_t all_procs;     /* atomic: Ps ever used */
  uint32_t idle_procs;    /* atomic: length of idle_p */
  uint32_t spinning;      /* atomic: Ms that look for work */
  struct gqueue queue;    /* global run queue */
  struct p *idle_p;
  struct m *idle_m;
  struct m *all_m;                     /* atomic head; only grows */
  struct m *sleeper;                   /* the idle M that wakes for the next timer or event */
  uint32_t ms, idle_ms;                /* threads; those on idle_m */
  uint32_t threads, parked_threads;    /* foreign threads' Gs; those parked on a primitive with no timeout */
  uintptr_t helper_stack[HELPERS_MAX]; /* above the stacks of those helpers that there's room for; 0 free */
  uint32_t helpers;                    /* threads of ours that run no G and never call the program, sysmon apart */
  struct g *thread_gs;                 /* all of the former; atomic head, only grows */
  int64_t foreign_live;                /* atomic: Gs started by foreign threads and timers, and foreign threads' own */
  int64_t timers;                      /* atomic: armed timers and waits with an end */
  bool dead_maybe;                     /* all asleep but for threads that we know nothing of: sysmon looks again */
  bool main_gone;                      /* main's goroutine called gw_goexit */
  bool sysmon_idle;                    /* atomic: sysmon sleeps until something runs */
  uint32_t sysmon_wake;                /* atomic, futex */
  uintptr_t sysmon_stack;              /* a frame of the monitor's, near the upper end of its stack */
  int64_t now;                         /* atomic, relaxed: sysmon's clock */
  int64_t start;                       /* time of start-up */
  uint32_t stress;                     /* enum stress; constant once started */
} sched;
extern HIDDEN struct p *procs_all[MAX_PROCS];

extern HIDDEN _Thread_local struct g *gw__tls_g;

/* This thread's G, or NULL. Read anew each time and never by a kept address: a goroutine changes threads. */
static inline struct g *g_tls(void) {
  struct g *g;
  __asm__ volatile("movq gw__tls_g@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(g));
  return g;
}
static inline void g_set_tls(struct g *g) {
  uintptr_t at;
  __asm__ volatile("movq gw__tls_g@gottpoff(%%rip), %0\n\tmovq %1, %%fs:(%0)" : "=&r"(at) : "r"(g) : "memory");
}

/* ---- start.c ---- */
HIDDEN struct g *g_adopt(void);
static inline struct g *g_self(void) {
  struct g *g = g_tls();
  return LIKELY(g) ? g : g_adopt();
}
/* Goroutines that live. */
HIDDEN int64_t g_count(void);
/* Main becomes an ordinary goroutine of M0, if a P is free. */
HIDDEN void main_join(struct g *g);

/* ---- stackpool.c ---- */
/* A G with a stack, new or used before. `p` may be NULL. */
HIDDEN struct g *g_alloc(struct p *p);
/* Its stack is not in use any more. `p` may be NULL. */
HIDDEN void g_free(struct p *p, struct g *g);
/* The monitor's: gives memory back that nobody needed for a while, some at a time. */
HIDDEN void stacks_trim(int64_t now);
/* Nanoseconds until there may be something to give back; -1: nothing, unless more goroutines end. */
HIDDEN int64_t stacks_trim_after(int64_t now);

/* ---- stack.c ---- */
/* Ends the process if the stack ran over its canary. */
HIDDEN void g_check_canary(const struct g *g);
/* Calls f for each G that lives; foreign threads' too. No lock is held: the view may be torn. */
HIDDEN void g_each(void (*f)(struct g *g, void *arg), void *arg);
/* The G whose guard holds address p, or NULL. */
HIDDEN struct g *g_guarding(uintptr_t p);
/* The G in whose slot, stack or G itself, address p lies, or NULL. It may be dead. */
HIDDEN struct g *g_slot_of(uintptr_t p);

/* The lock is held across fork, so that the child finds it whole. */
HIDDEN void stacks_fork_lock(void);
HIDDEN void stacks_fork_unlock(void);

/* ---- fork.c ---- */
HIDDEN void fork_prepare(void);

/* ---- gqueue.c ---- */
HIDDEN void gqueue_put(struct gqueue *q, struct g *g);
/* NULL if it is empty. */
HIDDEN struct g *gqueue_pop(struct gqueue *q);
/* Moves all of `more` to the end of q. */
HIDDEN void gqueue_join(struct gqueue *q, struct gqueue *more);
static inline void gqueue_put_locked(struct g *g) { gqueue_put(&sched.queue, g); }
/* g is parked; it goes on with readying_all.  Under the locks of who found it. */
HIDDEN void readying_add(struct readying *r, struct g *g);
/* With no lock held; m is the caller's M, NULL on a foreign thread. */
HIDDEN void readying_all(struct m *m, struct readying *r);
/* Asks for what a G that was parked for long touches first: its record, and below it its stack's upper end. */
static inline void g_fetch(const struct g *g) {
  enum { STACK_LINES = 8 };
  for (int line = -STACK_LINES; line < (int)sizeof(struct g) / 64; line++)
    __builtin_prefetch((const char *)g + line * 64, 1);
}

/* ---- runq.c: the owner of p calls, but for steal ---- */
HIDDEN void runq_put(struct p *p, struct g *g, bool next);
HIDDEN struct g *runq_get(struct p *p);
HIDDEN bool runq_empty(struct p *p);
/* The same for p's owner: nobody else adds to it. */
static inline bool runq_empty_own(struct p *p) {
  return !__atomic_load_n(&p->runnext, __ATOMIC_RELAXED) && __atomic_load_n(&p->head, __ATOMIC_RELAXED) == p->tail;
}
/* One more fits at most. */
HIDDEN bool runq_full(struct p *p);
/* For as many as runq_steal may bring, which is only called so. */
HIDDEN bool runq_has_room(struct p *p);
HIDDEN struct g *runq_steal(struct p *p, struct p *from, bool take_next);
/* Takes a share of the global queue for p: one to run, the others into its ring. max 0: no limit. */
HIDDEN struct g *gqueue_get_locked(struct p *p, uint32_t max);

/* ---- sched.c ---- */
/* Starts the scheduler; idempotent. */
HIDDEN void sched_start(void);
/* Brackets each use of m->p by a running G, see sysmon.c. Enter may move the G to another M. */
HIDDEN struct m *rt_enter_slow(struct g *g);
static inline struct m *rt_enter(struct g *g) {
  struct m *m = g->m;
  if (!m) return NULL;
  /* Store, then load `retake`: sysmon has them ordered by membarrier. */
  __atomic_store_n(&m->in_runtime, 1, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (UNLIKELY(__atomic_load_n((uint64_t *)(void *)&m->retake, __ATOMIC_RELAXED))) return rt_enter_slow(g);
  return m;
}
/* release: what the runtime did to the P comes before sysmon's handing it on */
static inline void rt_exit(struct m *m) {
  paranoid_no_lock("leaving the runtime");
  if (m) paranoid_object(RANK_M, m);
  if (m) __atomic_store_n(&m->in_runtime, 0, __ATOMIC_RELEASE);
}
/* The runtime's functions that take a lock, park or ready call rt_enter first and rt_exit last: a G that loses its P
 * has to wait for another one, and may not do so with a lock held.  g_park and g_ready stand between the two. */

/* Parks the calling G.  Once it is suspended, unlock(arg) makes it findable for who will ready it. */
HIDDEN void g_park(struct g *g, enum reason why, void (*unlock)(void *arg), void *arg);
/* The same, where that is to give up a lock. */
HIDDEN void g_park_unlock(struct g *g, enum reason why, struct spin *lock);
/* The same as g_park, and the profiles don't learn of it. */
HIDDEN void g_park_now(struct g *g, enum reason why, void (*unlock)(void *arg), void *arg);
/* A parked G may go on; m is the caller's M, NULL on a foreign thread. */
HIDDEN void g_ready(struct m *m, struct g *g);
HIDDEN void g_yield(struct g *g);
/* g, a goroutine of ours outside the runtime, has run for long: others run if there are any. */
HIDDEN void g_preempt(struct g *g);
/* The M of the running g, which has no P, gets one; or g waits for one, and may move. */
HIDDEN void p_get_back(struct m *m, struct g *g);
HIDDEN _Noreturn void g_exit(struct g *g);
/* The new goroutine `id`, whose state in the detector exists already. */
HIDDEN void g_launch(struct m *m, const struct gw__call *call, uint64_t id, struct race_g *race, uintptr_t pc,
                     uint64_t parent);
HIDDEN void g_start(struct g *creator, const struct gw__call *call, uintptr_t pc, struct race_at at);
/* Runs `after` on the scheduler's context once g is suspended; g_switch_away returns when g runs again. */
HIDDEN void g_switch_away(struct m *m, struct g *g, after_fn after, void *arg);
HIDDEN void m_run_after(struct m *m);
HIDDEN void g_entry(void);

/* What the search for leaks finds in the caller's frame should be what the caller knows. */
static inline void call_forget(struct gw__call *call) {
  for (int i = 0; i < 6; i++) call->a[i] = 0;
}

/* ---- idle.c ---- */
/* An M that holds a P gives it up or finds work: returns the G to run. */
HIDDEN struct g *m_find_work(struct m *m);
HIDDEN void wake_one(void);
/* Starts or wakes an M for p, which the caller took off the idle list or away from another M. */
HIDDEN void m_start(struct p *p, bool spinning);
HIDDEN void p_acquire(struct m *m, struct p *p);
HIDDEN struct p *p_release(struct m *m);
HIDDEN struct p *p_idle_get_locked(void);
HIDDEN void p_idle_put_locked(struct p *p);
HIDDEN void p_give_away(struct m *m);
/* Sleeps until handed a P. */
HIDDEN void m_stop(struct m *m);
/* If all are asleep for good, ends the process. */
HIDDEN void sched_check_dead_locked(void);
/* The sleeper learns of an earlier timer. */
HIDDEN void sched_new_deadline(int64_t when);
/* The sleeper, if there is one, looks again what to sleep for. */
HIDDEN void sched_poke_sleeper(void);
/* There is, or will be soon, a thread that sleeps for events, if a processor is idle. */
HIDDEN void sched_want_sleeper(void);
HIDDEN struct m *m_new(void);
/* Where its thread begins. */
HIDDEN void *m_main(void *m);
HIDDEN void m_loop(struct m *m);

/* The M whose scheduler this is, for timers that fire; NULL on sysmon. */
static inline struct m *m_here(void) {
  struct g *g = g_tls();
  return g ? g->m : NULL;
}

/* ---- signals.c ---- */
/* Overflow of a goroutine's stack is told, on a signal stack of this thread. */
HIDDEN void signals_install(void);
/* The monitor's: if SIGQUIT has come, tells all goroutines and ends the process. */
HIDDEN void signals_quit(void);
/* Says which goroutine, in which function (pc; 0: unknown), and what helps. */
HIDDEN void stack_overflow_line(const struct g *g, uintptr_t pc);
HIDDEN void signals_stack_install(void);
/* On a new M: the signals that the program has unblocked reach it. */
HIDDEN void signals_thread_begin(void);

/* ---- sysmon.c ---- */
HIDDEN void sysmon_start(void);
HIDDEN void sysmon_poke(void);
/* If m, which holds p, runs user code: leaves m->retake at `how`, so that m can't use p.  Once this returned true
 * RETAKE_HELD has to be set back to RETAKE_NONE (release), soon.  by: the caller, NULL for the monitor. */
HIDDEN bool m_keep_out(struct m *m, struct p *p, enum retake how, const struct m *by);

/* ---- measure.c ---- */
/* As g_park, and tells the profiles how long it took. */
HIDDEN void g_park_timed(struct g *g, enum reason why, void (*unlock)(void *arg), void *arg);
/* Somebody waited for a lock since `since` (0: not timed) and gets it, or a chance to, by the caller's unlocking. */
HIDDEN void measure_contended(int64_t since);
HIDDEN int64_t measure_contention_begin(void);

/* ---- panic.c, dump.c ---- */
HIDDEN _Noreturn void fatal_error(const char *message, const char *finding, struct race_at at);
HIDDEN _Noreturn void fatal_all_asleep(void);
HIDDEN void g_tag_free(struct g *g);

static inline uint64_t rng_next(uint64_t *s) { /* xorshift64* */
  uint64_t x = *s;
  x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
  *s = x;
  return x * UINT64_C(0x2545F4914F6CDD1D);
}
/* Uniform in [0, n). */
static inline uint32_t rng_below(uint64_t *s, uint32_t n) { return (uint32_t)(((rng_next(s) >> 32) * n) >> 32); }

#endif
