/* godwit: goroutines for C.
 *
 * Names: functions, types and statement macros gw_*, constants GW_*; gw__* is internal.  Times and durations are
 * int64_t nanoseconds.  Every macro evaluates each argument once, in the caller.  "Blocks" means that the goroutine
 * waits and its thread runs others, unless said otherwise.  Misuse ends as in Go: `panic:` (gw_try catches it) or
 * `fatal error:` (nothing does), both with exit status 2.
 *
 * errno belongs to the goroutine.  _Thread_local belongs to the OS thread, and a goroutine may go on on another one
 * after a call that blocks: don't use thread-locals across such a call, or call gw_lock_os_thread() first.
 */
#ifndef GODWIT_H
#define GODWIT_H
#ifdef __cplusplus
#error "godwit.h is for C"
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "godwit/leaks.h"
#include "godwit/macros.h"

#define GW_NS INT64_C(1)
#define GW_US INT64_C(1000)
#define GW_MS INT64_C(1000000)
#define GW_S INT64_C(1000000000)

/* ---- goroutines ----------------------------------------------------------------------------------------------------
 */

/* gw_go(f, args...): starts f(args...) as a goroutine: 0 to 6 integer or pointer arguments, checked against f's
 * prototype.  What f returns is dropped.  For a parameter narrower than int the value must be in its range.  When some
 * hundreds wait to run already they run first, as with gw_yield. */
#define gw_go(...) GW__WITH_CALL0(gw__go, __VA_ARGS__)
#ifdef __BLOCKS__
/* The same for a block, which is copied. */
void gw_go_b(void (^body)(void));
#endif

