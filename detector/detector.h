/* The detector's inner interface: what its files know of one another.
 *
 * The way of an access: inline check (compiled code) -> thunk (thunk_x86_64.S) -> part.c, row.c, single.c, or access.c
 * for what isn't simple, which takes the lock of the 64-byte line, judges the new access against every recorded one,
 * records it and hands races to report.c. Everything on that way is compiled for general registers only: the caller's
 * vector registers are live.
 *
 * Words: *granule* 8 aligned bytes of the program; *line* 64 of them; *cell* a 32-bit record of one access to a
 * granule; *plane* an array of cells, one per granule; *epoch* a goroutine's time between two releases; *id* a number
 * for an epoch that fits a cell; *slot* a goroutine's component in vector clocks; *segment* (slot, clock), what an id
 * stands for.
 */
#ifndef GW_DETECTOR_H
#define GW_DETECTOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/spin.h"
#include "detector/clock.h"
#include "detector/lock_order.h"
#include "detector/lock_phase.h"
#include "godwit/abi.h"
#include "godwit/race.h"

#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LIKELY(x) __builtin_expect(!!(x), 1)

/* One lock that a goroutine holds. */
struct held_lock {
  uintptr_t addr;
  uint32_t stack; /* of the acquisition, in the depot */
  bool write;     /* exclusive */
  bool of_thread; /* libc's: it belongs to the thread that took it */
  uint64_t since; /* held.c's clock */
};

/* What a goroutine or thread is to reports; outlives it while an id names it. Index into the table of epoch.c. */
struct incarnation {
  uint64_t id;             /* goroutine number */
  uint64_t creator_id;     /* 0: none */
  uint32_t creation_stack; /* depot id; 0: the first, or unknown */
  uint32_t name;           /* depot id of its name; 0: none */
  uint32_t creator_name;   /* likewise */
  uint16_t process;        /* the one that it lives in (goroutine.c) */
  bool thread;             /* a foreign thread, not a goroutine */
  bool ended;              /* atomic; it does nothing any more */
};

enum { HELD_INLINE = 4 };

/* A publication of a lock that nobody has acquired yet, as far as its goroutine knows (reopen.c). */
struct untaken {
  uintptr_t addr; /* the sync object's */
  uint64_t takes; /* the object's when it was published */
  uint64_t next;  /* the clock that was open then */
  uint32_t epoch; /* what the publication closed, id << 9; 0: nothing */
};
enum { UNTAKEN = 6 }; /* guess: locks nest less deep */

/* A publication that a goroutine acquired: whoever has this component has all of it. */
struct origin {
  uint64_t clock;
  uint32_t slot;
};
enum { ORIGINS = 3, ORIGINS_LOST = ORIGINS + 1 }; /* guess */

/* A goroutine or foreign thread that lives. Used by one thread at a time (race.h). */
struct race_g {
  uint64_t serial;        /* no two have the same, dead ones included */
  uint32_t epoch;         /* open id << 9; 0 while nothing was recorded since it was born (no slot yet) */
  bool recorded;          /* a cell may hold the open id */
  bool noted;             /* a note has the open clock (notes.h), though no cell may have its id */
  bool acquired;          /* its tree changed since its last tick */
  bool fence_acquire;     /* pending_acquire isn't empty */
  bool fence_release;     /* a release fence came before: fence holds what it published */
  bool since_is_all;      /* when it acquired `since` it knew nothing beside that, not even of its own */
  struct clock_ref clock; /* tree of the others, own slot, open clock; slot CLOCK_NONE before the first record */
  struct {
    uint64_t clock;
    uint32_t slot;               /* CLOCK_NONE: of several */
  } since;                       /* the publication that it acquired since its last tick, if `acquired` */
  uint64_t first_clock;          /* of this incarnation of the slot */
  uint64_t tree_clock;           /* the first segment that was published with the tree as it was at the last tick */
  uint32_t origins;              /* in `origin`; ORIGINS_LOST: it doesn't say all */
  struct origin origin[ORIGINS]; /* publications that its tree, but for its own component, is part of */
  uint32_t incarnation;          /* index */
  uint32_t lockset;              /* depot id of `held`, valid if lockset_valid */
  bool lockset_valid;
  uint32_t thread_locks; /* of_thread in `held`, and stdio's */
  uint32_t ignore;       /* depth of race_ignore_begin */
  uint32_t held_n, held_cap;
  struct held_lock *held; /* held_inline, or in the arena */
  struct held_lock held_inline[HELD_INLINE];
  struct phase_g phase;         /* for the lock graph */
  uintptr_t stack_lo, stack_hi; /* bounds of its stack for the walk; lo may be 0 */
  uint64_t calls;               /* __gw_tls.calls while it doesn't run */
  uint32_t on;                  /* number of the thread that it ran on last; 0: none yet */
  struct clock_ref fence;       /* published by the last release fence */
  uint32_t lent;                /* times that the open clock was published while it stayed open (lend.c) */
  uint64_t lent_at;             /* if `lent`: streams that had become shared when it was (lend.c) */
  uint32_t untaken_n;
  uint32_t spare;                   /* an id that no cell holds, << 9, for the next epoch; 0: none */
  struct untaken untaken[UNTAKEN];  /* the latest publications, all to locks; the newest last */
  struct untaken round;             /* the one of the lock that it has got back as it left it (round.c); addr 0: none */
  struct node *pending_acquire;     /* what relaxed loads saw, for the next acquire fence */
  struct {                          /* the last atomic load that acquired */
    const struct sync_atomic *from; /* NULL: none */
    uintptr_t addr;
    uint64_t version; /* that it acquired (heads.h) */
  } seen;
  struct race_g *kept;        /* the next of those that a thread keeps for newborns */
  struct race_g *prev, *next; /* all that live or are kept; guarded by gs.lock (goroutine.c) */
};

