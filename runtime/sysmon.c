/* The monitor: a thread without a P that looks after the others.
 *
 * - It asks a goroutine that runs for 10 ms while others wait to let them run, which it does when it polls (poll.c).
 * - It takes the P from an M whose goroutine doesn't, or whose thread is found asleep in a call, after some 100 us.
 *   That M doesn't notice until its goroutine enters the runtime.  rt_enter stores m->in_runtime and then loads
 * m->retake; here `retake` is stored, all threads are made to pass a barrier, and `in_runtime` is loaded: so one of the
 * two sees the other (Dekker, with the whole cost on this side).  If both do, the CAS on `retake` decides.
 * - It fires timers and asks for events at descriptors when nobody else found the time; and sees to it that one of the
 *   idle threads sleeps for them.
 * - It gives stacks back that nobody needed for a while (stackpool.c).
 * It sleeps 50 us, doubling to 10 ms when it finds nothing to do, and until poked when nothing runs.  (Go: 20 us, and
 * fifty times of that first.  Its monitor sees at once who is in a call; ours has nothing to gain by that.) */
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "g.h"
#include "leak.h"
#include "net/netpoll.h"
#include "poll.h"
#include "schedtrace.h"

enum {
  SLEEP_MIN = 50000,
  CALM = 10, /* turns before it sleeps for longer; guess */
  SLEEP_MAX = 10000000,
  RUN_MAX = 10000000,
  RUN_MAX_STRESS = 100000,
  ASKED_MAX = 200000,  /* guess: a loop polls within microseconds, unless its thread has to wait for a core */
  ASLEEP_MIN = 100000, /* guess: far above what a call takes that doesn't block */
  WANT_AGAIN = 1000000,
  LATE = 1000000,
  LOOK_AGAIN = 50000000
};

/* Somebody waits for a P. */
static bool work_waits(struct p *p) { return __atomic_load_n(&sched.queue.n, __ATOMIC_RELAXED) > 0 || !runq_empty(p); }

