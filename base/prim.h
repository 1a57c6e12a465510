/* The whole contract with the operating system: every OS call of base, runtime and detector is declared here.
 *
 * Nothing here allocates from malloc, sets errno (unless it says so) or is a cancellation point.  Failures are negative
 * errno values.
 */
#ifndef GW_BASE_PRIM_H
#define GW_BASE_PRIM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory. Sizes and addresses are multiples of the page size (4096). */
#define PRIM_PAGE 4096u
/* New zeroed memory; NULL when the system refuses. Not counted against overcommit until touched. */
void *prim_map(size_t n);
/* The same, at a multiple of `align`, which is a power of two and a multiple of the page size. */
void *prim_map_aligned(size_t n, size_t align);
/* Reserves exactly [at, at+n) as zeroed, untouched, readable and writable memory with no swap reserved, no huge pages
 * and no core dump; fails with -EEXIST if anything is mapped there. */
int prim_map_at(uintptr_t at, size_t n);
void prim_unmap(void *p, size_t n);
/* The same two, but own.h doesn't learn of it: for who has it frozen. */
void *prim_map_unlisted(size_t n);
void prim_unmap_unlisted(void *p, size_t n);
/* Gives the pages back; they read as zero afterwards. */
void prim_discard(void *p, size_t n);
/* The system may not back [p, p+n) with huge pages: only what is touched counts. */
void prim_no_huge_pages(void *p, size_t n);
/* Makes [p, p+n) inaccessible (mprotect). */
int prim_guard(void *p, size_t n);
/* The same by markers in the page tables, which split no mapping: Linux 6.13, else -EINVAL. */
int prim_guard_marker(void *p, size_t n);
/* For many ranges of whole pages in one call: prim_guard_marker, prim_discard, and a first write to each page.  -errno
 * if the kernel can't do that; then some may be done. */
struct prim_range {
  void *p;
  size_t n;
};
int prim_guard_markers(const struct prim_range *ranges, uint32_t count);
int prim_discard_all(const struct prim_range *ranges, uint32_t count);
int prim_populate(const struct prim_range *ranges, uint32_t count);
/* No huge pages in [p, p+n). */
void prim_no_huge(void *p, size_t n);

/* Futex wait and wake on a private 32-bit word. Wait returns 0 (woken, or spurious), -EAGAIN (value differs), -EINTR or
 * -ETIMEDOUT; timeout_ns < 0 waits for ever. */
int prim_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);
int prim_futex_wake(const uint32_t *word, int count);

/* Sends this thread the signal, with this siginfo_t (NULL: none); it is delivered before the call returns unless it is
 * blocked. */
void prim_signal_self(int sig, const void *info);

/* Monotonic time in nanoseconds. */
int64_t prim_now(void);
/* Processor time that the process has used, in nanoseconds. */
int64_t prim_cpu_now(void);
uint32_t prim_gettid(void);
/* 64 random bits. */
uint64_t prim_random(void);
/* Processors that this process may use; at least 1. */
int prim_ncpu(void);
/* All threads of this process have passed a full memory barrier when it returns. */
void prim_membarrier(void);
/* Registers for prim_membarrier; falls back to a slower way when the kernel has none. */
void prim_membarrier_init(void);
void prim_sched_yield(void);
/* This thread's timed waits end at most ns late (a nanosecond is the least). */
void prim_timer_slack(long ns);
/* Threads of this process, or -errno. */
int prim_thread_count(void);
/* Does that thread of this process sleep, as far as /proc tells? */
bool prim_thread_sleeps(uint32_t tid);
/* Does it run, or wait for nothing but a core? */
bool prim_thread_runs(uint32_t tid);