enum { BLOCKS_KEPT = 64 }; /* guess */
enum { GS_KEPT = 256 };    /* guess */
enum { SERIALS = 64 };     /* guess */
enum { EPOCH_IDS = 32 };   /* guess: one lock for so many; of one run (epoch.h) */
enum { ORDERED = 128 };    /* ids whose order a thread remembers (judge.h) */

/* A thread that has entered the detector. In the arena; registered until the thread ends. */
struct det_thread {
  struct race_g *g;          /* runs here now; NULL: scheduler */
  uint32_t number;           /* from 1; of no other thread of the process */
  uint32_t inside;           /* depth in the detector; partner: the collector, by membarrier */
  uint32_t stops;            /* 1: it has stopped the others, or is about to, so signals wait as they do inside */
  uint32_t plane;            /* read plane that it uses now (plane.c) */
  uint32_t own_plane;        /* the one that it uses where others read the same; 0: not yet */
  uint32_t reads, displaced; /* recorded reads, and those of them that met a concurrent reader's entry */
  uint32_t keep_plane;       /* windows of reads for which it stays with its own plane */
  uint32_t own_reads;        /* of what its own epoch wrote (single.c) */
  uint32_t hidden;           /* depth of race_hide_threads */
  bool collect_wanted;       /* ids run short: collect on leaving */
  int64_t alive;             /* goroutines that were born on it, less those that ended on it (alone.c) */
  struct gw_tls *tls;        /* its __gw_tls */
  bool own_thread;           /* g is this foreign thread's own, ended with it */
  uint64_t ordered[ORDERED]; /* by id: the goroutine (serial << CELL_ID_BITS) that found it to happen before it */
  struct atomic_op *atomic;  /* operation that is about to be performed, and may fault; NULL: none (atomic.c) */
  uint64_t deferred_signals; /* bit per signal that arrived inside (posix_signal.c) */
  struct depot_cache *cache; /* recent stacks by hash */
  struct composite_room {    /* free blocks for composites that it has taken ahead (composite.c) */
    uint32_t first;          /* id */
    uint64_t free;           /* bit for each */
  } composites[2];
  struct lock_seen *lock_seen;    /* nestings that it has shown the lock graph */
  struct readers_memory *readers; /* recent sets of readers (readers.h); NULL: none yet */
  struct duo_memory *duos;        /* recent duos (duo.h); NULL: none yet */
  uint32_t end_rounds;            /* of libc's destructors of thread-specific values, so far */
  struct pool nodes;              /* of clock trees */
  uint32_t blocks_n;              /* in `blocks` */
  uint32_t blocks[BLOCKS_KEPT];   /* free ones that it keeps (contexts.c) */
  uint32_t ids_n;                 /* in `ids` */
  uint32_t ids[EPOCH_IDS];        /* free ones that it took ahead (epoch.c); the collector takes them back */
  struct race_g *kept;            /* for newborns: they end where others begin, mostly */
  uint32_t kept_n;                /* of them; GS_KEPT at most */
  uint64_t serial; /* the last that it gave to a goroutine; the next SERIALS - serial % SERIALS are its own */
  struct det_thread *prev, *next; /* guarded by det_threads.lock */
};

