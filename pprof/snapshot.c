/* Where a goroutine that runs stands: its thread is sent SIGURG (as Go does; ignored by default) with a value that only
 * we send, and its handler leaves the stack here.  Other SIGURGs go on to whoever had the signal before.
 *
 * A thread that sleeps in a call which a signal would end (poll, sleep) isn't disturbed: it gives the address of that
 * call alone.
 *
 * All are asked at once and waited for together: on a machine with more to do than processors each may take a while.
 * One who asks at a time, from snapshot_begin to snapshot_end (`lock`); a slot's `state` passes it between the two
 * sides. */
#define _GNU_SOURCE
#include "pprof/snapshot.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/prim.h"
#include "godwit/inspect.h"
#include "pprof/lock.h"
#include "pprof/profile.h"
#include "pprof/unwind.h"

enum {
  SIGNAL = SIGURG,
  SLOTS = 256,            /* guess: processors are fewer, and more running goroutines than those are calls that block */
  PATIENCE_NS = 250000000 /* for all together: an answer within a second is promised */
};
enum { NOBODY, WANTED, AT_WORK, READY };

static struct lock lock;
static struct slot {
  uint32_t state; /* atomic, futex */
  uint64_t goroutine;
  int n;
  uintptr_t pcs[DEPTH_MAX];
} slots[SLOTS];
static int slots_n;                /* guarded by lock */
static struct prim_handler before; /* written under lock, while no slot is WANTED */

/* The slot that a signal's value names; NULL: not a signal of ours. */
static struct slot *slot_of(const siginfo_t *si) {
  uintptr_t at = (uintptr_t)si->si_value.sival_ptr, first = (uintptr_t)slots;
  bool ours = si->si_code == SI_QUEUE && at >= first && at < first + sizeof slots && (at - first) % sizeof *slots == 0;
  return ours ? si->si_value.sival_ptr : NULL;
}

static void on_signal(int sig, void *info, void *context) {
  struct slot *s = slot_of(info);
  if (!s) {
    prim_handler_call(&before, sig, info, context);
    return;
  }
  uint32_t wanted = WANTED;
  /* acquire: what is asked; a late signal finds another state */
  if (!__atomic_compare_exchange_n(&s->state, &wanted, AT_WORK, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  struct inspect_g g;
  bool same = inspect_current(&g) && g.id == s->goroutine;
  s->n = same ? unwind_interrupted(context, &g, s->pcs, DEPTH_MAX) : 0;
  __atomic_store_n(&s->state, READY, __ATOMIC_RELEASE); /* pairs with the acquire in wait_ready */
  prim_futex_wake(&s->state, 1);
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

void snapshot_begin(void) {
  lock_take(&lock);
  /* Each time: the search for leaks borrows the signal, and the program may set a handler of its own. */
  struct prim_handler last;
  prim_handler_set(SIGNAL, on_signal, &last);
  if (last.f != on_signal) before = last;
  slots_n = 0;
}

void snapshot_ask(uint64_t goroutine, uint32_t tid) {
  if (tid == 0 || tid == prim_gettid() || slots_n == SLOTS) return;
  struct slot *s = &slots[slots_n];
  if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == AT_WORK) return; /* a late one, for a moment */
  s->goroutine = goroutine;
  slots_n++;
  s->pcs[0] = must_not_disturb(tid); /* a return address: behind the system call */
  s->n = s->pcs[0] != 0;
  __atomic_store_n(&s->state, s->n ? READY : WANTED, __ATOMIC_RELEASE); /* pairs with the handler's acquire */
  if (!s->n && prim_signal_thread(tid, SIGNAL, s) != 0) __atomic_store_n(&s->state, READY, __ATOMIC_RELAXED);
}

static void wait_ready(struct slot *s, int64_t end) {
  for (uint32_t state; (state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE)) != READY;) {
    int64_t left = end - prim_now();
    uint32_t wanted = WANTED;
    if (left <= 0 && state == WANTED &&
        __atomic_compare_exchange_n(&s->state, &wanted, READY, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      s->n = 0;
      return;
    }
    prim_futex_wait(&s->state, state, left > 0 ? left : 1000000); /* at work: ready in a moment */
  }
}

void snapshot_wait(void) {
  int64_t end = prim_now() + PATIENCE_NS;
  for (int i = 0; i < slots_n; i++) wait_ready(&slots[i], end);
}

int snapshot_stack(uint64_t goroutine, uintptr_t *pcs, int max) {
  for (int i = 0; i < slots_n; i++) {
    if (slots[i].goroutine != goroutine) continue;
    int n = slots[i].n < max ? slots[i].n : max;
    memcpy(pcs, slots[i].pcs, (size_t)n * sizeof *pcs);
    return n;
  }
  return 0;
}

void snapshot_end(void) { lock_give(&lock); }

void snapshot_after_fork(void) {
  lock = (struct lock){0};
  for (int i = 0; i < SLOTS; i++) slots[i].state = NOBODY;
}
