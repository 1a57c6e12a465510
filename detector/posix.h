/* What the interceptors share.
 *
 * An interceptor __gw_i_NAME does what NAME does and tells the detector.  Instrumented code calls it by that name; code
 * that isn't instrumented gets to it from the plain name when the program is linked with detector/interpose.  So inside
 * the detector a plain name may lead back to an interceptor: those of intercept.inc's GW_INTERPOSE lines are called as
 * gw__real.NAME only.  The others (memory and strings) are never interposed and are called by their names.
 */
#ifndef GW_DETECTOR_POSIX_H
#define GW_DETECTOR_POSIX_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <aio.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <iconv.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <mqueue.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <sched.h>
#include <search.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "detector/detector.h"
#include "detector/kmp.h"
#include "detector/shadow.h"

/* glibc declares these to code that is compiled with _FORTIFY_SOURCE only. */
void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
void *__memmove_chk(void *to, const void *from, size_t n, size_t room);
void *__mempcpy_chk(void *to, const void *from, size_t n, size_t room);
void *__memset_chk(void *to, int c, size_t n, size_t room);
char *__strcpy_chk(char *to, const char *from, size_t room);
char *__stpcpy_chk(char *to, const char *from, size_t room);
char *__strncpy_chk(char *to, const char *from, size_t n, size_t room);
char *__stpncpy_chk(char *to, const char *from, size_t n, size_t room);
char *__strcat_chk(char *to, const char *from, size_t room);
char *__strncat_chk(char *to, const char *from, size_t n, size_t room);
ssize_t __read_chk(int fd, void *to, size_t n, size_t room);
ssize_t __pread_chk(int fd, void *to, size_t n, off_t at, size_t room);
ssize_t __recv_chk(int fd, void *to, size_t n, size_t room, int flags);
size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *f);
char *__fgets_chk(char *to, size_t room, int n, FILE *f);
int __snprintf_chk(char *to, size_t n, int flag, size_t room, const char *fmt, ...);
int __vsnprintf_chk(char *to, size_t n, int flag, size_t room, const char *fmt, va_list ap);
int __sprintf_chk(char *to, int flag, size_t room, const char *fmt, ...);
int __vsprintf_chk(char *to, int flag, size_t room, const char *fmt, va_list ap);
int __printf_chk(int flag, const char *fmt, ...);
int __fprintf_chk(FILE *f, int flag, const char *fmt, ...);
int __vprintf_chk(int flag, const char *fmt, va_list ap);
int __vfprintf_chk(FILE *f, int flag, const char *fmt, va_list ap);
int __dprintf_chk(int fd, int flag, const char *fmt, ...);
int __vdprintf_chk(int fd, int flag, const char *fmt, va_list ap);
size_t __fread_unlocked_chk(void *to, size_t room, size_t size, size_t n, FILE *f);
char *__fgets_unlocked_chk(char *to, size_t room, int n, FILE *f);
int __asprintf_chk(char **out, int flag, const char *fmt, ...);
int __vasprintf_chk(char **out, int flag, const char *fmt, va_list ap);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);
int __openat64_2(int at, const char *path, int flags);
ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room);
ssize_t __recvfrom_chk(int fd, void *to, size_t n, size_t room, int flags, struct sockaddr *from, socklen_t *from_n);
ssize_t __readlinkat_chk(int fd, const char *path, char *to, size_t n, size_t room);
int __ppoll_chk(struct pollfd *p, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room);
int __getgroups_chk(int n, gid_t *to, size_t room);
void __explicit_bzero_chk(void *to, size_t n, size_t room);
char *__getcwd_chk(char *to, size_t n, size_t room);
char *__realpath_chk(const char *path, char *to, size_t room);
ssize_t __readlink_chk(const char *path, char *to, size_t n, size_t room);
int __gethostname_chk(char *to, size_t n, size_t room);
int __poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t room);
wchar_t *__wcscpy_chk(wchar_t *to, const wchar_t *from, size_t room);
wchar_t *__wcpcpy_chk(wchar_t *to, const wchar_t *from, size_t room);
wchar_t *__wcscat_chk(wchar_t *to, const wchar_t *from, size_t room);
wchar_t *__wcsncpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wcpncpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wcsncat_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wmemcpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wmemmove_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wmempcpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wmemset_chk(wchar_t *to, wchar_t c, size_t n, size_t room);
wchar_t *__fgetws_chk(wchar_t *to, size_t room, int n, FILE *f);
int __swprintf_chk(wchar_t *to, size_t n, int flag, size_t room, const wchar_t *fmt, ...);
int __vswprintf_chk(wchar_t *to, size_t n, int flag, size_t room, const wchar_t *fmt, va_list ap);
size_t __mbstowcs_chk(wchar_t *to, const char *from, size_t n, size_t room);
size_t __wcstombs_chk(char *to, const wchar_t *from, size_t n, size_t room);
size_t __mbsrtowcs_chk(wchar_t *to, const char **place, size_t n, mbstate_t *state, size_t room);
size_t __wcsrtombs_chk(char *to, const wchar_t **place, size_t n, mbstate_t *state, size_t room);
size_t __mbsnrtowcs_chk(wchar_t *to, const char **place, size_t most, size_t n, mbstate_t *state, size_t room);
size_t __wcsnrtombs_chk(char *to, const wchar_t **place, size_t most, size_t n, mbstate_t *state, size_t room);
int __wctomb_chk(char *to, wchar_t c, size_t room);
size_t __wcrtomb_chk(char *to, wchar_t c, mbstate_t *state, size_t room);
_Noreturn void __chk_fail(void);
int __cxa_atexit(void (*f)(void *), void *arg, void *module);

