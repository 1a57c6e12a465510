/* Mutex, reader-writer mutex, wait group, once, condition and semaphore under contention. */
#include "check.h"

enum { MANY = 50, ROUNDS = 500 };

static gw_mutex mu;
static long counter;
static int inside;

static void hammer(gw_waitgroup *w) {
  for (int i = 0; i < ROUNDS; i++) {
    gw_mutex_lock(&mu);
    CHECK(inside++ == 0);
    counter++;
    if (i % 16 == 0) gw_yield();
    inside--;
    gw_mutex_unlock(&mu);
    if (i % 64 == 0) gw_yield();
  }
  gw_waitgroup_done(w);
}

static void mutex_excludes(void) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, MANY);
  for (int i = 0; i < MANY; i++) gw_go(hammer, &w);
  gw_waitgroup_wait(&w);
  CHECK(counter == MANY * ROUNDS);
  CHECK(gw_mutex_try_lock(&mu) && !gw_mutex_try_lock(&mu));
  gw_mutex_unlock(&mu);
}

/* One goroutine takes the lock again as soon as it has given it up; the other gets it all the same (starvation mode).
 */
static void hog(bool *stop, gw_waitgroup *w) {
  for (;;) {
    gw_mutex_lock(&mu);
    int64_t until = gw_now() + 200 * GW_US;
    while (gw_now() < until) continue;
    bool end = *stop;
    gw_mutex_unlock(&mu);
    if (end) break;
  }
  gw_waitgroup_done(w);
}

static void nobody_starves(void) {
  gw_waitgroup w = {0};
  bool stop = false;
  gw_waitgroup_add(&w, 1);
  gw_go(hog, &stop, &w);
  for (int i = 0; i < 10; i++) {
    gw_sleep(100 * GW_US);
    int64_t start = gw_now();
    gw_mutex_lock(&mu);
    CHECK(gw_now() - start < 20 * GW_S);
    if (i == 9) stop = true;
    gw_mutex_unlock(&mu);
  }
  gw_waitgroup_wait(&w);
}

static gw_rwmutex rw;
static int readers_in, writer_in; /* atomic */

static void read_often(gw_waitgroup *w) {
  for (int i = 0; i < ROUNDS; i++) {
    gw_rwmutex_rlock(&rw);
    __atomic_add_fetch(&readers_in, 1, __ATOMIC_RELAXED);
    CHECK(__atomic_load_n(&writer_in, __ATOMIC_RELAXED) == 0);
    gw_yield();
    __atomic_sub_fetch(&readers_in, 1, __ATOMIC_RELAXED);
    gw_rwmutex_runlock(&rw);
  }
  gw_waitgroup_done(w);
}

static void write_often(gw_waitgroup *w) {
  for (int i = 0; i < ROUNDS / 5; i++) {
    gw_rwmutex_lock(&rw);
    CHECK(__atomic_add_fetch(&writer_in, 1, __ATOMIC_RELAXED) == 1);
    CHECK(__atomic_load_n(&readers_in, __ATOMIC_RELAXED) == 0);
    gw_yield();
    __atomic_sub_fetch(&writer_in, 1, __ATOMIC_RELAXED);
    gw_rwmutex_unlock(&rw);
  }
  gw_waitgroup_done(w);
}

static void rwmutex_excludes(void) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, 20);
  for (int i = 0; i < 16; i++) gw_go(read_often, &w);
  for (int i = 0; i < 4; i++) gw_go(write_often, &w);
  gw_waitgroup_wait(&w);
  CHECK(gw_rwmutex_try_rlock(&rw) && gw_rwmutex_try_rlock(&rw) && !gw_rwmutex_try_lock(&rw));
  gw_rwmutex_runlock(&rw);
  gw_rwmutex_runlock(&rw);
  CHECK(gw_rwmutex_try_lock(&rw) && !gw_rwmutex_try_rlock(&rw) && !gw_rwmutex_try_lock(&rw));
  gw_rwmutex_unlock(&rw);
}

static void read_and_tell(gw_chan(int) in, gw_chan(int) leave) {
  gw_rwmutex_rlock(&rw);
  gw_send(in, 1);
  gw_recv(leave);
  gw_rwmutex_runlock(&rw);
}

static void readers_share(void) {
  gw_chan(int) in = gw_make(int, 0), leave = gw_make(int, 0);
  for (int i = 0; i < 10; i++) gw_go(read_and_tell, in, leave);
  for (int i = 0; i < 10; i++) gw_recv(in); /* all are in at once */
  gw_close(leave);
}

static void write_once(gw_chan(int) done) {
  gw_rwmutex_lock(&rw);
  gw_rwmutex_unlock(&rw);
  gw_send(done, 1);
}

