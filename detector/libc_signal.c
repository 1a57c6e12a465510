/* Sets of signals, and waits for one: what is given is read, what is filled in is written. */
#include "detector/libc.h"

#define CHANGES(name, params, arguments) \
  int __gw_i_##name params {             \
    CALLER();                            \
    int r = name arguments;              \
    if (r == 0) W(set, sizeof *set);     \
    return r;                            \
  }
CHANGES(sigemptyset, (sigset_t * set), (set))
CHANGES(sigfillset, (sigset_t * set), (set))
CHANGES(sigaddset, (sigset_t * set, int sig), (set, sig))
CHANGES(sigdelset, (sigset_t * set, int sig), (set, sig))
CHANGES(sigpending, (sigset_t * set), (set))
int __gw_i_sigismember(const sigset_t *set, int sig) {
  CALLER();
  R(set, sizeof *set);
  return sigismember(set, sig);
}
int __gw_i_sigsuspend(const sigset_t *set) {
  CALLER();
  R(set, sizeof *set);
  return sigsuspend(set);
}

#define MASK(name)                                                 \
  int __gw_i_##name(int how, const sigset_t *set, sigset_t *old) { \
    CALLER();                                                      \
    if (set) R(set, sizeof *set);                                  \
    int r = name(how, set, old);                                   \
    if (r == 0 && old) W(old, sizeof *old);                        \
    return r;                                                      \
  }
MASK(sigprocmask)
MASK(pthread_sigmask)

int __gw_i_sigwait(const sigset_t *restrict set, int *restrict sig) {
  CALLER();
  R(set, sizeof *set);
  int r = sigwait(set, sig);
  if (r != 0) return r;
  signal_taken(g, *sig);
  W(sig, sizeof *sig);
  return r;
}
int __gw_i_sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info) {
  CALLER();
  R(set, sizeof *set);
  int r = sigwaitinfo(set, info);
  signal_taken(g, r);
  if (r > 0 && info) W(info, sizeof *info);
  return r;
}
int __gw_i_sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict t) {
  CALLER();
  R(set, sizeof *set);
  if (t) R(t, sizeof *t);
  int r = sigtimedwait(set, info, t);
  signal_taken(g, r);
  if (r > 0 && info) W(info, sizeof *info);
  return r;
}