bool m_keep_out(struct m *m, struct p *p, enum retake how, const struct m *by) {
  /* Each has a word of his own: his request may be declined, and another's come, before he looks at it again. */
  const uint32_t asked = by ? RETAKE_ASKED + 1 + by->id : RETAKE_ASKED;
  uint32_t is = RETAKE_NONE;
  if (__atomic_load_n(&m->in_runtime, __ATOMIC_ACQUIRE) ||
      !__atomic_compare_exchange_n(&m->retake, &is, asked, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
    return false;
  prim_membarrier();
  is = asked;
  if (__atomic_load_n(&m->in_runtime, __ATOMIC_ACQUIRE) || __atomic_load_n(&m->p, __ATOMIC_RELAXED) != p) {
    /* Taken back; fails if m has declined already, which is the same. */
    __atomic_compare_exchange_n(&m->retake, &is, RETAKE_NONE, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    return false;
  }
  /* acquire: what m did to the P in its last section */
  return __atomic_compare_exchange_n(&m->retake, &is, how, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static bool retake_running(struct p *p) {
  struct m *m = __atomic_load_n(&p->m, __ATOMIC_RELAXED);
  if (!m || !m_keep_out(m, p, RETAKE_TAKEN, NULL)) return false;
  __atomic_store_n(&p->m, NULL, __ATOMIC_RELAXED);
  return true;
}

/* Asks whoever runs on p to let others run; true if that was in vain. */
static bool asked_in_vain(struct p *p, int64_t now) {
  if (p->asked_at) return now - p->asked_at >= ASKED_MAX;
  struct m *m = __atomic_load_n(&p->m, __ATOMIC_RELAXED);
  if (m) poll_want(m);
  p->asked_at = now;
  return false;
}

/* It ran for `ns`: too long, and asking didn't help, or its thread sleeps, which is looked up less and less often. */
static bool ran_too_long(struct p *p, int64_t now, int64_t run_max) {
  int64_t ns = now - p->seen_at;
  if (ns >= run_max) return asked_in_vain(p, now);
  if (ns < p->look_at) return false;
  p->look_at = 4 * ns;
  const struct m *m = __atomic_load_n(&p->m, __ATOMIC_RELAXED);
  return m && prim_thread_sleeps(m->tid);
}

/* Who lost his P goes on without until he polls, or enters the runtime. */
static void want_back(int64_t now) {
  static int64_t last; /* sysmon's */
  if (now - last < WANT_AGAIN) return;
  last = now;
  for (struct m *m = __atomic_load_n(&sched.all_m, __ATOMIC_ACQUIRE); m; m = m->all_next)
    if (__atomic_load_n(&m->retake, __ATOMIC_RELAXED) == RETAKE_TAKEN) poll_want(m);
}

/* True if it took one, or asked for it. */
static bool retake_all(int64_t now) {
  bool any = false;
  int64_t run_max = UNLIKELY(sched.stress & STRESS_RETAKE) ? RUN_MAX_STRESS : RUN_MAX;
  uint32_t n = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < n; i++) {
    struct p *p = procs_all[i];
    uint32_t status = __atomic_load_n(&p->status, __ATOMIC_ACQUIRE);
    uint32_t tick = __atomic_load_n(&p->schedtick, __ATOMIC_RELAXED);
    if (tick != p->seen_tick) {
      p->seen_tick = tick;
      p->seen_at = now;
      p->asked_at = 0;
      p->look_at = ASLEEP_MIN;
    }
    if (status != P_RUNNING || !work_waits(p)) continue;
    if (!ran_too_long(p, now, run_max) || !retake_running(p)) {
      any |= p->asked_at == now; /* it is looked after soon */
      continue;
    }
    p->seen_at = now;
    p->asked_at = 0;
    p->look_at = ASLEEP_MIN;
    any = true;
    m_start(p, false);
  }
  return any;
}

static void fire_late_timers(int64_t now) {
  uint32_t n = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < n; i++)
    if (__atomic_load_n(&procs_all[i]->timers.first, __ATOMIC_RELAXED) < now - LATE)
      timers_run(&procs_all[i]->timers, now);
}

enum { POLL_LATE = 10000000, POLL_SOON = 200000 }; /* Go's number, and a guess */

static void poll_late(int64_t now) {
  if (signals_arrived()) signals_deliver();
  if (!netpoll_wanted() || __atomic_load_n(&netpoll.busy, __ATOMIC_RELAXED)) return;
  int64_t ago = now - __atomic_load_n(&netpoll.polled_at, __ATOMIC_RELAXED);
  if (ago > POLL_LATE) netpoll_now(NULL);
  if (ago > POLL_SOON && __atomic_load_n(&sched.idle_procs, __ATOMIC_RELAXED) > 0) sched_want_sleeper();
}

/* Every M sleeps, so only a wake-up can make anything run.  *look: but a thread that we know nothing of kept us from
 * saying that all are asleep, so it has to be looked at again. */
static bool all_idle(bool *look) {
  spin_lock(&sched.lock);
  bool idle = sched.idle_ms + (sched.sleeper != NULL) == sched.ms;
  if (sched.dead_maybe) {
    sched.dead_maybe = false;
    sched_check_dead_locked();
  }
  *look = sched.dead_maybe;
  if (idle) __atomic_store_n(&sched.sysmon_idle, true, __ATOMIC_RELAXED);
  spin_unlock(&sched.lock);
  return idle;
}

/* True if poked. */
static bool sleep_idle(bool look) {
  for (;;) {
    if (__atomic_exchange_n(&sched.sysmon_wake, 0, __ATOMIC_ACQUIRE)) break; /* pairs with sysmon_poke */
    int64_t wait = look ? LOOK_AGAIN : stacks_trim_after(prim_now());
    if (prim_futex_wait(&sched.sysmon_wake, 0, wait) == -ETIMEDOUT) {
      __atomic_store_n(&sched.sysmon_idle, false, __ATOMIC_RELAXED);
      return false;
    }
  }
  __atomic_store_n(&sched.now, prim_now(), __ATOMIC_RELAXED);
  return true;
}

static void *sysmon_main(void *arg) {
  (void)arg;
  sched.sysmon_stack = (uintptr_t)__builtin_frame_address(0);
  int64_t sleep = SLEEP_MIN, longest = sched.stress & STRESS_RETAKE ? RUN_MAX_STRESS : SLEEP_MAX;
  uint32_t calm = 0;
  bool look;
  for (;;) {
    prim_futex_wait(&sched.sysmon_wake, 0, sleep);
    /* A second one poked it from the same sleep: while that word stood it would sleep no more.  Acquire: as there. */
    __atomic_exchange_n(&sched.sysmon_wake, 0, __ATOMIC_ACQUIRE);
    signals_quit();
    int64_t now = prim_now();
    __atomic_store_n(&sched.now, now, __ATOMIC_RELAXED);
    fire_late_timers(now);
    poll_late(now);
    stacks_trim(now);
    calm = retake_all(now) ? 0 : calm + 1;
    want_back(now);
    sleep = calm < CALM ? SLEEP_MIN : sleep >= longest / 2 ? longest : sleep * 2;
    bool told = schedtrace_due(now);
    told |= leak_watch(now);
    if (sleep < longest || !all_idle(&look)) continue;
    if (told)
      __atomic_store_n(&sched.sysmon_idle, false,
                       __ATOMIC_RELAXED); /* stays awake: for the next line, or to look again */
    else if (sleep_idle(look))
      calm = 0;
  }
  return NULL;
}

void sysmon_poke(void) {
  __atomic_store_n(&sched.sysmon_idle, false, __ATOMIC_RELAXED);
  __atomic_store_n(&sched.now, prim_now(), __ATOMIC_RELAXED);
  __atomic_store_n(&sched.sysmon_wake, 1, __ATOMIC_RELEASE); /* pairs with the acquire above */
  prim_futex_wake(&sched.sysmon_wake, 1);
}

void sysmon_start(void) {
  pthread_t thread;
  pthread_attr_t attr;
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old); /* no handler of the user's runs there */
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  race_hide_threads(true);
  int e = pthread_create(&thread, &attr, sysmon_main, NULL);
  race_hide_threads(false);
  pthread_attr_destroy(&attr);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (e) gw__fatal("can't start a thread (error %d); raise ulimit -u or the cgroup's pids limit", e);
}