/* Lets others run; never blocks. */
void gw_yield(void);
/* Runs the goroutine's deferred calls and ends it; main's goroutine too. */
_Noreturn void gw_goexit(void);
/* Number of the calling goroutine: 1 is main's. */
uint64_t gw_goid(void);
/* How many goroutines exist. */
int gw_num_goroutine(void);
/* Sets how many processors run goroutines; returns the previous value.  n < 1 only reads. */
int gw_maxprocs(int n);
/* Name of the calling goroutine in reports, cut at 47 bytes. */
void gw_set_name(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Label of the calling goroutine in profiles; both strings are copied, cut at 31 bytes; value NULL takes it away. */
void gw_set_label(const char *key, const char *value);
/* Between the two the goroutine runs on this OS thread and nothing else does; they nest. */
void gw_lock_os_thread(void);
void gw_unlock_os_thread(void);
/* intptr_t gw_blocking(f, args...): calls f, which may block the OS thread; other goroutines get its processor. */
#define gw_blocking(...) GW__WITH_CALL0(gw__blocking, __VA_ARGS__)

/* ---- channels ------------------------------------------------------------------------------------------------------
 */

/* A channel of T: a structural type, usable wherever a typedef name is.  NULL is a channel that never gets ready. */
#define gw_chan(T) __typeof__(__typeof__(T)(*)(struct gw__chan_of *))
/* gw_chan(T) gw_make(T, cap): owned by the caller, who frees it when nobody will use it again.  Panics if cap < 0. */
#define gw_make(T, cap) ((gw_chan(T))(uintptr_t)gw__chan_make(sizeof(T), (cap)))
/* Blocks until the value is taken or buffered.  Panics on a closed channel.  The value converts as in an assignment. */
#define gw_send(c, ...) GW__SEND(gw__chan_send, __COUNTER__, c, __VA_ARGS__)
/* T gw_recv(c): blocks; zero once closed and drained. */
#define gw_recv(c) GW__RECV(__COUNTER__, c)
/* bool gw_recv_ok(c, p): blocks; false, and *p zeroed, once closed and drained.  p may be NULL. */
#define gw_recv_ok(c, p) GW__RECV_INTO(gw__chan_recv, __COUNTER__, c, p)
/* Never block: true if the value went out (panics on a closed channel), or one came in. */
#define gw_try_send(c, ...) GW__SEND(gw__chan_try_send, __COUNTER__, c, __VA_ARGS__)
#define gw_try_recv(c, p) GW__RECV_INTO(gw__chan_try_recv, __COUNTER__, c, p)
/* bool gw_try_recv_ok(c, p, bool *ok): true if a receive was possible; *ok is false if that was for c being closed. */
#define gw_try_recv_ok(c, p, ok) GW__TRY_RECV_OK(__COUNTER__, c, p, ok)
/* gw_range(v, c) { ... }: declares v with c's element type, for each value until c is closed and drained. */
#define gw_range(v, c) GW__RANGE(__COUNTER__, v, c)
/* Panics on a closed or a NULL channel. */
#define gw_close(c) gw__chan_close(GW__CHAN_PTR(c))
/* Values buffered, and room for them; 0 for NULL. */
#define gw_len(c) gw__chan_len(GW__CHAN_PTR(c))
#define gw_cap(c) gw__chan_cap(GW__CHAN_PTR(c))
/* Gives the memory back.  Panics if a goroutine waits on it.  NULL is fine. */
#define gw_chan_free(c) gw__chan_free(GW__CHAN_PTR(c))

/* ---- select --------------------------------------------------------------------------------------------------------
 */

/* gw_select { cases }: takes one ready case, uniformly at random, or waits for one.  Only cases stand directly in it.
 * Channels, values and durations are evaluated once, in source order.  `break` and `continue` leave the select. */
#define gw_select GW__SELECT(__COUNTER__)
#define gw_on_recv(...) GW__PICK2(__VA_ARGS__, GW__ON_RECV2, GW__ON_RECV1, )(__COUNTER__, __VA_ARGS__)
#define gw_on_recv_ok(c, v, ok) GW__ON_RECV_OK(__COUNTER__, c, v, ok)
#define gw_on_send(c, ...) GW__ON_SEND(__COUNTER__, c, __VA_ARGS__)
#define gw_on_after(ns) GW__ON_AFTER(__COUNTER__, ns)
#define gw_on_default GW__ON_DEFAULT(__COUNTER__)

/* A case as a value.  p points to what is sent (const) or to where to receive, NULL to drop it. */
typedef struct gw_case {
  int gw__kind;              /* enum gw__case_kind */
  bool ok;                   /* out: a value was received, not a closed channel seen */
  struct gw__chan *gw__chan; /* send and receive */
  void *gw__elem;            /* send and receive */
  int64_t gw__ns;            /* after */
} gw_case;
#define GW_CASE_RECV(c, p) GW__CASE_RECV(__COUNTER__, c, p)
#define GW_CASE_SEND(c, p) GW__CASE_SEND(__COUNTER__, c, p)
#define GW_CASE_AFTER(ns) ((gw_case){.gw__kind = GW__CASE_KIND_AFTER, .gw__ns = (ns)})
#define GW_CASE_DEFAULT ((gw_case){.gw__kind = GW__CASE_KIND_DEFAULT})
/* int gw_select_of(cases...) and gw_select_cases: the index of the case taken. No cases: blocks for ever. */
#define gw_select_of(...) GW__SELECT_OF(__COUNTER__, __VA_ARGS__)
int gw_select_cases(gw_case *cases, int n);

/* ---- sync: zero-initialised values are ready to use; none may be moved or copied once used
 * --------------------------- */

struct gw__waiter;
struct gw__waitq {
  uint32_t gw__lock;                       /* spin lock: guards the list */
  uint32_t gw__count;                      /* its length */
  struct gw__waiter *gw__first, *gw__last; /* FIFO */
};

typedef struct gw_mutex {
  uint32_t gw__state; /* atomic: bits in mutex.c */
  uint32_t gw__owner; /* atomic: the goroutine that has it, or 0, for deadlock.c */
  struct gw__waitq gw__queue;
} gw_mutex;
/* Blocks. Locking one's own lock blocks for ever. */
void gw_mutex_lock(gw_mutex *m);
bool gw_mutex_try_lock(gw_mutex *m);
/* Any goroutine may unlock. Fatal error if it isn't locked. */
void gw_mutex_unlock(gw_mutex *m);

typedef struct gw_rwmutex {
  gw_mutex gw__w;              /* held by the writer */
  int32_t gw__readers;         /* atomic: readers, less a constant while a writer waits or writes */
  int32_t gw__leaving;         /* atomic: readers that the writer still waits for */
  struct gw__waitq gw__rqueue; /* readers that wait for the writer; its list is also credited, see rwmutex.c */
  struct gw__waitq gw__wqueue; /* the writer that waits for readers */
  uint32_t gw__rcredit;        /* guarded by gw__rqueue: wake-ups that came before their reader */
  uint32_t gw__wcredit;        /* guarded by gw__wqueue: likewise for the writer */
} gw_rwmutex;
/* A waiting writer stops new readers.  Fatal error if unlocked unlocked. */
void gw_rwmutex_lock(gw_rwmutex *rw);
void gw_rwmutex_unlock(gw_rwmutex *rw);
void gw_rwmutex_rlock(gw_rwmutex *rw);
void gw_rwmutex_runlock(gw_rwmutex *rw);
bool gw_rwmutex_try_lock(gw_rwmutex *rw);
bool gw_rwmutex_try_rlock(gw_rwmutex *rw);

typedef struct gw_waitgroup {
  uint64_t gw__state;  /* atomic: count in the upper half, waiters in the lower */
  uint32_t gw__word;   /* what add-from-zero reads and the first wait writes, for the detector */
  uint32_t gw__credit; /* guarded by gw__queue: wake-ups that came before their waiter */
  struct gw__waitq gw__queue;
} gw_waitgroup;
/* Panics if the count gets negative. */
void gw_waitgroup_add(gw_waitgroup *w, int n);
void gw_waitgroup_done(gw_waitgroup *w);
/* Blocks until the count is zero. */
void gw_waitgroup_wait(gw_waitgroup *w);
/* gw_waitgroup_go(w, f, args...): add, gw_go, and done when f returns, panics or calls gw_goexit. */
#define gw_waitgroup_go(w, ...) GW__WITH_CALL1(gw__waitgroup_go, w, __VA_ARGS__)

typedef struct gw_once {
  uint32_t gw__done; /* atomic */
  gw_mutex gw__lock;
} gw_once;
/* gw_once_do(o, f, args...): the first call runs f; every call returns after f did. A panic in f counts as done. */
#define gw_once_do(o, ...) GW__WITH_CALL1(gw__once_do, o, __VA_ARGS__)

typedef struct gw_cond {
  void *gw__locker; /* a gw_mutex or a gw_rwmutex (its write lock) */
  bool gw__is_rw;
  struct gw__waitq gw__queue;
} gw_cond;
#define GW_COND_INIT(mu) {.gw__locker = (mu), .gw__is_rw = GW__IS_RW(mu)}
#define gw_cond_init(c, mu) gw__cond_init((c), (mu), GW__IS_RW(mu))
/* Unlocks, blocks until signalled, locks again. The caller holds the lock. */
void gw_cond_wait(gw_cond *c);
/* Wake the longest waiter, or all.  Never block. */
void gw_cond_signal(gw_cond *c);
void gw_cond_broadcast(gw_cond *c);

typedef struct gw_sema {
  int64_t gw__free; /* guarded by gw__queue: units that nobody holds */
  int64_t gw__held; /* guarded by gw__queue: units that somebody holds */
  struct gw__waitq gw__queue;
} gw_sema;
/* n units.  Acquire blocks, FIFO: a large request is not overtaken.  Release panics when more is given than was taken.
 */
void gw_sema_init(gw_sema *s, int64_t n);
void gw_sema_acquire(gw_sema *s, int64_t n);
bool gw_sema_try_acquire(gw_sema *s, int64_t n);
void gw_sema_release(gw_sema *s, int64_t n);

/* ---- time ----------------------------------------------------------------------------------------------------------
 */

/* Monotonic. */
int64_t gw_now(void);
/* Blocks for ns; yields if ns <= 0. */
void gw_sleep(int64_t ns);

typedef struct gw_timer gw_timer;
/* Sends the time on its channel after ns. Owned by the caller. */
gw_timer *gw_timer_new(int64_t ns);
gw_chan(int64_t) gw_timer_chan(gw_timer *t);
/* True if the timer was active (not yet fired, or fired and not received).  No stale tick follows either call. */
bool gw_timer_stop(gw_timer *t);
bool gw_timer_reset(gw_timer *t, int64_t ns);
/* Stops it and gives the memory back, channel included.  NULL is fine. */
void gw_timer_free(gw_timer *t);
/* gw_timer *gw_after_func(ns, f, args...): starts f in a goroutine of its own after ns. */
#define gw_after_func(ns, ...) GW__WITH_CALL1(gw__after_func, ns, __VA_ARGS__)

typedef struct gw_ticker gw_ticker;
/* A tick every ns; ticks that nobody takes are dropped.  Panics if ns <= 0. */
gw_ticker *gw_ticker_new(int64_t ns);
gw_chan(int64_t) gw_ticker_chan(gw_ticker *t);
void gw_ticker_stop(gw_ticker *t);
void gw_ticker_free(gw_ticker *t);

/* ---- panics --------------------------------------------------------------------------------------------------------
 */

typedef struct gw_panic_info {
  char message[256];
} gw_panic_info;
/* Runs the goroutine's deferred calls; ends in the innermost gw_try, or ends the process. */
_Noreturn void gw_panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* bool gw_try(out, f, args...): calls f; true if it returned, false if it panicked (*out filled; out may be NULL). */
#define gw_try(out, ...) GW__WITH_CALL1(gw__try, out, __VA_ARGS__)
/* gw_defer(f, arg): runs f(arg) when the enclosing scope ends, in reverse order, a panic passing through included. */
#define gw_defer(f, arg) GW__DEFER(__COUNTER__, f, arg)

/* ---- annotations for code with its own synchronisation; nothing without -race
 * ----------------------------------------- */

void gw_happens_before(const volatile void *addr);
void gw_happens_after(const volatile void *addr);
void gw_race_ignore_begin(void);
void gw_race_ignore_end(void);

/* ---- profiles ---- */

#include "godwit/pprof.h"

/* ---- what the macros call
 * --------------------------------------------------------------------------------------------- */

void gw__go(GW__NOESCAPE struct gw__call *call);
intptr_t gw__blocking(GW__NOESCAPE const struct gw__call *call);
void gw__waitgroup_go(gw_waitgroup *w, GW__NOESCAPE struct gw__call *call);
void gw__once_do(gw_once *o, GW__NOESCAPE const struct gw__call *call);
gw_timer *gw__after_func(int64_t ns, GW__NOESCAPE struct gw__call *call);
bool gw__try(gw_panic_info *out, GW__NOESCAPE const struct gw__call *call);
void gw__cond_init(gw_cond *c, void *locker, bool is_rw);

/* ---- the library: built on the above
 * --------------------------------------------------------------------------------- */

#include "godwit/context.h"
#include "godwit/errgroup.h"
#include "godwit/limiter.h"
#include "godwit/map.h"
#include "godwit/memory.h"
#include "godwit/net.h"
#include "godwit/pool.h"

#endif
