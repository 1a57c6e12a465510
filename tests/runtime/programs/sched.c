/* The scheduler: ids, counts, processors, fairness to who waits behind a loop, locked threads, blocking calls. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* The threads that run goroutines block no signal of the program's, whichever of ours started them. */
static void signals_arrive(void) {
  sigset_t blocked;
  CHECK(pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0);
  CHECK(!sigismember(&blocked, SIGUSR1) && !sigismember(&blocked, SIGSEGV));
}

static void tell_id(gw_chan(uint64_t) c) {
  signals_arrive();
  gw_send(c, gw_goid());
}

static void ids_and_counts(void) {
  gw_chan(uint64_t) c = gw_make(uint64_t, 0);
  uint64_t last = 1;
  for (int i = 0; i < 20; i++) {
    gw_go(tell_id, c);
    uint64_t id = gw_recv(c);
    CHECK(id > last);
    last = id;
  }
  while (gw_num_goroutine() > 1) gw_yield();
}

static void sum6(int a, long b, char *c, unsigned char d, short e, gw_chan(long) out) {
  gw_send(out, a + b + c[0] + d + e);
}
static int evaluated;
static int count_evaluation(int v) {
  evaluated++;
  return v;
}
static void arguments(void) {
  gw_chan(long) out = gw_make(long, 0);
  int first = 1;
  gw_go(sum6, count_evaluation(first), -2L, (char *)"a", 255, -5, out);
  first = 100; /* the argument was evaluated before the goroutine started */
  CHECK(evaluated == 1);
  CHECK(gw_recv(out) == 1 - 2 + 'a' + 255 - 5);
  void (*indirect)(int, long, char *, unsigned char, short, gw_chan(long)) = sum6;
  gw_go(indirect, first, 0, (char *)"b", 0, 0, out);
  CHECK(gw_recv(out) == 100 + 'b');
}

static void loop_until(int *stop, gw_waitgroup *w) { /* never calls the runtime */
  while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) continue;
  gw_waitgroup_done(w);
}

/* Loops that never yield, as many as there are processors, don't keep others from running. */
static void loops_are_overtaken(void) {
  int stop = 0, n = gw_maxprocs(0);
  if (n > 4) n = 4;
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, n);
  for (int i = 0; i < n; i++) gw_go(loop_until, &stop, &w);
  gw_sleep(30 * GW_MS);
  for (int i = 0; i < 100; i++) gw_yield();
  gw_chan(uint64_t) c = gw_make(uint64_t, 0);
  for (int i = 0; i < 20; i++) gw_go(tell_id, c);
  for (int i = 0; i < 20; i++) gw_recv(c);
  __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
  gw_waitgroup_wait(&w);
}

static int inside; /* atomic: how many are in a blocking call */
static int wait_for_all(int all) {
  __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&inside, __ATOMIC_SEQ_CST) < all) usleep(1000);
  return all + 1;
}
static void block(gw_waitgroup *w) {
  CHECK(gw_blocking(wait_for_all, 40) == 41);
  signals_arrive();
  gw_waitgroup_done(w);
}

/* Forty calls that wait for each other end, whatever GOMAXPROCS is. */
static void blocking_calls_overlap(void) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, 40);
  for (int i = 0; i < 40; i++) gw_go(block, &w);
  gw_waitgroup_wait(&w);
}

static void stay(gw_waitgroup *w) {
  gw_lock_os_thread();
  gw_lock_os_thread();
  pthread_t here = pthread_self();
  for (int i = 0; i < 50; i++) {
    gw_yield();
    if (i % 10 == 0) gw_sleep(100 * GW_US);
    CHECK(pthread_equal(here, pthread_self()));
    if (i == 25) gw_unlock_os_thread();
  }
  gw_unlock_os_thread();
  gw_waitgroup_done(w);
}

static void exit_locked(gw_waitgroup *w) {
  gw_lock_os_thread();
  gw_waitgroup_done(w);
}

static void locked_threads(void) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, 20);
  for (int i = 0; i < 10; i++) {
    gw_go(stay, &w);
    gw_go(exit_locked, &w);
  }
  gw_waitgroup_wait(&w);
}

static void churn(gw_waitgroup *w) {
  for (int i = 0; i < 200; i++) gw_yield();
  gw_waitgroup_done(w);
}

static void processors_change(void) {
  int before = gw_maxprocs(0);
  int sizes[] = {1, 7, 2, 30, 1, 3};
  for (int i = 0; i < 6; i++) {
    gw_waitgroup w = {0};
    gw_waitgroup_add(&w, 100);
    for (int k = 0; k < 50; k++) gw_go(churn, &w);
    gw_maxprocs(sizes[i]);
    for (int k = 0; k < 50; k++) gw_go(churn, &w);
    CHECK(gw_maxprocs(0) == sizes[i] && gw_maxprocs(-1) == sizes[i]);
    gw_waitgroup_wait(&w);
  }
  gw_maxprocs(before);
}

static int in_turn[100], turns; /* atomic */
static void take_turn(int n, gw_waitgroup *w) {
  __atomic_store_n(&in_turn[__atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED)], n, __ATOMIC_RELAXED);
  gw_waitgroup_done(w);
}

static bool turns_in_order(void) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, 100);
  turns = 0;
  for (int i = 0; i < 100; i++) gw_go(take_turn, i, &w);
  gw_waitgroup_wait(&w);
  bool ok = in_turn[0] == 99;
  for (int i = 1; i < 100; i++) ok = ok && in_turn[i] == i - 1;
  return ok;
}

/* On one processor goroutines start in order, but for the last, which runs next (as in Go).  Not if the machine stops
 * this thread for so long that the processor is taken from it, so there are some tries. */
static void order_on_one_processor(void) {
  int before = gw_maxprocs(1), tries = 1;
  while (!turns_in_order()) CHECK(tries++ < 100);
  gw_maxprocs(before);
}

static void ping(gw_chan(int) a, gw_chan(int) b) { gw_range(v, a) gw_send(b, v); }

/* Two goroutines that wake each other for ever don't keep a third from running. */
static void pairs_are_fair(void) {
  int before = gw_maxprocs(1);
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 0);
  gw_chan(uint64_t) c = gw_make(uint64_t, 1);
  gw_go(ping, a, b);
  gw_go(tell_id, c);
  int rounds = 0;
  while (gw_len(c) == 0) {
    gw_send(a, 1);
    gw_recv(b);
    CHECK(++rounds < 100000);
  }
  gw_close(a);
  gw_maxprocs(before);
}

int main(void) {
  CHECK(gw_goid() == 1 && gw_num_goroutine() == 1);
  order_on_one_processor(); /* before there is a second one */
  ids_and_counts();
  arguments();
  loops_are_overtaken();
  blocking_calls_overlap();
  locked_threads();
  processors_change();
  pairs_are_fair();
  gw_set_name("main %d", 1);
  gw_set_label("key", "value");
  gw_set_label("key", NULL);
  return 0;
}
