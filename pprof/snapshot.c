/* Where a goroutine that runs stands: its thread is sent SIGURG (as Go does; ignored by default) with a value that only
 * we send, and its handler leaves the stack here.  Other SIGURGs go on to whoever had the signal before.
 *
 * A thread that sleeps in a call which a signal would end (poll, sleep) isn't disturbed: it gives the address of that
 * call alone.
 *
 * One request at a time, under `lock`; `state` passes the record between the two sides. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/prim.h"
#include "godwit/inspect.h"
#include "pprof/kinds.h"
#include "pprof/lock.h"
#include "pprof/unwind.h"

enum { SIGNAL = SIGURG, PATIENCE_NS = 20000000 /* guess: five ticks of a slow kernel */ };
enum { NOBODY, WANTED, AT_WORK, READY };

static struct lock lock;
static struct {
  uint32_t state; /* atomic, futex */
  uint64_t goroutine;
  int n;
  uintptr_t pcs[DEPTH_MAX];
} request;
static struct prim_handler before; /* written once, before our handler is there */

static void on_signal(int sig, void *info, void *context) {
  const siginfo_t *si = info;
  if (si->si_code != SI_QUEUE || si->si_value.sival_ptr != &request) {
    prim_handler_call(&before, sig, info, context);
    return;
  }
  uint32_t wanted = WANTED;
  /* acquire: the request; a late signal finds another state */
  if (!__atomic_compare_exchange_n(&request.state, &wanted, AT_WORK, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  struct inspect_g g;
  bool same = inspect_current(&g) && g.id == request.goroutine;
  request.n = same ? unwind_interrupted(context, &g, request.pcs, DEPTH_MAX) : 0;
  __atomic_store_n(&request.state, READY, __ATOMIC_RELEASE); /* pairs with the acquire in ask */
  prim_futex_wake(&request.state, 1);
}

/* Calls that a handled signal ends with EINTR, whatever SA_RESTART says (signal(7)). */
static bool ends_by_signal(long call) {
  static const long calls[] = {
      SYS_poll,         SYS_ppoll,     SYS_select,          SYS_pselect6, SYS_epoll_wait,    SYS_epoll_pwait,
      441 /* pwait2 */, SYS_nanosleep, SYS_clock_nanosleep, SYS_pause,    SYS_rt_sigsuspend, SYS_rt_sigtimedwait,
      SYS_io_getevents, SYS_semop,     SYS_semtimedop,      SYS_msgrcv,   SYS_msgsnd,        SYS_connect,
      SYS_accept,       SYS_accept4,   SYS_recvfrom,        SYS_recvmsg,  SYS_sendto,        SYS_sendmsg};
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
    if (calls[i] == call) return true;
  return false;
}

/* The address at which it sleeps in such a call; 0: it may be sent a signal. */
static uintptr_t must_not_disturb(uint32_t tid) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/self/task/%u/syscall", tid);
  int fd = prim_open_read(path);
  if (fd < 0) return 0;
  int64_t n = prim_read(fd, text, sizeof text - 1);
  prim_close(fd);
  if (n <= 0) return 0;
  text[n] = 0;
  if (text[0] < '0' || text[0] > '9' || !ends_by_signal(strtol(text, NULL, 10))) return 0;
  const char *last = strrchr(text, ' ');
  return last ? strtoull(last, NULL, 16) : 0;
}

static bool wait_ready(void) {
  int64_t end = prim_now() + PATIENCE_NS;
  for (;;) {
    uint32_t s = __atomic_load_n(&request.state, __ATOMIC_ACQUIRE);
    if (s == READY) return true;
    int64_t left = end - prim_now();
    uint32_t wanted = WANTED;
    if (left <= 0 && s == WANTED &&
        __atomic_compare_exchange_n(&request.state, &wanted, NOBODY, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
      return false;
    /* at work: it will be ready in a moment */
    prim_futex_wait(&request.state, s, left > 0 ? left : 1000000);
  }
}

static int ask(uint64_t goroutine, uint32_t tid, uintptr_t *pcs, int max) {
  request.goroutine = goroutine;
  __atomic_store_n(&request.state, WANTED, __ATOMIC_RELEASE); /* pairs with the handler's acquire */
  if (prim_signal_thread(tid, SIGNAL, &request) != 0 || !wait_ready()) {
    __atomic_store_n(&request.state, NOBODY, __ATOMIC_RELAXED);
    return 0;
  }
  int n = request.n < max ? request.n : max;
  memcpy(pcs, request.pcs, (size_t)n * sizeof *pcs);
  __atomic_store_n(&request.state, NOBODY, __ATOMIC_RELAXED);
  return n;
}

int snapshot_running(uint64_t goroutine, uint32_t tid, uintptr_t *pcs, int max) {
  if (tid == 0 || tid == prim_gettid() || max < 1) return 0;
  uintptr_t sleeps_at = must_not_disturb(tid);
  if (sleeps_at) {
    pcs[0] = sleeps_at; /* a return address: behind the system call */
    return 1;
  }
  lock_take(&lock);
  static bool installed; /* guarded by lock */
  if (!installed) prim_handler_set(SIGNAL, on_signal, &before);
  installed = true;
  int n = ask(goroutine, tid, pcs, max);
  lock_give(&lock);
  return n;
}