/* From glibc 2.38 on its headers lead strtol and its like here.  Older ones don't have them; newer ones must give them
 * to static programs, and from an archive nothing comes for a weak reference. */
#if __GLIBC_PREREQ(2, 38)
#define FROM_2_38
#else
#define FROM_2_38 __attribute__((weak))
#endif
long __isoc23_strtol(const char *s, char **end, int base) FROM_2_38;
long long __isoc23_strtoll(const char *s, char **end, int base) FROM_2_38;
unsigned long __isoc23_strtoul(const char *s, char **end, int base) FROM_2_38;
unsigned long long __isoc23_strtoull(const char *s, char **end, int base) FROM_2_38;
long __isoc23_wcstol(const wchar_t *s, wchar_t **end, int base) FROM_2_38;
long long __isoc23_wcstoll(const wchar_t *s, wchar_t **end, int base) FROM_2_38;
unsigned long __isoc23_wcstoul(const wchar_t *s, wchar_t **end, int base) FROM_2_38;
unsigned long long __isoc23_wcstoull(const wchar_t *s, wchar_t **end, int base) FROM_2_38;
intmax_t __isoc23_strtoimax(const char *s, char **end, int base) FROM_2_38;
uintmax_t __isoc23_strtoumax(const char *s, char **end, int base) FROM_2_38;

/* What its headers call scanf, for the C that a program is written in. */
#define SCANF(pre, weak)                                        \
  int pre##scanf(const char *f, ...) weak;                      \
  int pre##vscanf(const char *f, va_list ap) weak;              \
  int pre##fscanf(FILE *file, const char *f, ...) weak;         \
  int pre##vfscanf(FILE *file, const char *f, va_list ap) weak; \
  int pre##sscanf(const char *s, const char *f, ...) weak;      \
  int pre##vsscanf(const char *s, const char *f, va_list ap) weak;
SCANF(__isoc99_, )
SCANF(__isoc23_, FROM_2_38)
#undef SCANF
int __xpg_strerror_r(int e, char *to, size_t n);

/* Linked only where the program refers to them (intercept.inc). */
#define GW_INTERCEPT(name)
#define GW_INTERCEPT_LINKED(name) extern __typeof__(name) name __attribute__((weak));
#include "godwit/intercept.inc"

/* Prototypes of all interceptors, after those of libc.  Weak, as a program may have functions of its own by these names
 * (instrument/rename.cpp). */
#define GW_INTERCEPT(name) extern __typeof__(name) __gw_i_##name __attribute__((weak));
#define GW_INTERPOSE_QUIET(name) \
  GW_INTERCEPT(name)             \
  extern __typeof__(name) __gw_q_##name;
#include "godwit/intercept.inc"

/* libc's own functions. Constant once gw__real_ready. */
struct libc_real {
#define GW_INTERCEPT(name)
#define GW_INTERPOSE(name) __typeof__(name) *name;
#include "godwit/intercept.inc"
};
extern struct libc_real gw__real;
/* 0 while plain names lead to us and gw__real hasn't been mended for that (detector/interpose). */
extern unsigned char gw__real_ready;
/* malloc is the program's own: libc's malloc_usable_size may not be asked about its blocks. */
extern bool gw__real_foreign_malloc;

struct posix_thread;
struct once_call;

