/* The detector's door: what the runtime and the interceptors tell it.
 *
 * In the plain library every call below is empty and `struct race_g *` is always NULL; the runtime is compiled once
 * with -DGW_RACE=0 and once with -DGW_RACE=1, and this is the only place where the two differ.
 *
 * Rules
 * - A `struct race_g` is the detector's state of one goroutine or one foreign thread.  Its calls come from one thread
 *   at a time: the one that runs it, or one that holds the lock under which it is parked (hand-off to a sleeper).
 * - No call blocks on anything but short internal spin locks, and none parks.  None may be made from a signal handler.
 * - The order matters: a release comes before the operation that lets the other side go on, an acquire after the
 *   operation that saw it; both under the primitive's own lock where there is one.
 * - An `addr` only names a clock: any address that belongs to the primitive and to nothing else.
 */
#ifndef GODWIT_RACE_H
#define GODWIT_RACE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef GW_RACE
#define GW_RACE 0
#endif

struct race_g;

/* Where in the user's code something happens: return address and frame pointer of the frame that it returns to. */
struct race_at {
  uintptr_t pc, fp;
};

enum race_op {
  RACE_READ = 0,
  RACE_WRITE = 1,
  RACE_ATOMIC_READ = 2,
  RACE_ATOMIC_WRITE = 3,
  RACE_FREE = 4,
  RACE_ALLOC = 5
};

#if GW_RACE

/* The caller of the function that this stands in (which must be built with frame pointers). */
#define RACE_HERE() \
  ((struct race_at){(uintptr_t)__builtin_return_address(0), *(const uintptr_t *)__builtin_frame_address(0)})

/* Start-up; idempotent, called before main and before any instrumented constructor of the executable. */
void race_init(void);

/* The state of what runs on this thread now; adopts a foreign thread on its first call.  Never NULL. */
struct race_g *race_self(void);
/* Creates the state of a goroutine or thread with number `id`; what `creator` did so far happens before it.
 * `at` is the creating call, kept as its creation stack.  Never fails. */
struct race_g *race_g_create(struct race_g *creator, uint64_t id, struct race_at at);
/* Its body begins, on the stack [lo, hi): the stack is reborn. */
void race_g_start(struct race_g *g, const void *lo, const void *hi);
/* Its body has ended; `g` may not be used again.  Gives no happens-before edge by itself: release before if one is due.
 */
void race_g_end(struct race_g *g);
/* This thread runs `g` from now on, or goes on with it after it was parked: calls of others for it (race_rendezvous,
 * race_exchange, race_handoff) may have ended its epoch.  NULL: the scheduler, which makes no instrumented access. */
void race_g_switch(struct race_g *g);
uint64_t race_g_id(const struct race_g *g);
/* The name that reports print; copied, cut at 47 bytes. */
void race_g_set_name(struct race_g *g, const char *name);

/* Happens-before by address.  `release` replaces what the clock held (as a mutex does), `release_merge` joins into it
 * (wait group, readers' unlocks), `release_acquire` joins and then takes all of it (a barrier, an atomic exchange). */
void race_acquire(struct race_g *g, const void *addr);
void race_release(struct race_g *g, const void *addr);
void race_release_merge(struct race_g *g, const void *addr);
void race_release_acquire(struct race_g *g, const void *addr);
/* A lock's edges.  They are those of acquire and release, but tell that nobody acquires the clock at addr except who
 * holds the lock: a goroutine that gets it back at once goes on with what it recorded.  A reader takes part in the
 * writers' clock and leaves its own in the readers', which writers acquire besides. */
void race_lock(struct race_g *g, const void *addr);
void race_unlock(struct race_g *g, const void *addr);
void race_read_lock(struct race_g *g, const void *writers, const void *readers);
void race_read_unlock(struct race_g *g, const void *readers);
/* Clocks that belong to a primitive, which guards them by its own lock: n of them, freed with it.  `exchange` is
 * `release_acquire` with number i, that needs no look-up. */
struct race_clocks;
struct race_clocks *race_clocks_new(uint32_t n);
void race_clocks_free(struct race_clocks *clocks);
void race_exchange(struct race_g *g, struct race_clocks *clocks, uint32_t i);
/* `note` is a read of the n bytes at addr, which belong to the primitive and which nobody writes but by `write`: what a
 * send is to a close.  Not kept among accesses, it uses up no epoch. */
