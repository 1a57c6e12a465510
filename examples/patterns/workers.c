/* Worker pool: a fixed number of goroutines share a queue of jobs; each result carries the number of its job, since
 * they come in any order. */
#include "pattern.h"

enum { WORKERS = 3, JOBS = 50 };

struct job {
  int id, n;
};
struct result {
  int id, worker;
  long value;
};

static long collatz_steps(long n) {
  long steps = 0;
  for (; n != 1; steps++) n = n % 2 ? 3 * n + 1 : n / 2;
  return steps;
}

static void worker(int number, gw_chan(struct job) jobs, gw_chan(struct result) results) {
  gw_set_name("worker %d", number);
  gw_range(j, jobs) gw_send(results, (struct result){j.id, number, collatz_steps(j.n)});
}

static void hand_out(gw_chan(struct job) jobs) {
  for (int i = 0; i < JOBS; i++) gw_send(jobs, (struct job){i, i + 1});
  gw_close(jobs);
}

int main(void) {
  gw_chan(struct job) jobs = gw_make(struct job, WORKERS);
  gw_chan(struct result) results = gw_make(struct result, 0);
  for (int i = 0; i < WORKERS; i++) gw_go(worker, i, jobs, results);
  gw_waitgroup handing_out = {0};
  gw_waitgroup_go(&handing_out, hand_out, jobs);
  long steps[JOBS] = {0};
  for (int i = 0; i < JOBS; i++) { /* as many results as jobs: nobody has to close */
    struct result r = gw_recv(results);
    steps[r.id] = r.value;
  }
  printf("27 takes %ld steps\n", steps[26]);
  CHECK(steps[0] == 0 && steps[26] == 111 && steps[49] == 24);
  gw_waitgroup_wait(&handing_out);
  all_ended();
  gw_chan_free(jobs);
  gw_chan_free(results);
}