static void waiting_writer_stops_readers(void) {
  gw_chan(int) done = gw_make(int, 1);
  gw_rwmutex_rlock(&rw);
  gw_go(write_once, done);
  while (gw_rwmutex_try_rlock(&rw)) { /* until the writer waits */
    gw_rwmutex_runlock(&rw);
    gw_yield();
  }
  CHECK(gw_len(done) == 0);
  gw_rwmutex_runlock(&rw);
  gw_recv(done);
}

static gw_once once = {0}, bad_once = {0};
static int ran;
static void run_once(int n) {
  gw_yield();
  ran += n;
}
static void call_once(gw_waitgroup *w) {
  gw_once_do(&once, run_once, 3);
  CHECK(ran == 3);
  gw_waitgroup_done(w);
}
static void fail(void) { gw_panic("in once"); }
static void once_fails(void) { gw_once_do(&bad_once, fail); }

static void once_is_once(void) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, MANY);
  for (int i = 0; i < MANY; i++) gw_go(call_once, &w);
  gw_waitgroup_wait(&w);
  CHECK(ran == 3);
  CHECK(!gw_try(NULL, once_fails));
  CHECK(gw_try(NULL, once_fails)); /* a panic counts as done */
}

static gw_cond cond = GW_COND_INIT(&mu);
static int waiting, order[MANY], ordered;

static void wait_turn(int n, gw_waitgroup *w) {
  gw_mutex_lock(&mu);
  waiting++;
  gw_cond_wait(&cond);
  order[ordered++] = n;
  gw_mutex_unlock(&mu);
  gw_waitgroup_done(w);
}

static void start_waiters(gw_waitgroup *w) {
  for (int i = 0; i < MANY; i++) {
    gw_waitgroup_add(w, 1);
    gw_go(wait_turn, i, w);
    for (bool in = false; !in; gw_yield()) {
      gw_mutex_lock(&mu);
      in = waiting == i + 1;
      gw_mutex_unlock(&mu);
    }
  }
}

static void cond_is_fifo(void) {
  gw_waitgroup w = {0};
  gw_cond_signal(&cond); /* nobody waits: nothing */
  start_waiters(&w);
  for (int i = 0; i < MANY; i++) {
    gw_cond_signal(&cond);
    for (bool out = false; !out; gw_yield()) {
      gw_mutex_lock(&mu);
      CHECK(ordered <= i + 1);
      out = ordered == i + 1;
      gw_mutex_unlock(&mu);
    }
    CHECK(order[i] == i);
  }
  gw_waitgroup_wait(&w);
  waiting = ordered = 0;
  start_waiters(&w);
  gw_cond_broadcast(&cond);
  gw_waitgroup_wait(&w);
  CHECK(ordered == MANY);
}

static gw_sema sema;
static int held; /* atomic */
static void hold(int n, gw_waitgroup *w) {
  for (int i = 0; i < 100; i++) {
    gw_sema_acquire(&sema, n);
    CHECK(__atomic_add_fetch(&held, n, __ATOMIC_RELAXED) <= 7);
    gw_yield();
    __atomic_sub_fetch(&held, n, __ATOMIC_RELAXED);
    gw_sema_release(&sema, n);
  }
  gw_waitgroup_done(w);
}

static void sema_is_weighted(void) {
  gw_waitgroup w = {0};
  gw_sema_init(&sema, 7);
  gw_waitgroup_add(&w, 21);
  for (int i = 0; i < 21; i++) gw_go(hold, i % 7 + 1, &w);
  gw_waitgroup_wait(&w);
  CHECK(gw_sema_try_acquire(&sema, 7) && !gw_sema_try_acquire(&sema, 1));
  gw_sema_release(&sema, 7);
}

static void leave(int how) {
  if (how == 0) gw_goexit();
  gw_panic_info info;
  if (how == 1) CHECK(!gw_try(&info, fail));
}

static void waitgroups(void) {
  gw_waitgroup w = {0};
  gw_waitgroup_wait(&w); /* zero: at once */
  for (int i = 0; i < MANY; i++) gw_waitgroup_go(&w, leave, i % 3);
  gw_waitgroup_wait(&w);
  for (int i = 0; i < 100; i++) { /* used again */
    gw_waitgroup_go(&w, leave, 2);
    gw_waitgroup_wait(&w);
  }
}

int main(void) {
  mutex_excludes();
  nobody_starves();
  rwmutex_excludes();
  readers_share();
  waiting_writer_stops_readers();
  once_is_once();
  cond_is_fifo();
  sema_is_weighted();
  waitgroups();
  return 0;
}
