/* A forked child has the caller alone, as goroutine 1, and may start goroutines of its own. */
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void square(int n, gw_chan(int) out) { gw_send(out, n * n); }
static void wait_for(gw_chan(int) c) { gw_recv_ok(c, NULL); }

static int use_everything(void) {
  gw_chan(int) out = gw_make(int, 0);
  CHECK(gw_goid() == 1 && gw_num_goroutine() == 1);
  gw_sleep(GW_MS);
  for (int i = 0; i < 20; i++) gw_go(square, i, out);
  int sum = 0;
  for (int i = 0; i < 20; i++) sum += gw_recv(out);
  gw_timer *t = gw_timer_new(GW_MS);
  gw_recv(gw_timer_chan(t));
  gw_timer_free(t);
  return sum == 2470 ? 5 : 6;
}

/* Timers of the parent's are no timers of the child's: they don't fire, and those that it sets do. */
static int use_timers(gw_timer *old, gw_timer *moved, gw_ticker *ticker, gw_ctx *ctx) {
  CHECK(gw_timer_stop(old) && !gw_timer_stop(old));
  gw_timer_free(old);
  gw_ticker_free(ticker);
  gw_ctx_free(ctx);
  CHECK(gw_timer_reset(moved, GW_MS));
  gw_recv(gw_timer_chan(moved));
  gw_timer_free(moved);
  ctx = gw_ctx_with_timeout(gw_ctx_background(), GW_MS);
  gw_recv(gw_ctx_done(ctx));
  CHECK(gw_ctx_err(ctx) == GW_DEADLINE_EXCEEDED);
  gw_ctx_free(ctx);
  while (gw_num_goroutine() > 1) gw_yield(); /* what the deadline started */
  return use_everything();
}

static int child_status(pid_t child) {
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void fork_here(gw_chan(int) done) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) _exit(use_everything());
  gw_send(done, child_status(child));
}

static void fork_and_return(gw_chan(int) done) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) return;
  gw_send(done, child_status(child));
}

/* Forks while others are within what gives out memory: the child gets its own none the less. */
static bool enough; /* atomic */
static void use_memory(gw_chan(int) ended) {
  while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
    gw_chan(int) c[8];
    for (int i = 0; i < 8; i++) c[i] = gw_make(int, 1);
    for (int i = 0; i < 8; i++) gw_chan_free(c[i]);
  }
  gw_send(ended, 1);
}

/* Likewise while another one searches for leaks. */
static bool searched; /* atomic */
static void search(gw_chan(int) ended) {
  while (!__atomic_load_n(&searched, __ATOMIC_RELAXED)) CHECK(gw_leak_check() == 0);
  gw_send(ended, 1);
}

static void fork_among_searches(void) {
  gw_chan(int) ended = gw_make(int, 1);
  gw_go(search, ended);
  for (int i = 0; i < 10; i++) {
    pid_t child = fork();
    if (child == 0) _exit(gw_leak_check() == 0 ? use_everything() : 7);
    CHECK(child_status(child) == 5);
  }
  __atomic_store_n(&searched, true, __ATOMIC_RELAXED);
  gw_recv(ended);
  gw_chan_free(ended);
}

static void fork_among_users(void) {
  enum { USERS = 3, FORKS = 30 };
  gw_chan(int) ended = gw_make(int, USERS);
  for (int i = 0; i < USERS; i++) gw_go(use_memory, ended);
  for (int i = 0; i < FORKS; i++) {
    pid_t child = fork();
    if (child == 0) _exit(use_everything());
    CHECK(child_status(child) == 5);
  }
  __atomic_store_n(&enough, true, __ATOMIC_RELAXED);
  for (int i = 0; i < USERS; i++) gw_recv(ended);
}

int main(void) {
  gw_chan(int) c = gw_make(int, 0), done = gw_make(int, 0);
  pid_t child = fork(); /* before there is any goroutine */
  if (child == 0) _exit(use_everything());
  CHECK(child_status(child) == 5);
  gw_timer *old = gw_timer_new(100 * GW_S), *moved = gw_timer_new(200 * GW_S);
  gw_ticker *ticker = gw_ticker_new(150 * GW_S);
  gw_ctx *ctx = gw_ctx_with_timeout(gw_ctx_background(), 120 * GW_S);
  for (int i = 0; i < 3; i++) {
    child = fork();
    if (child == 0) _exit(use_timers(old, moved, ticker, ctx));
    CHECK(child_status(child) == 5);
    gw_go(gw_yield);
  }
  for (int i = 0; i < 50; i++) gw_go(wait_for, c);
  for (int i = 0; i < 10; i++) {
    gw_go(fork_here, done);
    CHECK(gw_recv(done) == 5);
    child = fork();
    if (child == 0) _exit(use_everything());
    CHECK(child_status(child) == 5);
  }
  fork_among_users();
  fork_among_searches();
  gw_go(fork_and_return, done);
  CHECK(gw_recv(done) == 0);
  gw_close(c);
  return 0;
}