/* What the interceptors keep per thread. */
struct posix_tls {
  bool off;                    /* no goroutine is looked up: after a thread's end, the runtime's threads */
  uint32_t tid;                /* kernel's number; 0: not asked yet */
  struct posix_thread *self;   /* its record; NULL for the first thread until it creates one, and for unseen ones */
  struct once_call *once;      /* the pthread_once that is about to run its function on this thread */
  const pthread_mutex_t *left; /* mutex that it unlocked while others waited, until its next lock; else NULL */
  int64_t left_at;             /* when; ns */
  bool comes_back;             /* it has come back at once for such a mutex, the last time */
  uint32_t quiet;              /* mutexes that it got at once since it last found one locked */
};
extern __attribute__((tls_model("initial-exec"))) _Thread_local struct posix_tls posix_tls;

/* A thread of the runtime was seen: a goroutine may unlock on another thread than it locked on. */
extern bool posix_goroutines;
/* The thread number that the parent of this forked process had where it forked; 0 in a process that wasn't forked. */
extern uint32_t posix_parent_tid;

struct race_g *posix_self_slow(void);

/* The goroutine or thread that calls; NULL if it is to be left alone (start-up, the runtime's own doings, a thread that
 * ends). */
static inline struct race_g *posix_self(void) {
  struct det_thread *t = det_self;
  if (LIKELY(t && t->g && !t->hidden)) return t->g;
  return posix_self_slow();
}

uint32_t posix_tid(void);

/* The interceptors' own tables are locked inside the detector: so no signal handler finds a lock held by its own
 * thread, and nobody holds one when the process forks. */
static inline struct det_thread *posix_lock(struct spin_POSIX *s) {
  struct det_thread *t = det_enter();
  spin_lock(s);
  return t;
}
static inline void posix_unlock(struct spin_POSIX *s, struct det_thread *t) {
  spin_unlock(s);
  det_exit(t);
}

/* Memory that the program may access from now on must have shadow memory; false if there is no room for it. */
static inline bool posix_cover(const void *p, size_t n) {
  uintptr_t lo = (uintptr_t)p, hi = lo + n;
  if (LIKELY(n == 0 || (shadow_covered(lo) && shadow_covered(hi - 1)))) return true;
  struct det_thread *t = det_enter();
  bool ok = shadow_cover(lo, hi);
  det_exit(t);
  return ok;
}

/* What compiled code asks inline before it calls the detector, for a range: did this goroutine in its open epoch access
 * all of it?  False if it would take long to say. */
static inline bool posix_seen(const void *p, size_t n, bool write) {
  uintptr_t at = (uintptr_t)p, end = at + n;
  if (n > 64 || !shadow_covered(at) || !shadow_covered(end - 1)) return false;
  uint32_t epoch = __gw_tls.epoch;
  uintptr_t plane = __gw_shadow + (write ? 0 : __gw_tls.read_off);
  for (uintptr_t granule = at >> 3; granule <= (end - 1) >> 3; granule++) {
    uint32_t cell = __atomic_load_n((const uint32_t *)(plane + (granule << 2)), __ATOMIC_RELAXED), mask = CELL_BYTES;
    if (granule == at >> 3) mask &= CELL_BYTES << (at & 7);
    if (granule == (end - 1) >> 3) mask &= CELL_BYTES >> (7 - ((end - 1) & 7));
    if ((cell ^ epoch ^ mask) & (mask | ~(uint32_t)CELL_BYTES)) return false;
  }
  return true;
}

static inline void posix_read(struct race_g *g, const void *p, size_t n, struct race_at at) {
  if (g && n && !posix_seen(p, n, false)) race_access(g, p, n, RACE_READ, at);
}
static inline void posix_write(struct race_g *g, const void *p, size_t n, struct race_at at) {
  if (g && n && !posix_seen(p, n, true)) race_access(g, p, n, RACE_WRITE, at);
}

/* --- posix_mutex.c: also for condition variables and C11 mutexes -----------------------------------------------------
 */
int posix_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a, struct race_at at);
int posix_mutex_lock(pthread_mutex_t *m, struct race_at at);
int posix_mutex_try_lock(pthread_mutex_t *m, struct race_at at);
int posix_mutex_timed_lock(pthread_mutex_t *m, const struct timespec *deadline, struct race_at at);
int posix_mutex_unlock(pthread_mutex_t *m, struct race_at at);
int posix_mutex_destroy(pthread_mutex_t *m, struct race_at at);
/* The two halves of a wait on a condition variable: the mutex is let go, and held again. */
void posix_mutex_wait_begins(pthread_mutex_t *m, struct race_at at);
void posix_mutex_wait_ends(pthread_mutex_t *m, struct race_at at);

