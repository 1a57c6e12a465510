/* The CPU profile: a timer for each thread on the processor time that it uses (not one for the process, which hits
 * whichever thread the kernel likes), whose SIGPROF walks the stack.
 *
 * The handler only fills a record of a ring; a helper thread adds the records up every few milliseconds, and gives
 * timers to threads that are new.  A record is taken by who advances `next`, and is the helper's once its state is
 * FULL; when the helper is late samples are dropped, and counted.
 *
 * The handler stays installed for ever: a signal that is late would end the process else. */
#define _GNU_SOURCE
#include "pprof/cpu.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/check.h"
#include "godwit/inspect.h"
#include "godwit/pprof.h"
#include "pprof/kinds.h"
#include "pprof/lock.h"
#include "pprof/unwind.h"

enum { RING = 1024, DRAIN_NS = 20000000, HZ_MAX = 1000, HZ_USUAL = 100, THREADS_MAX = 4096 };
enum { EMPTY, FILLING, FULL };

struct record {
  uint32_t state; /* atomic: release by the handler when FULL, by the helper when EMPTY; acquire by the other */
  uint32_t times; /* samples that it stands for: the timer may have expired more than once */
  uint64_t goroutine;
  int n;
  char key[32], value[32], name[48];
  uintptr_t pcs[DEPTH_MAX];
};

static struct record *ring; /* RING of them; constant once there */
static uint32_t next;       /* atomic: records ever asked for */
static uint32_t dropped;    /* atomic: samples that found no record */
static uint32_t active;     /* atomic: samples are wanted */

static struct lock lock; /* guards all below */
static struct profile sum;
static int wanted_by;     /* users of the profile */
static int64_t period_ns; /* of the timers that run, and of `sum` */
static bool own_user;     /* gw_set_cpu_profile_rate is one of the users */
static struct prim_handler before;
static struct cpu_thread {
  uint32_t tid;
  int timer;
  uint32_t round; /* when it was last seen to live */
} threads[THREADS_MAX];
static uint32_t threads_n, seen_round;

static uint32_t helper_state; /* atomic, futex: 0 none, 1 runs, 2 is to end */

static void copy_text(char *to, const char *from, size_t room) {
  size_t n = 0;
  for (; from && n + 1 < room && from[n]; n++) to[n] = from[n];
  to[n] = 0;
}

