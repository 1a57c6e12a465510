/* All goroutines are asleep: told only when it is certain. */
#include "g.h"
#include "net/netpoll.h"

void sched_check_dead_locked(void) {
  /* Who sleeps for timers is idle, too, once they are stopped: that doesn't wake it. */
  if (sched.idle_ms + (sched.sleeper ? 1 : 0) != sched.ms || sched.parked_threads != sched.threads) return;
  if (sched.queue.n > 0 || __atomic_load_n(&sched.timers, __ATOMIC_SEQ_CST) > 0 || netpoll_wanted()) return;
  if (g_count() == 0 && !sched.main_gone) return; /* main isn't ours: nobody is asleep */
  /* A thread that never called us may still call, or end the process. Main's thread is one of `ms` or `threads`. */
  int known =
      (int)(sched.ms + sched.threads + sched.helpers) + (__atomic_load_n(&sched.started, __ATOMIC_RELAXED) ? 1 : 0);
  if (prim_thread_count() != known) {
    if (!sched.dead_maybe && __atomic_load_n(&sched.sysmon_idle, __ATOMIC_RELAXED)) sysmon_poke();
    sched.dead_maybe = true;
    return;
  }
  spin_unlock(&sched.lock); /* nobody else runs */
  fatal_all_asleep();
}