/* --- posix_contended.c: waiting for plain mutexes --------------------------------------------------------------------
 */
/* As pthread_mutex_lock, for one that is_plain. */
int contended_lock(pthread_mutex_t *m);
/* m was unlocked (and may be gone): somebody who waits is woken, unless this thread will be back at once. */
void contended_unlocked(const pthread_mutex_t *m);
/* This thread has posix_tls.left and is about to lock m. */
void contended_came_back(const pthread_mutex_t *m);
/* The caller waits at a condition, with m, between these two. */
void contended_cond_begins(const pthread_mutex_t *m);
void contended_cond_ends(const pthread_mutex_t *m);
void contended_after_fork(void);

/* --- posix_thread.c
 * ---------------------------------------------------------------------------------------------------- */
int thread_create(pthread_t *out, const pthread_attr_t *a, void *(*body)(void *), thrd_start_t c11, void *arg,
                  struct race_at at);
int thread_join(pthread_t t, void **result, int (*join)(pthread_t, void **, void *), void *arg);
/* A `join` for it: pthread_join itself. */
int thread_join_now(pthread_t t, void **result, void *arg);
int thread_detach(pthread_t t);
/* The threads of the parent are gone. */
void thread_after_fork(void);

/* --- posix_cond.c, posix_once.c: also for C11 threads ----------------------------------------------------------------
 */
/* The deadline, on a clock (-1: the condition's own); NULL: none. */
int cond_wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *deadline,
              struct race_at at);
int once_run(pthread_once_t *control, void (*f)(void));

/* --- posix_io.c ------------------------------------------------------------------------------------------------------
 */
/* The kernel stored an address and its length, of which at most `room` bytes there was place for. */
void posix_address(struct sockaddr *a, socklen_t *n, socklen_t room, struct race_at at);

/* --- posix_fd.c: clocks of pipes, sockets and descriptor numbers
 * ------------------------------------------------------ */
/* A write is about to put something into what fd names; a read has taken something out of it. */
void fd_release(struct race_g *g, int fd);
void fd_acquire(struct race_g *g, int fd);
/* false: nothing goes from one user of fd to another. */
bool fd_orders(int fd);
/* fd is about to be closed; fd was just given out (-1 is ignored). */
void fd_closing(struct race_g *g, int fd);
void fd_opened(struct race_g *g, int fd);
/* Likewise by whoever calls, if it is one (posix_open.c); gives fd back. */
int posix_opened(int fd);
/* `to` names from now on what `from` names. */
void fd_copied(int from, int to);
void fd_pair(int a, int b);
/* Finds out now what fd names, which is otherwise done when it is used first. */
void fd_find_out(int fd);

/* What fd gives to read are signals: these, a bit each from signal 1 on. */
void fd_gives_signals(int fd, uint64_t which);

/* --- posix_sent.c, posix_behind.c: what is taken later
 * -----------------------------------------------------------------
 */
/* g has waited for a signal and taken it. */
void signal_taken(struct race_g *g, int sig);
/* g takes one of these or more. */
void signals_taken(struct race_g *g, uint64_t which);
/* The system is about to be asked to do something later: a call on a thread of its own, a signal. */
void posix_hands_over(struct race_g *g);

/* --- posix_peer.c: which streams have their other end in another process
 * ------------------------------------------------------ */
/* What was seen of a socket or pipe since its number was given out. */
enum peer_role { PEER_NONE, PEER_LISTENS, PEER_ACCEPTED, PEER_CONNECTED, PEER_PIPE /* made here */ };
void fd_set_role(int fd, enum peer_role role);
enum peer_role fd_role(int fd);
/* It is bound, and about to listen; and again once it does. */
void peer_listens(int fd);
/* Before and after each attempt to connect, whatever comes of it. */
void peer_connecting(void);
void peer_connected(int fd);
/* fd was just accepted from the listener, and is nobody's yet. */
void peer_accepted(int listener, int fd);
/* Descriptors may have come here that others made. */
void peer_message(const struct msghdr *m);
/* Certainly in another process?  `there` is the address of fd's other end. */
bool peer_is_elsewhere(int fd, enum peer_role role, const struct sockaddr_storage *there);
/* The same of who reads from the pipe that fd is an end of. */
bool peer_reads_elsewhere(int fd, enum peer_role role, const struct stat *pipe);
void peer_before_fork(void);
void peer_after_fork(void);

#endif