extern __attribute__((tls_model("initial-exec"))) _Thread_local struct det_thread *det_self;
extern __attribute__((
    tls_model("initial-exec"))) _Thread_local uintptr_t det_access_fp; /* frame of the access under way, for reports */
extern uint32_t det_collecting; /* atomic; set while the collector wants everybody out */

struct det_thread *det_adopt(void);
void det_wait_collect(struct det_thread *t);
void det_collect(struct det_thread *t);
void race_run_deferred_signals(void);
/* In the child of a fork: what was kept in the parent is the parent's. */
void det_signals_after_fork(void);

/* Where something happens, if that is instrumented code and called the detector itself: then __gw_tls.calls is the
 * context (depot.c).  Told by a bit of the frame pointer. */
enum { AT_TRACKED = 1 };
static inline struct race_at at_tracked(struct race_at at) {
  at.fp |= AT_TRACKED;
  return at;
}
static inline struct race_at at_plain(struct race_at at) {
  at.fp &= ~(uintptr_t)AT_TRACKED;
  return at;
}

/* Entry to the detector: nothing that an id names changes its meaning until det_exit, or retired_pause. Nests. */
static inline struct det_thread *det_enter(void) {
  struct det_thread *t = det_self;
  if (UNLIKELY(!t)) t = det_adopt();
  t->inside++;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (UNLIKELY(__atomic_load_n(&det_collecting, __ATOMIC_RELAXED)) && t->inside == 1) det_wait_collect(t);
  return t;
}

static inline void det_exit(struct det_thread *t) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  /* release: what this thread did inside is seen by the collector that finds the counter at 0 */
  __atomic_store_n(&t->inside, t->inside - 1, __ATOMIC_RELEASE);
  if (UNLIKELY(t->collect_wanted) && t->inside == 0) det_collect(t);
  if (UNLIKELY(t->deferred_signals) && t->inside == 0) race_run_deferred_signals();
}

/* Names the clock of what threads of libc's own are started for: timers' functions and the like (posix_behind.c). */
extern const char det_behind;

/* --- plane.c: which read plane a thread uses
 * ------------------------------------------------------------------------------------------------------------ */
/* Displaced reads from which a thread turns to its own plane; tests make it small. */
extern uint32_t det_displaced_many;
enum { READS_WINDOW = 256 }; /* recorded reads after which a thread thinks about its plane; guess */
void det_choose_plane(struct det_thread *t);
/* t read again, by itself, what it had read as one of a set. */
void det_count_held_read(struct det_thread *t);
/* For a thread that wants one of its own, until it ends; the shared one if there is none left. */
unsigned det_new_plane(void);
/* The thread ends: what was recorded there stays, but others may use the plane. */
void det_give_back_plane(const struct det_thread *t);
/* In the child, whose only thread is t, or NULL. */
void det_planes_after_fork(const struct det_thread *t);
/* Atomic: threads that wanted a plane of their own when there was none left. */
extern uint32_t det_without_plane;
/* The first plane is as good as t's own: all others that meet readers there have somewhere to go. */
static inline bool det_has_shared_plane(const struct det_thread *t) {
  return t->own_plane == 1 && __atomic_load_n(&det_without_plane, __ATOMIC_RELAXED) == 1;
}
extern uint32_t det_own_planes; /* that threads may have; tests make it small */
/* The calling thread records its reads there from now on. */
void det_use_plane(struct det_thread *t, unsigned plane);

/* --- access.c: judge and record --------------------------------------------------------------------------------------
 */

/* The slow path for any range: judges and records [p, p+n) for g. */
void det_access(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, enum race_op op, struct race_at at);
/* Was the segment's goroutine left behind by a fork, so that a write doesn't race with what it did (goroutine.c)? */
bool det_left_behind(uint32_t id);
/* The program is about to get memory that a forked child has in common with it. */
void det_shares_memory(void);
/* The older side of a race, and where. */
struct race_pair {
  uintptr_t granule;
  uintptr_t p; /* the whole later access */
  size_t n;
  uint32_t bytes; /* of the granule, shared by the two */
  uint32_t older_cell;
  uint32_t older_ctx; /* resolved */
  bool older_write;
};

enum { RACES_MAX = 32 }; /* guess: readers beside a write that differ in their stacks */

