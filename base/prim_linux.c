/* prim.h on Linux, by raw system calls, so that no interposed libc function is entered and errno stays as it is. */
#define _GNU_SOURCE
#include "prim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "syscall.h"
#include "tools.h"

#include "own.h"

void *prim_map_unlisted(size_t n) {
  long r = sys6(SYS_mmap, 0, (long)n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return failed(r) ? NULL : (void *)r;
}

void prim_unmap_unlisted(void *p, size_t n) { sys2(SYS_munmap, (long)p, (long)n); }

void *prim_map(size_t n) {
  void *p = prim_map_unlisted(n);
  if (p) own_add((uintptr_t)p, n);
  return p;
}

void *prim_map_aligned(size_t n, size_t align) {
  size_t all = n + align - PRIM_PAGE;
  long r = sys6(SYS_mmap, 0, (long)all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (failed(r)) return NULL;
  uintptr_t lo = (uintptr_t)r, at = (lo + align - 1) & ~(uintptr_t)(align - 1);
  if (at > lo) sys2(SYS_munmap, (long)lo, (long)(at - lo));
  if (lo + all > at + n) sys2(SYS_munmap, (long)(at + n), (long)(lo + all - at - n));
  own_add(at, n);
  return (void *)at;
}

int prim_map_at(uintptr_t at, size_t n) {
  long r = sys6(SYS_mmap, (long)at, (long)n, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (failed(r)) return (int)r;
  if ((uintptr_t)r != at) { /* a kernel before 4.17 takes the address as a hint */
    sys2(SYS_munmap, r, (long)n);
    return -EEXIST;
  }
  sys3(SYS_madvise, r, (long)n, MADV_NOHUGEPAGE);
  sys3(SYS_madvise, r, (long)n, MADV_DONTDUMP);
  own_add(at, n);
  return 0;
}

void prim_unmap(void *p, size_t n) {
  own_remove((uintptr_t)p, n); /* first: who maps memory there next may be somebody else */
  sys2(SYS_munmap, (long)p, (long)n);
}
void prim_discard(void *p, size_t n) { sys3(SYS_madvise, (long)p, (long)n, MADV_DONTNEED); }
void prim_no_huge_pages(void *p, size_t n) { sys3(SYS_madvise, (long)p, (long)n, MADV_NOHUGEPAGE); }
/* Newer than Debian 12's headers: the calling thread's process as a process descriptor (6.15), and advices. */
enum { SELF_PIDFD = -10000, GUARD_INSTALL = 102, POPULATE_WRITE = 23 };

int prim_guard(void *p, size_t n) { return (int)sys3(SYS_mprotect, (long)p, (long)n, PROT_NONE); }
int prim_guard_marker(void *p, size_t n) { return (int)sys3(SYS_madvise, (long)p, (long)n, GUARD_INSTALL); }
void prim_no_huge(void *p, size_t n) { sys3(SYS_madvise, (long)p, (long)n, MADV_NOHUGEPAGE); }

/* A struct prim_range is a struct iovec. */
static int advise_all(const struct prim_range *ranges, uint32_t count, long advice) {
  long want = 0;
  for (uint32_t i = 0; i < count; i++) want += (long)ranges[i].n;
  if (tools_on_valgrind()) return -ENOSYS; /* it says so with a warning of four lines */
  long r = sys6(SYS_process_madvise, SELF_PIDFD, (long)ranges, count, advice, 0, 0);
  return failed(r) ? (int)r : r == want ? 0 : -EAGAIN;
}

int prim_guard_markers(const struct prim_range *ranges, uint32_t count) {
  return advise_all(ranges, count, GUARD_INSTALL);
}
int prim_discard_all(const struct prim_range *ranges, uint32_t count) {
  return advise_all(ranges, count, MADV_DONTNEED);
}
int prim_populate(const struct prim_range *ranges, uint32_t count) { return advise_all(ranges, count, POPULATE_WRITE); }

int prim_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns) {
  struct timespec ts, *tsp = NULL;
  if (timeout_ns >= 0) {
    ts.tv_sec = timeout_ns / 1000000000;
    ts.tv_nsec = timeout_ns % 1000000000;
    tsp = &ts;
  }
  return (int)sys6(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, expected, (long)tsp, 0, 0);
}

int prim_futex_wake(const uint32_t *word, int count) {
  return (int)sys3(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, count);
}

void prim_signal_self(int sig, const void *info) {
  long pid = sys0(SYS_getpid), tid = sys0(SYS_gettid);
  if (info)
    sys6(SYS_rt_tgsigqueueinfo, pid, tid, sig, (long)info, 0, 0);
  else
    sys3(SYS_tgkill, pid, tid, sig);
}

int64_t prim_now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts); /* the vDSO's: never fails for this clock */
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t prim_cpu_now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts); /* never fails for this clock */
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

uint32_t prim_gettid(void) { return (uint32_t)sys0(SYS_gettid); }

uint64_t prim_random(void) {
  uint64_t r = 0;
  if (sys3(SYS_getrandom, (long)&r, sizeof r, 0) != (long)sizeof r) r = (uint64_t)prim_now() * 0x9E3779B97F4A7C15u;
  return r;
}

