/* What signals order: whatever sent one comes before who takes it by a wait or from a signalfd.
 *
 * A signal that waits to be taken doesn't say who sent it, and of several alike one is taken.  So there is one clock
 * for each signal sent to the process, one for each sent to a thread, and one for all that the system sends later by
 * itself (timers, finished input and output): an edge too many rather than a false alarm.
 *
 * A handler comes after what its own thread did, and after whoever set up the timer that it runs for.  Not after
 * whoever sent it its signal: neither C nor POSIX promises a handler anything but atomics and sig_atomic_t. */
#include "detector/posix.h"

/* Their addresses name the clocks of what was sent to the process. */
static const char to_process[NSIG];

/* Somewhere in the thread's own record of libc, whose clocks go when its stack is used again. */
static const void *to_thread(pthread_t t, int sig) { return (const char *)t + sig; }

static void released(struct race_g *g, const void *clock, int sig) {
  if (g && sig > 0 && sig < NSIG) race_release_merge(g, clock);
}

/* As kill takes it: the process itself, its group, or all. */
static bool is_ours(pid_t p) { return p == getpid() || p == 0 || p == -1 || (p < -1 && -p == getpgrp()); }

static void sends(pid_t to, int sig) {
  if (sig > 0 && sig < NSIG && is_ours(to)) released(posix_self(), &to_process[sig], sig);
}

int __gw_i_kill(pid_t to, int sig) {
  sends(to, sig);
  return kill(to, sig);
}
int __gw_i_killpg(pid_t group, int sig) {
  sends(-group, sig);
  return killpg(group, sig);
}
int __gw_i_sigqueue(pid_t to, int sig, union sigval value) {
  sends(to, sig);
  return sigqueue(to, sig, value);
}
int __gw_i_tgkill(pid_t process, pid_t thread, int sig) {
  sends(process, sig);
  return tgkill(process, thread, sig);
}
int __gw_i_pthread_kill(pthread_t to, int sig) {
  released(posix_self(), to_thread(to, sig), sig);
  return pthread_kill(to, sig);
}
int __gw_i_pthread_sigqueue(pthread_t to, int sig, union sigval value) {
  released(posix_self(), to_thread(to, sig), sig);
  return pthread_sigqueue(to, sig, value);
}

unsigned __gw_i_alarm(unsigned seconds) {
  posix_hands_over(posix_self());
  return alarm(seconds);
}

void signal_taken(struct race_g *g, int sig) {
  if (!g || sig <= 0 || sig >= NSIG) return;
  race_acquire(g, &to_process[sig]);
  race_acquire(g, to_thread(pthread_self(), sig));
  race_acquire(g, &det_behind);
}

void signals_taken(struct race_g *g, uint64_t which) {
  for (; which; which &= which - 1) signal_taken(g, __builtin_ctzll(which) + 1);
}