void race_note(struct race_g *g, struct race_clocks *clocks, const void *addr, size_t n, struct race_at at);
void race_write_noted(struct race_g *g, struct race_clocks *clocks, const void *addr, size_t n, struct race_at at);
/* `to` gets all that `from` did: a direct hand-off, or a signal to a sleeper. */
void race_handoff(struct race_g *from, struct race_g *to);
/* Both ways: what either did happens before what the other does next.  `clocks` are of the primitive where they meet,
 * which remembers by them who met; may be NULL. */
void race_rendezvous(struct race_g *a, struct race_g *b, struct race_clocks *clocks);
/* The clock at addr is gone (its primitive is destroyed). */
void race_forget(const void *addr);

/* `g` is about to take the lock, and will wait for it as long as it takes: what it holds comes before that lock in the
 * order of locks (GW1002).  Not for tries and timed waits. */
void race_lock_wanted(struct race_g *g, const void *lock, bool write, struct race_at at);
/* Lock sets, for reports and for the order of locks.  `write` is false for a reader's side.  `at` is the locking call.
 * No edge by themselves. */
void race_lock_held(struct race_g *g, const void *lock, bool write, struct race_at at);
void race_lock_dropped(struct race_g *g, const void *lock);
/* True while g, which may be NULL, holds a lock of libc (pthread's, C11's, stdio's): those belong to the thread that
 * took them, so g may not go on on another one. */
bool race_bound_to_thread(const struct race_g *g);

/* Accesses made on the user's behalf (channel elements, interceptors). */
void race_access(struct race_g *g, const void *p, size_t n, enum race_op op, struct race_at at);
/* [p, p+n) changes hands: what was recorded about it, its clocks included, is dropped. */
void race_reborn(const void *p, size_t n);

/* Descriptors, whose clocks the interceptors of read, write, close, ... share: something is about to be put into what
 * fd names; something was taken out; fd is about to be closed; fd was just given out. */
void race_fd_write(struct race_g *g, int fd);
void race_fd_read(struct race_g *g, int fd);
void race_fd_close(struct race_g *g, int fd);
void race_fd_open(struct race_g *g, int fd);
/* Which of them are ends of connections: a bound socket is about to listen, and again once it does; somebody is about
 * to call connect; he has, whatever came of it; a connection was accepted, and its number given out. */
void race_fd_listen(int fd);
void race_fd_connecting(void);
void race_fd_connected(int fd);
void race_fd_accepted(int listener, int fd);

/* The annotations of godwit.h, nested. */
void race_ignore_begin(struct race_g *g);
void race_ignore_end(struct race_g *g);

/* A finding that isn't a data race: kind as "GW1003", a one-line message (no newline), extra text that is printed as it
 * is (may be NULL), and where.  Counts for the exit status. */
void race_finding(const char *kind, const char *message, const char *text, struct race_g *g, struct race_at at);
/* The status that a process which ends with `status` has to give (66 once anything was found); prints the summary line
 * the first time. */
int race_exit_status(int status);
/* Between true and false, which nest, what this thread does with libc's primitives is the runtime's own, and orders
 * nothing; threads that it creates stay unseen. */
void race_hide_threads(bool hide);

/* Calls f for each heap block that begins in [lo, hi), by address.  Blocks in use don't overlap; freed ones stay until
 * others cover the place where they began.  Takes no lock.  Without a book of blocks (race_heap_known) there are none.
 */
void race_heap_each(uintptr_t lo, uintptr_t hi, void (*f)(uintptr_t base, size_t size, bool freed, void *arg),
                    void *arg);
static inline bool race_heap_known(void) { return true; }

#else