/* Writes all of it, over EINTR and short writes; 0 or -errno. */
int prim_write_all(int fd, const void *p, size_t n);
/* As read(2), over EINTR: bytes, 0 at the end, or -errno. */
int64_t prim_read(int fd, void *p, size_t n);
/* As pwrite(2), over EINTR; all of it, or fewer bytes, or -errno. */
int64_t prim_write_at(int fd, const void *p, size_t n, uint64_t offset);
/* As pread(2), over EINTR. */
int64_t prim_read_at(int fd, void *p, size_t n, uint64_t offset);
int prim_open_append(const char *path);
/* As readlink(2): bytes (no terminating NUL), or -errno. */
long prim_readlink(const char *path, char *to, size_t n);
/* The file's bytes, read-only, and their number; NULL when it can't be read.  Given back by prim_unmap. */
const void *prim_map_file(const char *path, size_t *n);
int prim_open_read(const char *path);
void prim_close(int fd);

/* Time since 1970 in nanoseconds. */
int64_t prim_wall_now(void);

/* Signals, past libc, so that no interceptor delays them. */
/* Sends one thread of this process the signal with a pointer (si_code SI_QUEUE); 0 or -errno. */
int prim_signal_thread(uint32_t tid, int sig, void *value);
/* A handler as the system knows it. */
struct prim_handler {
  void (*f)(int sig, void *info, void *context); /* or SIG_DFL, SIG_IGN */
  unsigned long flags;
  void (*restorer)(void);
  unsigned long mask;
};
/* f handles the signal from now on, on the alternate stack if there is one, calls are restarted; *before is filled
 * first.  0 or -errno. */
int prim_handler_set(int sig, void (*f)(int sig, void *info, void *context), struct prim_handler *before);
/* The signal is handled again as before. */
void prim_handler_restore(int sig, const struct prim_handler *before);
/* The address that the signal's handlers return to, as libc or the program set it; 0: none was ever set. */
uintptr_t prim_handler_returns_to(int sig);
/* Is the caller on the alternate stack, where handlers of this thread's run? */
bool prim_on_alternate_stack(void);
/* From now on no handler runs on this thread but for what an instruction raises; returns what was blocked before. */
uint64_t prim_signals_hold(void);
/* Blocks what `before` says. */
void prim_signals_let(uint64_t before);
/* Does that thread block the signal (below 32)?  True if it can't be found out. */
bool prim_signal_blocked(uint32_t tid, int sig);
/* Does what `before` would have done with a signal whose default is to be ignored. */
void prim_handler_call(const struct prim_handler *before, int sig, void *info, void *context);
/* Is the page of p there? Signal-safe. */
bool prim_readable(const void *p);

/* A timer that sends thread `tid` of this process the signal each time it has used interval_ns of processor time, from
 * now on or (at once, with an overrun) from its birth.  Its number, or -errno. */
int prim_cpu_timer(uint32_t tid, int sig, int64_t interval_ns, bool from_birth);
void prim_cpu_timer_end(int timer);
/* Calls f for each thread of this process; 0 or -errno. */
int prim_each_thread(void (*f)(uint32_t tid, void *arg), void *arg);

/* Sockets, all non-blocking.  Listens at a sockaddr; the descriptor, and the port that it got, or -errno. */
int prim_listen(const void *address, unsigned n, uint16_t *port);
int prim_accept(int fd);
/* As recv(2) and send(2): bytes, 0 at the end, -EAGAIN; no SIGPIPE. */
int64_t prim_recv(int fd, void *p, size_t n);
int64_t prim_send(int fd, const void *p, size_t n);
/* The other side reads the end; what it still says can be read. */
void prim_send_end(int fd);
struct prim_poll { /* a pollfd */
  int fd;
  short events, happened;
};
enum { PRIM_POLL_IN = 1, PRIM_POLL_OUT = 4 };
/* As poll(2). */
int prim_poll(struct prim_poll *fds, unsigned n, int64_t timeout_ms);

/* Opens for writing, emptied; or -errno. */
int prim_open_write(const char *path);
int prim_getpid(void);

/* Ends the process at once, no handlers run. */
_Noreturn void prim_exit(int status);
/* Ends the process by SIGABRT, whatever its handler. */
_Noreturn void prim_abort(void);

#endif
