/* prim.h: signals, timers and threads, for who measures. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "prim.h"
#include "syscall.h"

int64_t prim_wall_now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts); /* the vDSO's: never fails for this clock */
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int prim_getpid(void) { return (int)sys0(SYS_getpid); }

int prim_signal_thread(uint32_t tid, int sig, void *value) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = sig;
  info.si_code = SI_QUEUE;
  info.si_pid = prim_getpid();
  info.si_value.sival_ptr = value;
  return (int)sys6(SYS_rt_tgsigqueueinfo, prim_getpid(), tid, sig, (long)&info, 0, 0);
}

/* Where a handler returns to. The bytes are those by which unwinders know a signal frame. */
#if defined(__x86_64__)
__asm__(
    ".text\n.type prim_signal_return,@function\nprim_signal_return:\n\tmovq $15, %rax\n\tsyscall\n"
    ".size prim_signal_return, .-prim_signal_return\n");
#else
#error "this architecture has no way back from a signal yet"
#endif
extern void prim_signal_return(void) __attribute__((visibility("hidden")));
enum { KERNEL_RESTORER = 0x04000000 };

int prim_handler_set(int sig, void (*f)(int sig, void *info, void *context), struct prim_handler *before) {
  struct prim_handler fresh = {f, SA_SIGINFO | SA_RESTART | SA_ONSTACK | KERNEL_RESTORER, prim_signal_return, 0};
  long r = sys6(SYS_rt_sigaction, sig, 0, (long)before, 8, 0, 0);
  if (failed(r)) return (int)r;
  return (int)sys6(SYS_rt_sigaction, sig, (long)&fresh, 0, 8, 0, 0);
}

void prim_handler_restore(int sig, const struct prim_handler *before) {
  sys6(SYS_rt_sigaction, sig, (long)before, 0, 8, 0, 0);
}

uintptr_t prim_handler_returns_to(int sig) {
  struct prim_handler now = {0};
  if (failed(sys6(SYS_rt_sigaction, sig, 0, (long)&now, 8, 0, 0))) return 0;
  return (uintptr_t)now.restorer;
}

bool prim_on_alternate_stack(void) {
  stack_t now = {0};
  return !failed(sys6(SYS_sigaltstack, 0, (long)&now, 0, 0, 0, 0)) && now.ss_flags & SS_ONSTACK;
}

static uint64_t bit(int sig) { return UINT64_C(1) << (sig - 1); }

uint64_t prim_signals_hold(void) {
  uint64_t before = 0, held = ~(bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGTRAP) | bit(SIGSYS));
  sys6(SYS_rt_sigprocmask, SIG_BLOCK, (long)&held, (long)&before, 8, 0, 0);
  return before;
}

void prim_signals_let(uint64_t before) { sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, 8, 0, 0); }

/* The 32nd word of the thread's stat file; the second may hold blanks, and ends with the last bracket. */
bool prim_signal_blocked(uint32_t tid, int sig) {
  char path[40] = "/proc/self/task/", text[512], digits[12];
  size_t n = strlen(path), d = 0;
  for (; tid; tid /= 10) digits[d++] = (char)('0' + tid % 10);
  while (d > 0) path[n++] = digits[--d];
  memcpy(path + n, "/stat", 6);
  int fd = prim_open_read(path);
  if (fd < 0) return true;
  int64_t got = prim_read(fd, text, sizeof text - 1);
  prim_close(fd);
  if (got <= 0) return true;
  text[got] = 0;
  const char *at = strrchr(text, ')');
  for (int word = 2; at && word < 32; word++)
    if ((at = strchr(at, ' '))) at++;
  if (!at) return true;
  uint64_t set = 0;
  for (; *at >= '0' && *at <= '9'; at++) set = set * 10 + (uint64_t)(*at - '0');
  return set >> (sig - 1) & 1;
}

void prim_handler_call(const struct prim_handler *before, int sig, void *info, void *context) {
  if (!before->f || (uintptr_t)before->f == (uintptr_t)SIG_IGN) return;
  if (before->flags & SA_SIGINFO)
    before->f(sig, info, context);
  else
    ((void (*)(int))(void *)before->f)(sig);
}

/* The kernel reads the set before it looks at what is wrong with the rest of the call. */
bool prim_readable(const void *p) {
  uintptr_t at = (uintptr_t)p & ~(uintptr_t)7;
  return sys6(SYS_rt_sigprocmask, ~0L, (long)at, 0, 8, 0, 0) != -EFAULT;
}

int prim_cpu_timer(uint32_t tid, int sig, int64_t interval_ns, bool from_birth) {
  struct { /* the kernel's sigevent */
    void *value;
    int signo, notify, tid, padding[11];
  } event = {.signo = sig, .notify = SIGEV_THREAD_ID, .tid = (int)tid};
  int timer = 0;
  int clock = (int)(~tid << 3 | 6); /* CPUCLOCK_PERTHREAD | CPUCLOCK_SCHED of that thread */
  long r = sys3(SYS_timer_create, clock, (long)&event, (long)&timer);
  if (failed(r)) return (int)r;
  struct itimerspec spec;
  spec.it_interval.tv_sec = interval_ns / 1000000000;
  spec.it_interval.tv_nsec = interval_ns % 1000000000;
  /* The first at a random part of the interval, or threads that start together would be sampled together. */
  int64_t first = 1 + (int64_t)(prim_random() % (uint64_t)interval_ns);
  spec.it_value.tv_sec = first / 1000000000;
  spec.it_value.tv_nsec = first % 1000000000;
  r = sys6(SYS_timer_settime, timer, from_birth ? TIMER_ABSTIME : 0, (long)&spec, 0, 0, 0);
  if (!failed(r)) return timer;
  prim_cpu_timer_end(timer);
  return (int)r;
}

void prim_cpu_timer_end(int timer) { sys1(SYS_timer_delete, timer); }

int prim_each_thread(void (*f)(uint32_t tid, void *arg), void *arg) {
  long fd = sys3(SYS_openat, AT_FDCWD, (long)"/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (failed(fd)) return (int)fd;
  _Alignas(8) char buf[4096];
  for (long n; (n = sys3(SYS_getdents64, fd, (long)buf, sizeof buf)) > 0;)
    for (long at = 0; at < n;) {
      uint16_t size; /* a record: inode 8, offset 8, its size 2, type 1, name */
      memcpy(&size, buf + at + 16, sizeof size);
      uint32_t tid = 0; /* the kernel wrote it: NOLINTNEXTLINE(clang-analyzer-core*) */
      for (const char *c = buf + at + 19; *c >= '0' && *c <= '9'; c++) tid = tid * 10 + (uint32_t)(*c - '0');
      if (tid) f(tid, arg);
      at += size;
    }
  sys1(SYS_close, fd);
  return 0;
}

int prim_open_write(const char *path) {
  return (int)sys6(SYS_openat, AT_FDCWD, (long)path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666, 0, 0);
}