static void on_sigprof(int sig, void *info, void *context) {
  const siginfo_t *si = info;
  if (si->si_code != SI_TIMER) {
    prim_handler_call(&before, sig, info, context);
    return;
  }
  if (!__atomic_load_n(&active, __ATOMIC_ACQUIRE)) return; /* pairs with the release of who starts: the ring is there */
  struct record *r = &ring[__atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % RING];
  uint32_t empty = EMPTY;
  if (!__atomic_compare_exchange_n(&r->state, &empty, FILLING, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    __atomic_fetch_add(&dropped, 1, __ATOMIC_RELAXED);
    return;
  }
  struct inspect_g g;
  bool known = inspect_current(&g);
  r->times = 1 + (si->si_overrun > 0 ? (uint32_t)si->si_overrun : 0);
  r->goroutine = known ? g.id : 0;
  copy_text(r->key, known ? g.key : NULL, sizeof r->key);
  copy_text(r->value, known ? g.value : NULL, sizeof r->value);
  copy_text(r->name, known ? g.name : NULL, sizeof r->name);
  r->n = unwind_interrupted(context, known ? &g : NULL, r->pcs, DEPTH_MAX);
  __atomic_store_n(&r->state, FULL, __ATOMIC_RELEASE);
}

static void add_record(const struct record *r) {
  struct tags tags = {.goroutine = r->goroutine};
  if (r->key[0]) {
    tags.key = profile_string(&sum, r->key);
    tags.value = profile_string(&sum, r->value);
  }
  if (r->name[0]) tags.name = profile_string(&sum, r->name);
  int64_t values[2] = {r->times, r->times * period_ns};
  profile_add_whole(&sum, r->pcs, r->n, &tags, values);
}

static void drain_locked(void) {
  for (uint32_t i = 0; i < RING; i++) {
    struct record *r = &ring[i];
    if (__atomic_load_n(&r->state, __ATOMIC_ACQUIRE) != FULL) continue;
    add_record(r);
    __atomic_store_n(&r->state, EMPTY, __ATOMIC_RELEASE);
  }
}

static void see_thread(uint32_t tid, void *is_new) {
  for (uint32_t i = 0; i < threads_n; i++)
    if (threads[i].tid == tid) {
      threads[i].round = seen_round;
      return;
    }
  if (threads_n == THREADS_MAX) return;
  int timer = prim_cpu_timer(tid, SIGPROF, period_ns, is_new);
  if (timer >= 0) threads[threads_n++] = (struct cpu_thread){tid, timer, seen_round};
}

/* New threads get a timer; those of ended ones go.  Where the machine is busy the helper comes by late: a thread that
 * began meanwhile is charged with what it used till then. */
static void threads_update_locked(bool at_start) {
  seen_round++;
  prim_each_thread(see_thread, at_start ? NULL : &threads);
  for (uint32_t i = 0; i < threads_n;) {
    if (threads[i].round == seen_round) {
      i++;
      continue;
    }
    prim_cpu_timer_end(threads[i].timer);
    threads[i] = threads[--threads_n];
  }
}

static void helper(void *arg) {
  (void)arg;
  while (__atomic_load_n(&helper_state, __ATOMIC_ACQUIRE) == 1) {
    prim_futex_wait(&helper_state, 1, DRAIN_NS);
    lock_take(&lock);
    if (active) threads_update_locked(false);
    drain_locked();
    lock_give(&lock);
  }
  __atomic_store_n(&helper_state, 0, __ATOMIC_RELEASE); /* pairs with the acquire of who waits for our end */
  prim_futex_wake(&helper_state, 1);
}

static int start_locked(int hz) {
  if (!ring) {
    ring = prim_map(RING * sizeof *ring + (PRIM_PAGE - RING * sizeof *ring % PRIM_PAGE));
    if (!ring) return -ENOMEM;
    prim_handler_set(SIGPROF, on_sigprof, &before);
  }
  profile_free(&sum);
  profile_init(&sum, &source_find("cpu")->kind);
  sum.time_ns = prim_wall_now();
  sum.period = period_ns = 1000000000 / hz;
  __atomic_store_n(&active, 1, __ATOMIC_RELEASE);
  threads_update_locked(true);
  __atomic_store_n(&helper_state, 1, __ATOMIC_RELEASE);
  int r = inspect_thread_start(helper, NULL);
  if (r != 0) __atomic_store_n(&helper_state, 0, __ATOMIC_RELAXED);
  return r;
}

static void stop_locked(void) {
  __atomic_store_n(&active, 0, __ATOMIC_RELEASE);
  while (threads_n > 0) prim_cpu_timer_end(threads[--threads_n].timer);
  drain_locked();
  sum.duration_ns = prim_wall_now() - sum.time_ns;
  __atomic_store_n(&helper_state, 2, __ATOMIC_RELEASE);
  prim_futex_wake(&helper_state, 1);
}

/* Takes the lock when the helper of before, which needs it to end, is gone. */
static void lock_take_settled(void) {
  for (;;) {
    lock_take(&lock);
    if (__atomic_load_n(&helper_state, __ATOMIC_ACQUIRE) != 2) return;
    lock_give(&lock);
    prim_futex_wait(&helper_state, 2, -1);
  }
}

int cpu_begin(int hz) {
  int r = 0;
  lock_take_settled();
  if (wanted_by == 0) r = start_locked(hz > 0 && hz <= HZ_MAX ? hz : HZ_USUAL);
  if (r == 0) wanted_by++;
  lock_give(&lock);
  return r;
}

void cpu_end(void) {
  lock_take(&lock);
  if (wanted_by > 0 && --wanted_by == 0) stop_locked();
  lock_give(&lock);
}

void cpu_after_fork(void) {
  lock = (struct lock){0};
  helper_state = active = threads_n = 0; /* timers and threads are the parent's */
  wanted_by = 0;
  own_user = false;
}

int gw_set_cpu_profile_rate(int hz) {
  if (hz < 0 || hz > HZ_MAX) {
    errno = EINVAL;
    return -1;
  }
  lock_take(&lock);
  bool begin = hz > 0 && !own_user, end = hz == 0 && own_user;
  own_user = hz > 0;
  lock_give(&lock);
  int r = begin ? cpu_begin(hz) : 0;
  if (end) cpu_end();
  if (r == 0) return 0;
  errno = -r;
  return -1;
}

int cpu_collect(struct profile *p, const char **why) {
  lock_take(&lock);
  if (!sum.kind) {
    lock_give(&lock);
    *why = "the CPU profile is off: gw_set_cpu_profile_rate(100) or GODWIT=cpuprofile=FILE starts it";
    return -ENOTSUP;
  }
  drain_locked();
  p->period = sum.period;
  p->time_ns = sum.time_ns;
  p->duration_ns = active ? prim_wall_now() - sum.time_ns : sum.duration_ns;
  profile_merge(p, &sum, 1);
  uint32_t lost = __atomic_exchange_n(&dropped, 0, __ATOMIC_RELAXED);
  lock_give(&lock);
  if (lost) gw__warn("%u samples of the CPU profile were lost: the machine is overloaded", lost);
  return 0;
}
