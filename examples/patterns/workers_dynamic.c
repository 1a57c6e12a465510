/* A worker pool that grows and shrinks: a job that no worker takes at once starts one more, up to a limit, and a worker
 * that has nothing to do for a while ends. */
#include "pattern.h"

enum { MOST = 4, JOBS = 60 };

struct pool {
  gw_chan(int) jobs;
  gw_chan(char) room; /* as many values as there are workers */
  gw_waitgroup workers;
  int working, peak; /* atomic */
  long done;         /* atomic */
};

static void do_job(struct pool *p, int ms) {
  gw_sleep(ms * GW_MS);
  __atomic_fetch_add(&p->done, 1, __ATOMIC_RELAXED);
}

static void worker(struct pool *p, int first) {
  int now = __atomic_add_fetch(&p->working, 1, __ATOMIC_RELAXED), peak = __atomic_load_n(&p->peak, __ATOMIC_RELAXED);
  while (now > peak && !__atomic_compare_exchange_n(&p->peak, &peak, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  do_job(p, first);
  for (bool idle = false; !idle;) {
    gw_select {
      gw_on_recv_ok(p->jobs, job, ok) {
        if (ok)
          do_job(p, job);
        else
          idle = true;
      }
      gw_on_after(20 * GW_MS) { idle = true; }
    }
  }
  __atomic_fetch_sub(&p->working, 1, __ATOMIC_RELAXED);
  gw_recv(p->room);
}

static void submit(struct pool *p, int job) {
  if (gw_try_send(p->jobs, job)) return; /* somebody waits for one */
  gw_select {
    gw_on_send(p->room, 0) { gw_waitgroup_go(&p->workers, worker, p, job); }
    gw_on_send(p->jobs, job) {}
  }
}

int main(void) {
  struct pool p = {.jobs = gw_make(int, 0), .room = gw_make(char, MOST)};
  for (int i = 0; i < JOBS; i++) submit(&p, 1);
  while (__atomic_load_n(&p.working, __ATOMIC_RELAXED) > 0) gw_sleep(5 * GW_MS); /* nothing to do: all of them end */
  submit(&p, 1);                                                                 /* and one begins anew */
  gw_close(p.jobs);
  gw_waitgroup_wait(&p.workers);
  printf("%ld jobs, %d workers at most\n", p.done, p.peak);
  CHECK(p.done == JOBS + 1 && p.peak <= MOST);
  all_ended();
  gw_chan_free(p.jobs);
  gw_chan_free(p.room);
}
