/* A program made of random parts (argv[1] is the seed), each of which ends what it starts, or leaves goroutines behind
 * that something living will wake: sleepers, live timers and who waits for them. */
#include <godwit.h>
#include <signal.h>
#include <stdlib.h>

static uint64_t rng;
static unsigned draw(unsigned n) {
  rng = rng * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(rng >> 33) % n;
}

static gw_waitgroup all;
static gw_mutex mu;
static long total;

static void source(gw_chan(int) out, int n) {
  for (int i = 0; i < n; i++) gw_send(out, i);
  gw_close(out);
}
static void stage(gw_chan(int) in, gw_chan(int) out) {
  gw_range(v, in) gw_send(out, v + 1);
  gw_close(out);
}
static void pipeline(void) {
  gw_chan(int) c = gw_make(int, (int)draw(3));
  gw_go(source, c, (int)draw(20));
  for (unsigned i = draw(5); i > 0; i--) {
    gw_chan(int) next = gw_make(int, (int)draw(3));
    gw_go(stage, c, next);
    c = next;
  }
  gw_range(v, c) total += v;
}

static void worker(gw_chan(int) jobs, gw_chan(int) results) {
  gw_range(v, jobs) gw_send(results, v * v);
  gw_waitgroup_done(&all);
}
static void close_after(gw_chan(int) c) {
  gw_waitgroup_wait(&all);
  gw_close(c);
}
static void pool(void) {
  gw_chan(int) jobs = gw_make(int, (int)draw(4)), results = gw_make(int, (int)draw(4));
  int workers = 1 + (int)draw(6);
  gw_waitgroup_add(&all, workers);
  for (int i = 0; i < workers; i++) gw_go(worker, jobs, results);
  gw_go(source, jobs, (int)draw(30));
  gw_go(close_after, results);
  gw_range(v, results) total += v;
}

static void add_locked(int n) {
  for (int i = 0; i < n; i++) {
    gw_mutex_lock(&mu);
    total++;
    if (i % 8 == 0) gw_yield();
    gw_mutex_unlock(&mu);
  }
}
static void counters(void) {
  gw_waitgroup w = {0};
  for (unsigned i = 1 + draw(8); i > 0; i--) gw_waitgroup_go(&w, add_locked, (int)draw(50));
  gw_waitgroup_wait(&w);
}

static void until(gw_chan(int) work, gw_chan(int) done) {
  for (bool go_on = true; go_on;) {
    gw_select {
      gw_on_recv(work, v) { (void)v; }
      gw_on_recv(done) { go_on = false; }
    }
  }
}
static void cancelled(void) {
  gw_chan(int) work = gw_make(int, 0), done = gw_make(int, 0);
  gw_go(until, work, done);
  for (unsigned i = draw(10); i > 0; i--) gw_send(work, (int)i);
  gw_close(done);
}

/* ---- what is left behind, but not for good ---- */

static void sleeper(void) { gw_sleep(3600 * GW_S); }
static void sleeper_that_sends(gw_chan(int) c) {
  gw_sleep(3600 * GW_S);
  gw_send(c, 1);
}
static void receive(gw_chan(int) c) { gw_recv(c); }
static void ticks(gw_ticker *t) {
  for (;;) gw_recv(gw_ticker_chan(t));
}
static void timed_select(gw_chan(int) c) {
  gw_select {
    gw_on_recv(c) {}
    gw_on_after(3600 * GW_S) {}
  }
}
static void holds_lock(gw_mutex *m, bool *held) {
  gw_mutex_lock(m);
  __atomic_store_n(held, true, __ATOMIC_RELEASE);
  gw_sleep(3600 * GW_S);
  gw_mutex_unlock(m);
}
static void wants_lock(gw_mutex *m) { gw_mutex_lock(m); }
static gw_mutex kept;

static void leave_sleepers(void) {
  for (unsigned i = 1 + draw(4); i > 0; i--) gw_go(sleeper);
}
static void leave_promise(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_go(sleeper_that_sends, c);
  gw_go(receive, c);
}
static void leave_ticker(void) { gw_go(ticks, gw_ticker_new(GW_S)); }
static void leave_timer(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_go(timed_select, c);
}
static void leave_call(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_after_func(3600 * GW_S, receive, c);
  gw_go(receive, c);
}
static void leave_lock(void) {
  static bool held; /* atomic */
  gw_go(holds_lock, &kept, &held);
  while (!__atomic_load_n(&held, __ATOMIC_ACQUIRE)) gw_yield();
  gw_go(wants_lock, &kept);
}

static gw_rwmutex shared;
static void reads_long(gw_rwmutex *rw) {
  gw_rwmutex_rlock(rw);
  gw_sleep(3600 * GW_S);
  gw_rwmutex_runlock(rw);
}
static void gives_up(gw_rwmutex *rw, gw_chan(int) done) {
  gw_rwmutex_runlock(rw);
  gw_close(done);
}
/* Its read lock is given up by another one; that the writer, for whom it then waits, waits for a reader is no circle.
 */
static void reads_short(gw_rwmutex *rw, gw_mutex *m) {
  gw_chan(int) done = gw_make(int, 0);
  gw_rwmutex_rlock(rw);
  gw_go(gives_up, rw, done);
  gw_recv(done);
  gw_sleep(GW_MS);
  gw_mutex_lock(m);
  gw_mutex_unlock(m);
}
static void writes(gw_rwmutex *rw, gw_mutex *m) {
  gw_mutex_lock(m);
  gw_rwmutex_lock(rw);
  gw_rwmutex_unlock(rw);
  gw_mutex_unlock(m);
}
static void leave_reader(void) {
  static gw_mutex m;
  static bool done;
  if (done) return;
  done = true;
  gw_go(reads_long, &shared);
  if (draw(2)) gw_go(reads_short, &shared, &m);
  gw_sleep(GW_MS / 2);
  gw_go(writes, &shared, &m);
}

static void leave_signal(void) {
  static gw_chan(int) c;
  if (c) return;
  c = gw_make(int, 1);
  gw_signal_notify(c, SIGUSR2);
  gw_go(receive, c);
}

int main(int argc, char **argv) {
  static void (*const parts[])(void) = {pipeline,       pool,          counters,     cancelled,
                                        leave_sleepers, leave_promise, leave_ticker, leave_timer,
                                        leave_call,     leave_lock,    leave_signal, leave_reader};
  rng = argc > 1 ? strtoull(argv[1], NULL, 10) * 2654435761u + 1 : 1;
  for (unsigned n = 1 + draw(6); n > 0; n--) parts[draw(sizeof parts / sizeof parts[0])]();
  return 0;
}
