/* gw_signal_notify: signals come to channels, sends never wait, several channels per signal; what was there before
 * comes back; and gw_sleep, exit, fork and children of any goroutine. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

extern char **environ;

static int caught; /* by the program's own handler */
static void on_usr2(int sig) {
  (void)sig;
  __atomic_add_fetch(&caught, 1, __ATOMIC_RELAXED);
}

static bool nothing_within(gw_chan(int) c, int64_t ns) {
  gw_select {
    gw_on_recv(c) { return false; }
    gw_on_after(ns) { return true; }
  }
  return false;
}

/* A thread that is held up may have one of several equal signals still before it: none is left once the next has been
 * handled, which raise waits for. One that came when nobody wants it any more would end the process. */
static void take_what_is_on_its_way(int sig) { CHECK(raise(sig) == 0); }

static void one_and_many(void) {
  gw_chan(int) a = gw_make(int, 1), b = gw_make(int, 0), late = gw_make(int, 1);
  gw_signal_notify(a, SIGUSR1, SIGHUP);
  CHECK(kill(getpid(), SIGUSR1) == 0 && gw_recv(a) == SIGUSR1);
  CHECK(kill(getpid(), SIGHUP) == 0 && gw_recv(a) == SIGHUP);
  gw_signal_notify(b, SIGUSR1);
  gw_signal_notify(b, SIGTERM);
  CHECK(kill(getpid(), SIGUSR1) == 0 && gw_recv(a) == SIGUSR1); /* nobody receives from b: dropped */
  gw_signal_notify(b, SIGTERM);                                 /* returns when that has been tried */
  CHECK(nothing_within(b, 2 * GW_MS));
  for (int i = 0; i < 5; i++) CHECK(kill(getpid(), SIGUSR1) == 0); /* a has room for one */
  CHECK(gw_recv(a) == SIGUSR1);
  /* gw_signal_stop: nothing more to a, b goes on */
  gw_signal_stop(a);
  while (gw_try_recv(a, NULL)) {
  }
  gw_signal_notify(late, SIGUSR1);
  CHECK(kill(getpid(), SIGUSR1) == 0 && gw_recv(late) == SIGUSR1 && gw_len(a) == 0);
  take_what_is_on_its_way(SIGUSR1);
  gw_signal_stop(b);
  gw_signal_stop(late);
  gw_signal_stop(late);
  gw_chan_free(a);
  gw_chan_free(b);
  gw_chan_free(late);
}

static void before_comes_back(void) {
  CHECK(signal(SIGUSR2, on_usr2) != SIG_ERR);
  gw_chan(int) c = gw_make(int, 1);
  gw_signal_notify(c, SIGUSR2);
  CHECK(raise(SIGUSR2) == 0 && gw_recv(c) == SIGUSR2 && caught == 0);
  gw_signal_stop(c);
  CHECK(raise(SIGUSR2) == 0 && caught == 1 && gw_len(c) == 0);
  CHECK(signal(SIGUSR2, SIG_DFL) == on_usr2);
  gw_chan_free(c);
}

/* A signal that was caught for a channel comes to it, also if nobody had the time to send it before the stop. */
static void stop_comes_after(void) {
  gw_chan(int) c = gw_make(int, 1);
  for (int i = 0; i < 200; i++) {
    gw_signal_notify(c, SIGUSR1);
    CHECK(raise(SIGUSR1) == 0);
    gw_signal_stop(c);
    CHECK(gw_len(c) == 1 && gw_recv(c) == SIGUSR1);
  }
  gw_chan_free(c);
}

static void notify_nothing(gw_chan(int) c, int sig) { gw_signal_notify(c, sig); }

static void misuse(void) {
  gw_panic_info p;
  gw_chan(int) c = gw_make(int, 1);
  CHECK(!gw_try(&p, notify_nothing, c, SIGKILL) && strstr(p.message, "can't be caught"));
  CHECK(!gw_try(&p, notify_nothing, NULL, SIGTERM) && strstr(p.message, "nil channel"));
  gw_signal_stop(c);
}

/* While every processor is busy. */
static void spin(int *stop) {
  while (!__atomic_load_n(stop, __ATOMIC_ACQUIRE)) {
  }
}
static void while_busy(void) {
  static int stop;
  gw_chan(int) c = gw_make(int, 1);
  gw_signal_notify(c, SIGUSR1);
  for (int i = 0; i < 3; i++) gw_go(spin, &stop);
  gw_sleep(GW_MS);
  CHECK(kill(getpid(), SIGUSR1) == 0 && gw_recv(c) == SIGUSR1);
  __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
  take_what_is_on_its_way(SIGUSR1);
  gw_signal_stop(c);
}