#define RACE_HERE() ((struct race_at){0, 0})
static inline void race_init(void) {}
static inline struct race_g *race_self(void) { return NULL; }
static inline struct race_g *race_g_create(struct race_g *creator, uint64_t id, struct race_at at) {
  (void)creator, (void)id, (void)at;
  return NULL;
}
static inline void race_g_start(struct race_g *g, const void *lo, const void *hi) { (void)g, (void)lo, (void)hi; }
static inline void race_g_end(struct race_g *g) { (void)g; }
static inline void race_g_switch(struct race_g *g) { (void)g; }
static inline uint64_t race_g_id(const struct race_g *g) {
  (void)g;
  return 0;
}
static inline void race_g_set_name(struct race_g *g, const char *name) { (void)g, (void)name; }
static inline void race_acquire(struct race_g *g, const void *addr) { (void)g, (void)addr; }
static inline void race_release(struct race_g *g, const void *addr) { (void)g, (void)addr; }
static inline void race_release_merge(struct race_g *g, const void *addr) { (void)g, (void)addr; }
static inline void race_release_acquire(struct race_g *g, const void *addr) { (void)g, (void)addr; }
static inline void race_lock(struct race_g *g, const void *addr) { (void)g, (void)addr; }
static inline void race_unlock(struct race_g *g, const void *addr) { (void)g, (void)addr; }
static inline void race_read_lock(struct race_g *g, const void *writers, const void *readers) {
  (void)g, (void)writers, (void)readers;
}
static inline void race_read_unlock(struct race_g *g, const void *readers) { (void)g, (void)readers; }
struct race_clocks;
static inline struct race_clocks *race_clocks_new(uint32_t n) {
  (void)n;
  return NULL;
}
static inline void race_clocks_free(struct race_clocks *clocks) { (void)clocks; }
static inline void race_exchange(struct race_g *g, struct race_clocks *clocks, uint32_t i) {
  (void)g, (void)clocks, (void)i;
}
static inline void race_note(struct race_g *g, struct race_clocks *clocks, const void *addr, size_t n,
                             struct race_at at) {
  (void)g, (void)clocks, (void)addr, (void)n, (void)at;
}
static inline void race_write_noted(struct race_g *g, struct race_clocks *clocks, const void *addr, size_t n,
                                    struct race_at at) {
  (void)g, (void)clocks, (void)addr, (void)n, (void)at;
}
static inline void race_handoff(struct race_g *from, struct race_g *to) { (void)from, (void)to; }
static inline void race_rendezvous(struct race_g *a, struct race_g *b, struct race_clocks *clocks) {
  (void)a, (void)b, (void)clocks;
}
static inline void race_forget(const void *addr) { (void)addr; }
static inline void race_lock_wanted(struct race_g *g, const void *lock, bool write, struct race_at at) {
  (void)g, (void)lock, (void)write, (void)at;
}
static inline void race_lock_held(struct race_g *g, const void *lock, bool write, struct race_at at) {
  (void)g, (void)lock, (void)write, (void)at;
}
static inline void race_lock_dropped(struct race_g *g, const void *lock) { (void)g, (void)lock; }
static inline bool race_bound_to_thread(const struct race_g *g) {
  (void)g;
  return false;
}
static inline void race_access(struct race_g *g, const void *p, size_t n, enum race_op op, struct race_at at) {
  (void)g, (void)p, (void)n, (void)op, (void)at;
}
static inline void race_reborn(const void *p, size_t n) { (void)p, (void)n; }
static inline void race_fd_write(struct race_g *g, int fd) { (void)g, (void)fd; }
static inline void race_fd_read(struct race_g *g, int fd) { (void)g, (void)fd; }
static inline void race_fd_close(struct race_g *g, int fd) { (void)g, (void)fd; }
static inline void race_fd_open(struct race_g *g, int fd) { (void)g, (void)fd; }
static inline void race_fd_listen(int fd) { (void)fd; }
static inline void race_fd_connecting(void) {}
static inline void race_fd_connected(int fd) { (void)fd; }
static inline void race_fd_accepted(int listener, int fd) { (void)listener, (void)fd; }
static inline void race_ignore_begin(struct race_g *g) { (void)g; }
static inline void race_ignore_end(struct race_g *g) { (void)g; }
static inline void race_finding(const char *kind, const char *message, const char *text, struct race_g *g,
                                struct race_at at) {
  (void)kind, (void)message, (void)text, (void)g, (void)at;
}
static inline int race_exit_status(int status) { return status; }
static inline void race_hide_threads(bool hide) { (void)hide; }
static inline void race_heap_each(uintptr_t lo, uintptr_t hi,
                                  void (*f)(uintptr_t base, size_t size, bool freed, void *arg), void *arg) {
  (void)lo, (void)hi, (void)f, (void)arg;
}
static inline bool race_heap_known(void) { return false; }

#endif
#endif
