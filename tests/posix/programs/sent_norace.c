/* NO RACE */
/* Signals as messages: what the sender did before is there for whoever takes it, by a wait or a signalfd, and what a
 * timer's owner did for its handler. */
#include "pairs.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/time.h>

enum { WAYS = 12 };
static long x[WAYS];
static pthread_t taker;
static pid_t taker_tid;
static sigset_t taken;
static int descriptor;

/* --- how it is sent ---------------------------------------------------------------------------------------------- */

static void by_kill(void) { MUST(kill(getpid(), SIGUSR1) == 0); }
static void by_group(void) { MUST(killpg(getpgrp(), SIGUSR1) == 0); }
static void by_kill_group(void) { MUST(kill(-getpgrp(), SIGUSR1) == 0); }
static void by_queue(void) { MUST(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 1}) == 0); }
static void by_thread(void) { MUST(pthread_kill(taker, SIGUSR1) == 0); }
static void by_thread_number(void) { MUST(tgkill(getpid(), taker_tid, SIGUSR1) == 0); }
static void by_thread_queue(void) { MUST(pthread_sigqueue(taker, SIGUSR1, (union sigval){.sival_int = 1}) == 0); }
static void by_interval(void) {
  struct itimerval soon = {{0, 0}, {0, 1000}};
  MUST(setitimer(ITIMER_REAL, &soon, NULL) == 0);
}
static void by_alarm(void) { MUST(alarm(1) == 0); }
static void by_timer(void) {
  struct sigevent how = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  struct itimerspec soon = {{0, 0}, {0, 1000000}};
  timer_t t;
  MUST(timer_create(CLOCK_MONOTONIC, &how, &t) == 0 && timer_settime(t, 0, &soon, NULL) == 0);
}

/* --- how it is taken --------------------------------------------------------------------------------------------- */

static void wait_plain(void) {
  int sig;
  MUST(sigwait(&taken, &sig) == 0);
}
static void wait_info(void) { MUST(sigwaitinfo(&taken, NULL) > 0); }
static void wait_timed(void) {
  struct timespec t = {1000, 0};
  MUST(sigtimedwait(&taken, NULL, &t) > 0);
}
static void wait_descriptor(void) {
  struct signalfd_siginfo info;
  MUST(read(descriptor, &info, sizeof info) == (ssize_t)sizeof info);
}
static volatile sig_atomic_t handled;
static int way;
static void handler(int sig) {
  MUST(sig == SIGUSR1 && x[way] == 1);
  handled = 1;
}
static void wait_handler(void) {
  sigset_t none;
  MUST(signal(SIGUSR1, handler) != SIG_ERR);
  sigemptyset(&none);
  for (handled = 0; !handled;) sigsuspend(&none);
}

static const struct {
  void (*send)(void), (*take)(void);
} ways[WAYS] = {
    {by_kill, wait_plain},     {by_group, wait_info},        {by_kill_group, wait_timed},
    {by_queue, wait_info},     {by_thread, wait_plain},      {by_thread_number, wait_timed},
    {by_interval, wait_plain}, {by_thread_queue, wait_info}, {by_kill, wait_descriptor},
    {by_timer, wait_info},     {by_alarm, wait_descriptor},  {by_timer, wait_handler},
};

/* The taker says where it is before it has anything to do with the sender. */
static void sends(void) {
  turn_reached(2);
  x[way] = 1;
  ways[way].send();
}
TURN_HIDDEN static void here(void) {
  taker = pthread_self();
  taker_tid = gettid();
  turn_done();
}
static void takes(void) {
  here();
  ways[way].take();
  MUST(x[way] == 1);
}

int main(void) {
  MUST(setpgid(0, 0) == 0);
  MUST(sigemptyset(&taken) == 0 && sigaddset(&taken, SIGUSR1) == 0 && sigaddset(&taken, SIGALRM) == 0);
  MUST(pthread_sigmask(SIG_BLOCK, &taken, NULL) == 0);
  MUST((descriptor = signalfd(-1, &taken, 0)) >= 0);
  for (way = 0; way < WAYS; way++) both(sends, takes);
}