int prim_ncpu(void) {
  unsigned long set[1024 / 64] = {0};
  long bytes = sys3(SYS_sched_getaffinity, 0, sizeof set, (long)set);
  int n = 0;
  for (long i = 0; i < bytes / (long)sizeof set[0]; i++) n += __builtin_popcountl(set[i]);
  return n > 0 ? n : 1;
}

static bool expedited;

void prim_membarrier_init(void) {
  expedited = sys3(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void prim_membarrier(void) {
  if (expedited && sys3(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return;
  if (sys3(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) return;
  /* Without membarrier: taking access to a page away interrupts every processor that runs this process, and so orders
   * it. */
  long r = sys6(SYS_mmap, 0, PRIM_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (failed(r)) return;
  *(volatile char *)r = 1;
  sys3(SYS_mprotect, r, PRIM_PAGE, PROT_READ);
  sys2(SYS_munmap, r, PRIM_PAGE);
}

void prim_sched_yield(void) { sys0(SYS_sched_yield); }
void prim_timer_slack(long ns) { sys2(SYS_prctl, PR_SET_TIMERSLACK, ns); }

/* The letter of proc(5), or 0. */
static char thread_state(uint32_t tid) {
  char path[40] = "/proc/self/task/", digits[12], text[512];
  int d = 0, at = (int)strlen(path);
  for (; tid > 0; tid /= 10) digits[d++] = (char)('0' + tid % 10);
  while (d > 0) path[at++] = digits[--d];
  memcpy(path + at, "/stat", sizeof "/stat");
  long fd = sys3(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC);
  if (failed(fd)) return 0;
  long n = sys3(SYS_read, fd, (long)text, sizeof text);
  sys1(SYS_close, fd);
  if (failed(n)) return 0;
  while (n > 2 && text[n - 1] != ')') n--; /* "pid (name) S ...": the name is at most 15 bytes, and may hold anything */
  return n > 2 && n + 1 < (long)sizeof text ? text[n + 1] : 0;
}

bool prim_thread_sleeps(uint32_t tid) {
  char state = thread_state(tid);
  return state == 'S' || state == 'D';
}

bool prim_thread_runs(uint32_t tid) { return thread_state(tid) == 'R'; }

int prim_thread_count(void) {
  long fd = sys3(SYS_openat, AT_FDCWD, (long)"/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (failed(fd)) return (int)fd;
  _Alignas(8) char buf[4096];
  int count = 0;
  for (long n; (n = sys3(SYS_getdents64, fd, (long)buf, sizeof buf)) > 0;)
    for (long at = 0; at < n;) {
      uint16_t size; /* a record: inode 8, offset 8, its size 2, type 1, name */
      memcpy(&size, buf + at + 16, sizeof size);
      if (buf[at + 19] != '.') count++; /* the kernel wrote it: NOLINT(clang-analyzer-core*) */
      at += size;
    }
  sys1(SYS_close, fd);
  return count;
}

int prim_write_all(int fd, const void *p, size_t n) {
  const char *at = p;
  while (n > 0) {
    long r = sys3(SYS_write, fd, (long)at, (long)n);
    if (r == -EINTR) continue;
    if (r == -EAGAIN) {
      sys0(SYS_sched_yield);
      continue;
    }
    if (failed(r)) return (int)r;
    at += r;
    n -= (size_t)r;
  }
  return 0;
}

int64_t prim_read(int fd, void *p, size_t n) {
  for (;;) {
    long r = sys3(SYS_read, fd, (long)p, (long)n);
    if (r != -EINTR) return r;
  }
}

int64_t prim_write_at(int fd, const void *p, size_t n, uint64_t offset) {
  for (;;) {
    long r = sys6(SYS_pwrite64, fd, (long)p, (long)n, (long)offset, 0, 0);
    if (r != -EINTR) return r;
  }
}

int64_t prim_read_at(int fd, void *p, size_t n, uint64_t offset) {
  for (;;) {
    long r = sys6(SYS_pread64, fd, (long)p, (long)n, (long)offset, 0, 0);
    if (r != -EINTR) return r;
  }
}

int prim_open_append(const char *path) {
  return (int)sys6(SYS_openat, AT_FDCWD, (long)path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666, 0, 0);
}

int prim_open_read(const char *path) {
  return (int)sys6(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
}

long prim_readlink(const char *path, char *to, size_t n) {
  return sys6(SYS_readlinkat, AT_FDCWD, (long)path, (long)to, (long)n, 0, 0);
}

const void *prim_map_file(const char *path, size_t *n) {
  long fd = sys6(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (failed(fd)) return NULL;
  long size = sys3(SYS_lseek, fd, 0, SEEK_END);
  long r = size > 0 ? sys6(SYS_mmap, 0, size, PROT_READ, MAP_PRIVATE, fd, 0) : -EINVAL;
  sys1(SYS_close, fd);
  if (failed(r)) return NULL;
  *n = (size_t)size;
  return (const void *)r;
}

void prim_close(int fd) { sys1(SYS_close, fd); }

_Noreturn void prim_exit(int status) {
  for (;;) sys1(SYS_exit_group, status);
}

_Noreturn void prim_abort(void) {
  struct {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
  } dfl = {0};
  sys6(SYS_rt_sigaction, SIGABRT, (long)&dfl, 0, 8, 0, 0);
  unsigned long none = 0;
  sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, 8, 0, 0);
  sys3(SYS_tgkill, sys0(SYS_getpid), sys0(SYS_gettid), SIGABRT);
  prim_exit(134);
}
