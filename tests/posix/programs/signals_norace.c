/* NO RACE */
/* Handlers that run instrumented code, arriving at any time, in the detector too: each signal is delivered, with its
 * siginfo, and no register of the interrupted code is lost. */
#include "pairs.h"

#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t alarms, queued, sum;
static long owned[16];
static pthread_t target;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void on_alarm(int sig) {
  MUST(sig == SIGALRM);
  alarms++;
  if (pthread_equal(pthread_self(), target)) owned[3]++;
}
static void on_queued(int sig, siginfo_t *info, void *context) {
  MUST(sig == SIGRTMIN && info->si_signo == sig && info->si_code == SI_QUEUE && context);
  errno = EDOM;
  queued++;
  sum += info->si_value.sival_int;
}

/* Vector registers hold the sums across calls into the detector. */
static double work(const double *v, int n) {
  double s[4] = {0};
  for (int i = 0; i < n; i++)
    for (int j = 0; j < 4; j++) s[j] += v[(i + j) % n] * 0.5;
  return s[0] + s[1] + s[2] + s[3];
}

static void old_actions(void) {
  struct sigaction old, act = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  MUST(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
  MUST(signal(SIGUSR1, on_alarm) == SIG_IGN);
  MUST(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == on_alarm && !(old.sa_flags & SA_SIGINFO));
  MUST(signal(SIGUSR1, SIG_DFL) == on_alarm && signal(SIGUSR1, SIG_DFL) == SIG_DFL);
  MUST(sigaction(SIGALRM, &act, NULL) == 0);
  MUST(sigaction(SIGKILL, &act, NULL) == -1 && errno == EINVAL);
  MUST(signal(12345, on_alarm) == SIG_ERR && errno == EINVAL);
}

static volatile sig_atomic_t once;
static void on_reset(int sig) { once += sig == SIGUSR2; }
static void reset_hand(void) {
  struct sigaction act = {.sa_handler = on_reset, .sa_flags = (int)SA_RESETHAND}, old;
  MUST(sigaction(SIGUSR2, &act, NULL) == 0);
  MUST(sigaction(SIGUSR2, NULL, &old) == 0 && old.sa_handler == on_reset && old.sa_flags & (int)SA_RESETHAND);
  MUST(raise(SIGUSR2) == 0 && once == 1);
  MUST(sigaction(SIGUSR2, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
}

int main(void) {
  enum { N = 64, QUEUED = 200 };
  static double v[N];
  struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
  struct sigaction act = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO};
  target = pthread_self();
  old_actions();
  reset_hand();
  MUST(sigaction(SIGRTMIN, &act, NULL) == 0);
  for (int i = 0; i < N; i++) v[i] = i;
  double expected = work(v, N);
  MUST(setitimer(ITIMER_REAL, &often, NULL) == 0);
  for (int i = 0; alarms < 300 || i < QUEUED; i++) {
    if (i < QUEUED) MUST(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}) == 0);
    for (int k = 0; k < 20; k++) { /* after an unlock every access is new to the detector */
      pthread_mutex_lock(&m);
      v[k] = k;
      pthread_mutex_unlock(&m);
      MUST(work(v, N) == expected);
      free(malloc(64));
    }
  }
  MUST(setitimer(ITIMER_REAL, &never, NULL) == 0);
  MUST(queued == QUEUED && sum == QUEUED * (QUEUED - 1) / 2);
}