/* Races of one access that are found and not told yet. */
struct det_races {
  unsigned n; /* of `pair`; all else holds only if it isn't 0 */
  struct det_thread *t;
  struct race_g *g;
  enum race_op op;
  uint32_t ctx;
  uintptr_t fp; /* frame of the access */
  struct race_pair pair[RACES_MAX];
};
/* A line whose lock (shadow.h) the caller has. */
struct held_line {
  uint8_t *at;  /* its meta byte; NULL: none is held */
  uint8_t meta; /* what it will hold besides the lock */
};
/* det_access for an atomic operation, while *held is: what races is left in *races (n is 0 before), to be told once
 * that lock is free; before det_exit, as ids mean what they mean until then. */
void det_access_atomic(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, bool write, struct race_at at,
                       struct held_line *held, struct det_races *races);
void det_tell_races(struct det_races *races);
/* The goroutine goes on on another thread than before (thread_local.c). */
void det_runs_on(struct race_g *g, uint32_t thread);
/* Is the pair no race, as both accesses are to a variable of the one thread that they were made on? */
bool det_thread_orders(const struct det_races *races, const struct race_pair *pair);
/* An access of any size by the short way, if that will do; ctx: its context, or 0 if that isn't known yet (single.c).
 */
void det_element(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, struct race_at at, uint32_t ctx,
                 bool write);
/* The short way for what lies in one line (single.c): plain, judged and recorded as ctx; false if it takes more. */
bool det_line_simply(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, uint32_t ctx, bool write);
/* Records a write of memory that was just reborn. */
void det_record_fresh(struct det_thread *t, struct race_g *g, uintptr_t p, size_t n, uint32_t ctx);

/* Calls f(arg) with vector registers saved, on the stack that ends at `top` (thunk_x86_64.S). */
void det_call_saved(void (*f)(void *), void *arg, void *top);
extern uint32_t det_xsave_size; /* bytes that xsave needs; 0: fxsave */
/* The same on a stack of the detector's own (aside.c). */
void det_call_aside(void (*f)(void *), void *arg);

/* --- memory.c
 * ---------------------------------------------------------------------------------------------------------- */
void det_reborn(uintptr_t lo, uintptr_t hi);
/* [p, p+room) changes hands, and [p, p+n) is recorded as written with context ctx; n <= room, not long. */
void det_reborn_fresh(struct det_thread *t, struct race_g *g, uintptr_t p, size_t room, size_t n, uint32_t ctx);

/* --- atomic.c
 * ---------------------------------------------------------------------------------------------------------- */
/* The thread got a signal that an instruction raises, maybe that of an atomic operation under way. */
void det_atomic_faulted(void);

/* --- sync.c
 * ------------------------------------------------------------------------------------------------------------ */
/* Publishes g's clock: what a release hands out. The caller owns the tree reference in *out. */
void det_publish(struct race_g *g, struct clock_ref *out);
/* The same over a clock that holds a publication, or nothing. */
void det_publish_over(struct det_thread *t, struct race_g *g, struct clock_ref *c);
/* The same for a lock's clock: what was published to locks before keeps its place in g->untaken. */
void det_publish_to_lock(struct race_g *g, struct clock_ref *out);
/* After det_publish was stored where others can see it: opens the next epoch if need be. */
void det_tick(struct det_thread *t, struct race_g *g);
/* The same whether g is alone or not. */
void det_close(struct det_thread *t, struct race_g *g);
void det_acquire_clock(struct det_thread *t, struct race_g *g, const struct clock_ref *from);
/* `child` is new, and has acquired what `creator` published, who has no component of his own: so it has the same tree,
 * and from the same origins. */
void det_inherit_origins(const struct race_g *creator, struct race_g *child);
/* All that the publisher of `from` did is known to g already. */
bool det_knows(const struct race_g *g, const struct clock_ref *from);
/* What g did since its last tick has to be published by the open clock; else the last closed one stands for it too. */
bool det_must_close(const struct race_g *g);
/* The clock that stands for all that g did. */
uint64_t det_published_clock(const struct race_g *g);
/* --- lend.c: releases that nobody is likely to take
 * ------------------------------------------------------------------------------------------------------------ */
/* As race_release_merge and race_acquire, for the object of a stream whose other end is in another process; one_way: of
 * a pipe, so that most likely nobody takes anything. */
void det_lend(struct race_g *g, const void *addr, bool one_way);
void det_borrow(struct race_g *g, const void *addr);
/* Before any operation on a descriptor: if somebody took what g lent, that ends here. */
void det_lent_end(struct race_g *g);
/* g, which is alone, has published its open clock, and goes on with it. */
void det_lent_alone(struct race_g *g);
/* The clock that g lent is closed. */
void det_lent_closed(struct race_g *g);
/* --- reopen.c: an epoch goes on when its lock comes back -------------------------------------------------------------
 */
