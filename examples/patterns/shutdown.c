/* Graceful shutdown: the first SIGTERM stops taking work and lets what was taken finish, as long as that takes no
 * longer than a grace period; then the program ends.  Here it sends the signal to itself. */
#include <signal.h>
#include <unistd.h>

#include "pattern.h"

enum { WORKERS = 3 };

struct server {
  gw_chan(int) jobs;
  gw_waitgroup workers;
  int taken, finished; /* atomic */
};

static void worker(struct server *s) {
  gw_range(job, s->jobs) {
    gw_sleep(job * GW_MS); /* the work */
    __atomic_fetch_add(&s->finished, 1, __ATOMIC_RELAXED);
  }
}

static void accept_jobs(struct server *s, gw_chan(char) stop) {
  int i = 0;
  for (bool more = true; more;) gw_select {
      gw_on_recv(stop) { more = false; }
      gw_on_send(s->jobs, i++ % 3) { __atomic_fetch_add(&s->taken, 1, __ATOMIC_RELAXED); }
    }
  gw_close(s->jobs);
}

static void tell_when_done(struct server *s, gw_chan(char) done) {
  gw_waitgroup_wait(&s->workers);
  gw_close(done);
}

int main(void) {
  struct server s = {.jobs = gw_make(int, 2)};
  gw_chan(int) signals = gw_make(int, 1);
  gw_chan(char) stop = gw_make(char, 0), done = gw_make(char, 0);
  gw_signal_notify(signals, SIGTERM, SIGINT);
  for (int i = 0; i < WORKERS; i++) gw_waitgroup_go(&s.workers, worker, &s);
  gw_go(accept_jobs, &s, stop);
  while (__atomic_load_n(&s.taken, __ATOMIC_RELAXED) < 10) gw_yield();
  kill(getpid(), SIGTERM);

  int sig = gw_recv(signals);
  gw_close(stop);
  gw_go(tell_when_done, &s, done);
  bool in_time = false;
  gw_select {
    gw_on_recv(done) { in_time = true; }
    gw_on_after(20 * GW_S) {}
  }
  gw_signal_stop(signals);
  printf("signal %d: all that was taken has been finished\n", sig);
  CHECK(sig == SIGTERM && in_time && s.finished == s.taken && s.taken >= 10);
  all_ended();
  gw_chan_free(s.jobs);
  gw_chan_free(signals);
  gw_chan_free(stop);
  gw_chan_free(done);
}