static void *thread_receives(void *arg) {
  gw_chan(int) c = gw_make(int, 4);
  gw_signal_notify(c, SIGUSR1);
  CHECK(kill(getpid(), SIGUSR1) == 0 && gw_recv(c) == SIGUSR1);
  gw_signal_stop(c);
  return arg;
}

static void by_threads(void) {
  gw_chan(int) always = gw_make(int, 1); /* a signal may arrive when the threads have stopped */
  gw_signal_notify(always, SIGUSR1);
  pthread_t t[3];
  for (int i = 0; i < 3; i++) CHECK(pthread_create(&t[i], NULL, thread_receives, NULL) == 0);
  for (int i = 0; i < 3; i++) CHECK(pthread_join(t[i], NULL) == 0);
  CHECK(raise(SIGUSR1) == 0 && gw_recv(always) == SIGUSR1);
  gw_signal_stop(always);
}

/* ---- children ---- */

static int status_of(pid_t child) {
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  return status;
}

/* The child's signals do again what they did. */
static void child_of_fork(gw_chan(bool) done) {
  pid_t child = fork();
  if (child == 0) {
    raise(SIGUSR1);
    _exit(1);
  }
  int status = status_of(child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
  gw_send(done, true);
}

static void children_of_libc(int n, gw_chan(bool) done) {
  char command[64], line[64] = "";
  snprintf(command, sizeof command, "exit %d", n);
  CHECK(WEXITSTATUS(system(command)) == n);
  snprintf(command, sizeof command, "echo %d", n);
  FILE *f = popen(command, "r");
  CHECK(f && fgets(line, sizeof line, f) && atoi(line) == n && pclose(f) == 0);
  pid_t child;
  char *const args[] = {"sh", "-c", "exit 3", NULL};
  CHECK(posix_spawn(&child, "/bin/sh", NULL, NULL, args, environ) == 0 && WEXITSTATUS(status_of(child)) == 3);
  gw_send(done, true);
}

static void children(void) {
  gw_chan(bool) done = gw_make(bool, 0);
  gw_chan(int) c = gw_make(int, 1);
  gw_signal_notify(c, SIGUSR1);
  for (int i = 0; i < 3; i++) {
    gw_go(child_of_fork, done);
    gw_recv(done);
  }
  for (int i = 0; i < 5; i++) gw_go(children_of_libc, i, done);
  for (int i = 0; i < 5; i++) gw_recv(done);
  CHECK(raise(SIGUSR1) == 0 && gw_recv(c) == SIGUSR1);
  gw_signal_stop(c);
}

static void ends_the_process(void) { exit(9); }

/* The order of sleeps that end at different times on one clock. */
static void sleep_until(int64_t t, int i, gw_chan(int) out) {
  gw_sleep(t - gw_now());
  gw_send(out, i);
}
static bool in_order(int64_t step) {
  gw_chan(int) out = gw_make(int, 100);
  int64_t from = gw_now() + 2 * step;
  for (int i = 99; i >= 0; i--) gw_go(sleep_until, from + i / 10 * step, i / 10, out);
  int last = 0, wrong = 0;
  for (int i = 0; i < 100; i++) {
    int now = gw_recv(out);
    if (now < last) wrong++;
    last = now;
    CHECK(gw_now() >= from + now * step); /* never early */
  }
  gw_chan_free(out);
  return wrong == 0;
}
/* Those that a machine mixes that stands still between two of them lie farther apart the next time. */
static void sleep_order(void) {
  for (int64_t step = 10 * GW_MS; !in_order(step); step *= 2) CHECK(step < 5 * GW_S);
}

int main(int argc, char **argv) {
  if (argc > 1) { /* waits for a signal as the first thing that it does */
    gw_chan(int) c = gw_make(int, 1);
    gw_signal_notify(c, SIGTERM);
    puts(argv[1]);
    fflush(stdout);
    CHECK(gw_recv(c) == SIGTERM);
    gw_go(ends_the_process);
    for (;;) gw_sleep(GW_S);
  }
  one_and_many();
  before_comes_back();
  stop_comes_after();
  misuse();
  while_busy();
  by_threads();
  children();
  sleep_order();
  return 0;
}