/* atomic: somebody gave back a lock that another held; written with all others out */
extern bool det_given_back_by_others;
/* g is about to close its epoch with a publication to the lock's object. */
void det_untaken_add(struct race_g *g, uintptr_t addr, uint64_t takes);
void det_untaken_push(struct race_g *g, const struct untaken *u);
/* g holds the lock (again): goes on with the epoch that its last publication closed if nobody took that. */
void det_reopen(struct det_thread *t, struct race_g *g, uintptr_t addr, uint64_t takes);
/* --- round.c: rounds of a lock that are the goroutine's own business -------------------------------------------------
 */
/* g has got the lock, and it is as g left it; false: the lock's object has to be looked at. */
bool det_round_begin(struct det_thread *t, struct race_g *g, uintptr_t addr);
/* g is about to give it back, and there is nothing to publish. */
bool det_round_end(struct det_thread *t, struct race_g *g, uintptr_t addr);
/* What g did in a round goes by the clock that is open; for others too, who have stopped it. */
void det_round_break(struct race_g *g);
/* Somebody is about to give back a lock that another may hold; called outside the detector. */
void det_rounds_are_over(void);

/* --- alone.c
 * ----------------------------------------------------------------------------------------------------------- */
/* Atomic: one goroutine lives, and it need not end its epoch when it releases. */
extern bool det_alone;
/* On this thread. */
void det_born(struct det_thread *t);
void det_ended(struct det_thread *t);
/* After det_born of the process's first. */
void det_main_born(void);
/* t's goes off the list. */
void det_thread_gone_locked(const struct det_thread *t);
/* Somebody has ended; called outside the detector. */
void det_look_whether_alone(void);
/* By a goroutine that others may come after from now on whose birth won't be seen. */
void det_never_alone(void);
/* Somebody is about to be born whom nobody has created, as far as is known. */
void det_unseen_birth(void);
/* In the child, from its only thread; it may look then. */
void det_alone_after_fork(struct det_thread *me);

/* --- goroutine.c
 * ------------------------------------------------------------------------------------------------------- */
extern struct gs {
  struct spin_DET_GS lock; /* guards the list */
  struct race_g *first;    /* all that live or are kept */
  uint64_t n;              /* so many */
} det_gs;
extern struct det_threads {
  struct spin_DET_THREADS lock;
  struct det_thread *first;
} det_threads;
void det_thread_init(void);
/* Gives g a slot and its first id: called by the first record. */
void det_first_record(struct det_thread *t, struct race_g *g);
/* Marks a goroutine that race_g_create made as a foreign thread, for reports. */
void race_g_set_thread(struct race_g *g);
/* race_lock_held of one of libc's locks: they belong to the thread, where race.h's belong to nobody or a goroutine. */
void det_thread_lock_held(struct race_g *g, const void *lock, bool write, struct race_at at);
/* Drops from g's list what others have unlocked. */
void held_purge(struct race_g *g);
bool held_has(struct race_g *g, const void *lock);
/* Depot id of its name; 0: none. */
uint32_t race_g_name(const struct race_g *g);
/* Another one, a thread, that knows what `first` was created with, and was created where that was. */
struct race_g *race_g_twin(const struct race_g *first, uint64_t id);
/* True if the thread is inside the detector: a signal must be deferred. */
bool race_in_detector(void);
/* In the child of a fork, from its only thread: findings count anew, other threads are gone. */
void race_before_fork(void);
void race_after_fork_parent(void);
void race_after_fork_child(void);

/* Depot id of the stack at `at`, without its lock set. */
uint32_t race_stack_here(struct race_g *g, struct race_at at);

/* --- stop.c
 * ------------------------------------------------------------------------------------------------------------ */
/* Waits until no other thread is inside the detector, and keeps them out until det_resume_others. */
void det_stop_others(void);
void det_resume_others(void);

/* --- collect.c
 * --------------------------------------------------------------------------------------------------------- */
/* det_collect renames ids until few are in use; called when ids run short, by a thread that is outside, or pauses
 * (retired.h). */
extern uint32_t det_collect_every; /* stress: collect after so many new ids; 0: when it pays */

/* --- start.c
 * ----------------------------------------------------------------------------------------------------------- */
extern bool det_ready; /* set once by race_init */

#endif
